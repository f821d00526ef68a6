"""PTP hardware clocks of the kernel, read through the ioctls of <linux/ptp_clock.h>. All times in ns."""

import dataclasses
import fcntl
import os
import pathlib
import struct
import time

MOST_SAMPLES = 25
READ, WRITE = 2, 1


def _request(direction, number, size):
    return direction << 30 | size << 16 | ord("=") << 8 | number


def _nanoseconds(values):
    return [second * 10**9 + rest for second, rest in zip(values[::2], values[1::2])]


_OFFSET = struct.Struct(f"=I12x{(2 * MOST_SAMPLES + 1) * 'qI4x'}")
_EXTENDED = struct.Struct(f"=I12x{3 * MOST_SAMPLES * 'qI4x'}")
_PRECISE = struct.Struct("=qI4xqI4xqI4x16x")


@dataclasses.dataclass
class Reading:
    """A reading of the device between two of CLOCK_REALTIME."""

    before: int
    device: int
    after: int


def names():
    """Clock name by device path of all PHCs."""
    return {pathlib.Path("/dev", path.name): (path / "clock_name").read_text().strip()
            for path in pathlib.Path("/sys/class/ptp").glob("ptp*")}


def find(name, seconds=3):
    """Path of the PHC with that clock name; waits for it to appear."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path, clock_name in names().items():
            if clock_name == name and path.exists():
                return path
        time.sleep(0.05)
    raise RuntimeError(f"there is no PHC {name} in {names()}")


class Phc:
    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDWR)

    def close(self):
        os.close(self.descriptor)

    def _ioctl(self, direction, number, layout, samples=0):
        """The values of the structure, of which only the first can be set."""
        data = bytearray(layout.size)
        struct.pack_into("=I", data, 0, samples)
        fcntl.ioctl(self.descriptor, _request(direction, number, layout.size), data)
        return layout.unpack(data)

    def extended(self, samples=1):
        _, *values = self._ioctl(READ | WRITE, 9, _EXTENDED, samples)
        times = _nanoseconds(values)
        return [Reading(*times[at:at + 3]) for at in range(0, 3 * samples, 3)]

    def basic(self, samples=1):
        _, *values = self._ioctl(WRITE, 5, _OFFSET, samples)
        times = _nanoseconds(values)
        return [Reading(*times[at:at + 3]) for at in range(0, 2 * samples, 2)]

    def precise(self):
        """(device, CLOCK_REALTIME, CLOCK_MONOTONIC_RAW) of the same instant."""
        return _nanoseconds(self._ioctl(READ | WRITE, 8, _PRECISE))

    def ahead(self):
        """Device - CLOCK_REALTIME in s, of the narrowest reading."""
        best = min(self.extended(MOST_SAMPLES), key=lambda reading: reading.after - reading.before)
        return (2 * best.device - best.before - best.after) / 2 * 1e-9
