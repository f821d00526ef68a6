"""The tables of requests: every row is one check, over both kernel drivers."""

import collections
import socket

import packets
import rows
import rows_network
import rows_ntp
from lab import DRIVERS, SERVER4, SERVER6, Wire, request, until

TABLES = {"ntp": rows_ntp.all_rows, "network": rows_network.all_rows}


def counters(lab):
    return collections.Counter({verdict["name"]: verdict["count"]
                                for verdict in lab.observe()["serverstats"]["verdicts"]})


def judge(row, answers):
    """What is wrong with all that came back for a row."""
    if answers is None:
        return ["no answer to the good request behind it"]
    if not row.answered:
        return [f"answered with {answer.data.hex()}" for answer in answers]
    if len(answers) != 1:
        return [f"{len(answers)} answers"]
    return rows.faults_of_reply(row, answers[0])


def reaches_xdp(frame):
    """Whether the XDP program hands the frame over, on a port whose addresses are Pollux's alone: it is IP to one
    of them, in a VLAN of ours.
    """
    kind, at = frame[12:14], 14
    for _ in range(2):
        if kind in (b"\x81\0", b"\x88\xa8"):
            if int.from_bytes(frame[at:at + 2], "big") & 0xFFF not in (0, 100):
                return False
            kind, at = frame[at + 2:at + 4], at + 4
    if kind == b"\x08\0":
        return len(frame) >= at + 20 and frame[at + 16:at + 20] == socket.inet_aton(SERVER4)
    return kind == b"\x86\xdd" and frame[at + 24:at + 40] == socket.inet_pton(socket.AF_INET6, SERVER6)


def test_packets(lab, driver=DRIVERS, table=tuple(TABLES)):
    wire = lab.serve(driver=driver, port="vlans = [100]")
    before, expected = counters(lab), collections.Counter()
    table = TABLES[table]()
    for row in table:
        faults = judge(row, wire.exchange(row.frame))
        lab.check(row.name, not faults, "; ".join(faults))
        expected.update((row.verdict, "reply_plain"))
        if driver == "af_xdp" and not reaches_xdp(row.frame):
            expected[row.verdict] -= 1  # the kernel's, and counted by nobody
        if driver == "af_packet" and row.verdict == "drop_fragment" and row.frame[12:14] == b"\x08\0":
            expected[row.verdict] -= 1  # its socket lets the kernel put IPv4 fragments together first
    grown = None

    def settled():
        nonlocal grown
        grown = +(counters(lab) - before)
        return grown == expected

    until(settled, 3)
    for verdict in sorted(expected | grown):
        # By row it would cost a status document each; so the whole table at once.
        lab.check(f"counter {verdict}", grown[verdict] == expected[verdict],
                  "" if grown[verdict] == expected[verdict] else
                  f"grew by {grown[verdict]}, the table says {expected[verdict]}")


def test_flood(lab, driver=DRIVERS):
    """200 requests at once from one address, over each family, are all answered once."""
    wire = lab.serve(driver=driver)
    for name, target in (("IPv4", SERVER4), ("IPv6", SERVER6)):
        messages = [packets.ntp() for _ in range(200)]
        requests = [request(message, target, 50000) for message in messages]
        for data in requests:
            wire.send(data)
        origins = collections.Counter()
        while data := wire.receive(1.0):
            answer = packets.Reply(data)
            if answer.message and not answer.faults and answer.target_port == 50000:
                origins[answer.message.origin.to_bytes(8, "big")] += 1
        asked = collections.Counter(message[40:48] for message in messages)
        lab.check(f"{name}: 200 at once", origins == asked, f"{origins.total()} answers")


def test_options(lab):
    """Settings of [ntp] that change answers: other port, DSCP, no symmetric mode, own list of ports."""
    lab.connect(client_addresses=False)
    lab.configure(top="[ntp]\nport = 1123\ndscp = 46\nsymmetric = false\ndeny_source_ports = [5000]")
    lab.start()
    wire = Wire()

    def answers(port, message=None, source_port=40000, target=SERVER4):
        message = message or packets.ntp()
        family = 6 if ":" in target else 4
        wire.send(rows.row("", message=message, port=source_port, target_port=port, family=family).frame)
        data = wire.receive(0.5)
        return packets.Reply(data) if data else None

    until(lambda: answers(1123), 5)
    for target in (SERVER4, SERVER6):
        reply = answers(1123, target=target)
        lab.check(f"answers on port 1123 of {target}", reply and reply.source_port == 1123)
        lab.check(f"with DSCP 46 from {target}", reply and reply.tos == 46 << 2)
    lab.check("silent on port 123", not answers(123))
    lab.check("silent to mode 1", not answers(1123, packets.ntp(mode=1)))
    lab.check("silent to port 5000", not answers(1123, source_port=5000))
    lab.check("answers port 53, now allowed", answers(1123, source_port=53))
