"""The devices that the other cases build on behave as those say: the mock PHC with its faults, and the
PHC of QEMU's e1000e, which never ticks.
"""

import errno
import time

import mock_phc
import phc
from phc import Phc

OFFSET = 250_000_000
# A read lies between its two stamps, but each of the three was rounded on its own.
ROUNDING = 10


def errors_of(reads):
    """Readings against what the device should say: (least, most) possible error in ns of each."""
    return [(read.device - OFFSET - read.after, read.device - OFFSET - read.before) for read in reads]


def fails_with(read):
    """The errno of a read that fails, or 0."""
    try:
        read()
    except OSError as error:
        return error.errno
    return 0


def test_mock_phc(lab):
    """All three requests tell the same time, and the rate, the step and the delay are those set."""
    device = Phc(lab.load_phc(offset_ns=OFFSET, precise=1))
    reads = [read for _ in range(20) for read in device.extended(10)]
    lab.check("extended: every reading lies in its window",
              all(least <= ROUNDING and most >= -ROUNDING for least, most in errors_of(reads)),
              f"{errors_of(reads)[:3]}")
    lab.check("basic: the same", all(least <= ROUNDING and most >= -ROUNDING
                                     for least, most in errors_of(device.basic(25))))
    shown, realtime, _ = device.precise()
    lab.check("precise: exact", abs(shown - OFFSET - realtime) <= ROUNDING, f"{shown - OFFSET - realtime} ns")

    with mock_phc.fault("read_delay_ns", 20_000):
        least = min(read.after - read.before for read in device.extended(25))
        lab.check("a delayed read has a wide window", 20_000 <= least < 200_000, f"{least} ns")
    with mock_phc.fault("jitter_ns", 5_000):
        noise = [shown - OFFSET - realtime for shown, realtime, _ in (device.precise() for _ in range(200))]
        lab.check("jitter is as wide as said", 3_000 < max(noise) <= 5_010 and -3_000 > min(noise) >= -5_010,
                  f"{min(noise)} to {max(noise)} ns")

    with mock_phc.fault("drift_ppb", 50_000):
        first = device.precise()
        time.sleep(1)
        second = device.precise()
    gained = (second[0] - first[0]) - (second[2] - first[2])
    expected = (second[2] - first[2]) * 50e-6
    lab.check("drift", abs(gained - expected) < 100, f"{gained} ns, expected {expected:.0f}")
    before, _, raw_before = device.precise()
    mock_phc.put("step_ns", -1_000_000)
    after, _, raw_after = device.precise()
    step = (after - before) - (raw_after - raw_before)
    lab.check("step", abs(step + 1_000_000) <= ROUNDING, f"{step} ns")


def test_mock_phc_faults(lab):
    device = Phc(lab.load_phc(offset_ns=OFFSET))
    lab.check("no PRECISE unless asked for", fails_with(device.precise) == errno.EOPNOTSUPP)
    for number in (errno.EIO, errno.EBUSY):
        with mock_phc.fault("error", number):
            lab.check(f"{errno.errorcode[number]}", fails_with(device.extended) == number)
    lab.check("and then none", fails_with(device.extended) == 0)

    with mock_phc.fault("quota", 125):
        count = mock_phc.get("reads")
        good = sum(fails_with(device.extended) == 0 for _ in range(300))
        lab.check("a quota of 125 a second", 125 <= good <= 250 and mock_phc.get("reads") == count + 300,
                  f"{good} of 300")
    with mock_phc.fault("frozen", 1):
        first, = device.extended()
        time.sleep(0.2)
        second, = device.extended()
        lab.check("frozen", first.device == second.device)
    least, most = errors_of(device.extended())[0]
    lab.check("and right again after", least <= ROUNDING and most >= -ROUNDING, f"{least} to {most}")


def test_mock_phc_requests(lab):
    """A device that only has the oldest request."""
    device = Phc(lab.load_phc(offset_ns=OFFSET, extended=0))
    lab.check("no EXTENDED", fails_with(device.extended) == errno.EOPNOTSUPP)
    least, most = errors_of(device.basic())[0]
    lab.check("PTP_SYS_OFFSET", least <= ROUNDING and most >= -ROUNDING, f"{least} to {most}")


def test_mock_phc_unplugged(lab):
    """The device goes while it is open; the next one has another number as long as it is."""
    path = lab.load_phc()
    device = Phc(path)
    mock_phc.unload()
    lab.check("ENODEV", fails_with(device.extended) == errno.ENODEV)
    lab.check("the path is gone", not path.exists())
    second = lab.load_phc()
    lab.check("comes back under another name", second != path, f"{path}, {second}")
    lab.check("the open one stays dead", fails_with(device.extended) == errno.ENODEV)
    device.close()


def test_dead_phc(lab):
    """QEMU's e1000e has a PHC that stands still."""
    lab.run("modprobe", "e1000e")
    try:
        # The driver names its clock before it has copied its MAC address.
        device = Phc(phc.find("000000000000"))
        first, = device.extended()
        time.sleep(0.5)
        second, = device.extended()
        lab.check("it stands still", first.device == second.device, f"{first} {second}")
        device.close()
    finally:
        lab.run("rmmod", "e1000e")


def test_real_phc(lab):
    """The unit tests that need a real PHC."""
    lab.load_phc()
    code, out = lab.run(lab.build / "tests/unit/real_phc_test", check=False)
    lab.check("real_phc_test", code == 0, "" if code == 0 else out.replace("\n", " | ")[-600:])
