#!/usr/bin/python3 -B
"""What the benchmark scripts calculate: quantiles, the comparison with recorded figures, changed requests, plots."""

import pathlib
import struct
import sys
import tempfile
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts/lib"))
import bench_report  # noqa: E402
import histogram  # noqa: E402
import request_frames  # noqa: E402
import svg_plot  # noqa: E402


class Histogram(unittest.TestCase):
    def test_ends_of_steps_are_those_of_residence_h(self):
        for floor, end in ((0, 1), (7, 8), (15, 16), (16, 18), (30, 32), (960, 1024), (1920, 2048), (49152, 53248)):
            self.assertEqual(histogram.end_of(floor), end)

    def test_a_quantile_is_the_end_of_its_step(self):
        steps = [(1920, 10), (960, 989), (49152, 1)]
        for share, expected in ((0.5, 1024), (0.989, 1024), (0.99, 2048), (0.999, 2048), (1, 53248)):
            self.assertEqual(histogram.quantile(steps, share), expected)
        self.assertIsNone(histogram.quantile([], 0.5))


class Comparison(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(setattr, bench_report, "RECORDED", bench_report.RECORDED)
        bench_report.RECORDED = pathlib.Path(self.folder.name) / "recorded.json"

    @staticmethod
    def result(ratio=0.8, instructions=180.0, cpu="one"):
        return {"machine": {"cpu": cpu}, "ratio_chronyd": {"plain": 100, "nts": 10},
                "plain": {"pcap_ratio_5tswap": ratio, "pcap_ratio_5tswap_v6": 0.7, "instructions_v4": instructions,
                          "instructions_v6": 181}}

    def test_nothing_recorded_is_a_fault(self):
        self.assertEqual(len(bench_report.compare(self.result())[0]), 1)

    def test_a_tenth_is_tolerated(self):
        bench_report.record(self.result())
        for same in (self.result(), self.result(ratio=0.73), self.result(instructions=199)):
            self.assertEqual(bench_report.compare(same), ([], []))

    def test_what_is_worse_is_named(self):
        bench_report.record(self.result())
        for bad, key in ((self.result(ratio=0.71), "plain.pcap_ratio_5tswap"),
                         (self.result(instructions=201), "plain.instructions_v4")):
            worse, _ = bench_report.compare(bad)
            self.assertEqual([words.split(":")[0] for words in worse], [key])

    def test_what_is_better_or_from_elsewhere_is_remarked(self):
        bench_report.record(self.result())
        worse, remarks = bench_report.compare(self.result(ratio=0.95, cpu="other"))
        self.assertEqual((worse, len(remarks)), ([], 2))

    def test_a_key_that_is_missing_is_not_taken_for_good(self):
        bench_report.record(self.result())
        result = self.result()
        del result["plain"]["instructions_v6"]
        self.assertIn("not compared", bench_report.compare(result)[1][0])


def request(ipv6=False, ntp=bytes([0x23]) + bytes(47)):
    """A request from 198.19.0.1 or 2001:db8::2."""
    udp = struct.pack(">HHHH", 20000, 123, 8 + len(ntp), 0) + ntp
    if ipv6:
        ip = struct.pack(">IHBB", 0x60000000, len(udp), 17, 64) + bytes.fromhex("20010db8" + 23 * "0" + "2" + "20010db8" +
                                                                               23 * "0" + "1")
    else:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + bytes([198, 19, 0, 1, 198, 18, 0, 1])
    return request_frames.finish(bytearray(bytes(12) + (b"\x86\xdd" if ipv6 else b"\x08\x00") + ip + udp))


def udp_sum(frame):
    """0 where the UDP checksum is right."""
    at = request_frames.udp_at(frame)
    addresses = frame[22:54] if request_frames.is_ipv6(frame) else frame[26:34]
    return request_frames.checksum(bytes(addresses) + struct.pack(">HH", 17, len(frame) - at) + bytes(frame[at:]))


class Frames(unittest.TestCase):
    def test_readdressed_requests_are_whole(self):
        for ipv6 in (False, True):
            frame = request_frames.readdressed(request(ipv6), "02:00:00:00:00:09", "10.2.0.1", "fd00::1")
            self.assertEqual(frame[:6].hex(), "020000000009")
            self.assertEqual(udp_sum(frame), 0)
            if ipv6:
                self.assertEqual(frame[22:30].hex(), "fd00000000000000")
            else:
                self.assertEqual((bytes(frame[26:34]), request_frames.checksum(frame[14:34])),
                                 (bytes([10, 3, 0, 1, 10, 2, 0, 1]), 0))

    def test_forged_cookies_keep_key_and_length(self):
        cookie = struct.pack(">HH", 0x204, 104) + bytes(range(100))
        frame = request(ntp=bytes([0x23]) + bytes(47) + cookie)
        before = bytes(frame)
        request_frames.forged(frame, request_frames.random.Random(1))
        at, length = request_frames.cookie_at(frame)
        self.assertEqual((length, len(frame), udp_sum(frame)), (100, len(before), 0))
        self.assertEqual(frame[at:at + 20], before[at:at + 20])
        self.assertNotEqual(frame[at + 20:at + length], before[at + 20:at + length])

    def test_malformed_ones_have_right_sums_but_those_meant_to_be_wrong(self):
        frames = request_frames.malformed([request(i % 2 == 0) for i in range(2 * len(request_frames.MALFORMED))])
        wrong = [i for i, frame in enumerate(frames) if udp_sum(frame) != 0]
        last = len(request_frames.MALFORMED) - 1
        self.assertEqual(wrong, [last, 2 * last + 1])

    def test_captures_are_read_as_they_were_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "frames.pcap"
            request_frames.write_capture(path, [request(), request(True)])
            self.assertEqual(request_frames.read_capture(path), [request(), request(True)])
            path.write_bytes(bytes(24))
            self.assertRaises(ValueError, request_frames.read_capture, path)


class Plots(unittest.TestCase):
    def test_both_are_xml_with_every_name(self):
        for plot in (svg_plot.lines("t", "us", {"a & b": [(1, 90), (10, 9), (100, 1)], "c": [(2, 5)]}),
                     svg_plot.bars("t", {"a & b": 35.2, "c": 0.006})):
            words = [element.text for element in xml.etree.ElementTree.fromstring(plot).iter()]
            self.assertIn("a & b", words)
            self.assertIn("c", words)

    def test_the_share_beyond_a_value_counts_its_own_step(self):
        self.assertEqual(svg_plot.beyond([(1, 90), (100, 1), (10, 9)]), [(1, 1.0), (10, 0.1), (100, 0.01)])


if __name__ == "__main__":
    unittest.main()
