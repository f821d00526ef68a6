#!/usr/bin/python3 -B
"""An NTP server whose clock is SECONDS ahead of this host's, for tests of who is ahead of whom.

  tests/support/shifted_ntp.py ADDRESS PORT SECONDS
"""

import socket
import struct
import sys
import time

UNIX_TO_NTP = 2_208_988_800


def stamp(shift):
    nanoseconds = time.clock_gettime_ns(time.CLOCK_REALTIME) + round(shift * 1e9)
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return (seconds + UNIX_TO_NTP) % 2**32 << 32 | (rest << 32) // 1_000_000_000


def main():
    address, port, shift = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, port))
    while True:
        request, client = server.recvfrom(1024)
        received = stamp(shift)
        if len(request) < 48 or request[0] & 7 != 3:
            continue
        # Version of the request, mode 4, stratum 1, precision 2^-20 s, root dispersion 1 ms.
        head = struct.pack("!BBbbII4s", request[0] & 0x38 | 4, 1, 4, -20, 0, 66, b"TEST")
        head += struct.pack("!QQQ", received - (1 << 32), struct.unpack_from("!Q", request, 40)[0], received)
        server.sendto(head + struct.pack("!Q", stamp(shift)), client)


if __name__ == "__main__":
    main()
