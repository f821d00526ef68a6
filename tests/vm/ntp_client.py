"""An NTP client on a UDP socket, with the kernel's time stamp of each arrival. Times are compared as 64-bit NTP
timestamps, so nothing is rounded and no era is assumed.
"""

import dataclasses
import itertools
import socket
import struct
import time

UNIX_TO_NTP = 2_208_988_800
ERA_END = 2**32 - UNIX_TO_NTP  # 2036-02-07 06:28:16 UTC, in seconds since 1970
NANOSECONDS = 10**9
SO_TIMESTAMPNS = 35
_serial = itertools.count(1)


def timestamp(nanoseconds):
    """The NTP timestamp of a CLOCK_REALTIME reading."""
    return ((nanoseconds + UNIX_TO_NTP * NANOSECONDS << 32) // NANOSECONDS) & 2**64 - 1


def difference(left, right):
    """left - right of two NTP timestamps, in seconds."""
    return ((left - right + 2**63 & 2**64 - 1) - 2**63) / 2**32


@dataclasses.dataclass
class Answer:
    """A reply, with CLOCK_REALTIME in ns before its request was sent and at its arrival, and the monotonic clock
    in seconds at the sending.
    """

    asked: float
    before: int
    arrival: int
    leap: int
    stratum: int
    root_delay: float
    root_dispersion: float
    receive: int
    transmit: int

    @property
    def synchronised(self):
        return self.leap != 3 and 1 <= self.stratum <= 15

    def error(self, offset):
        """(least, most) that the served time can be off from CLOCK_REALTIME + offset; all in seconds. The
        offset may be a function of the monotonic clock.
        """
        offset = offset(self.asked) if callable(offset) else offset
        return (difference(self.transmit, timestamp(self.arrival)) - offset,
                difference(self.receive, timestamp(self.before)) - offset)

    def agrees(self, offset):
        """The served time can be CLOCK_REALTIME + offset within the error that the reply admits."""
        least, most = self.error(offset)
        bound = self.root_dispersion + self.root_delay / 2
        return least <= bound and most >= -bound


class NtpClient:
    def __init__(self, server):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.connect((server, 123))

    def ask(self, seconds=1.0):
        """Sends a request; the Answer, or None when none comes in time."""
        mark = next(_serial) * 0x9E3779B97F4A7C15 & 2**64 - 1
        asked, before = time.monotonic(), time.time_ns()
        try:
            self.socket.send(struct.pack("!B39xQ", 0x23, mark))
            while (left := asked + seconds - time.monotonic()) > 0:
                self.socket.settimeout(left)
                data, extra, _, _ = self.socket.recvmsg(1024, 256)
                if len(data) < 48 or struct.unpack_from("!Q", data, 24) != (mark,):
                    continue
                second, nanosecond = struct.unpack("=qq", extra[0][2][:16])
                first, stratum, delay, dispersion = struct.unpack_from("!BB2xII", data)
                return Answer(asked, before, second * NANOSECONDS + nanosecond, first >> 6, stratum,
                              delay / 65536, dispersion / 65536, *struct.unpack_from("!QQ", data, 32))
        except OSError:  # no answer in time, or the server's end is not there yet
            pass
        return None
