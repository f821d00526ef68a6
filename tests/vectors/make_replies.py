#!/usr/bin/python3
"""Prints replies.txt: requests and the replies that they get, frame by frame in hexadecimal.

The replies are put together here from the RFCs and not by Pollux, so that a change of a single octet shows.
"""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import frames  # noqa: E402

SERVER_MAC, CLIENT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:c1"
SERVER4, CLIENT4 = "192.0.2.1", "192.0.2.10"
SERVER6, CLIENT6 = "2001:db8::1", "2001:db8::10"
TRANSMIT = 0xE94B_D3F1_1234_5678

# The clock: what tests/support/known_clock.h publishes, with the precision of -32 that leaves no random bits.
NOW = 0xED00_1122_3344_5566
RECEIVED, SENT = NOW + 10_000, NOW + 20_000
HEADER = struct.pack("!bIII", -32, 0x0001_8203, 0x0000_A0B1, 0x7F7F_0101)
REFERENCE = NOW - 12_345


def message(version, mode, poll, tail=b""):
    """The reply of RFC 5905 figure 8 with stratum 3."""
    start = struct.pack("!BBB", version << 3 | mode, 3, poll)
    return start + HEADER + struct.pack("!QQQQ", REFERENCE, TRANSMIT, RECEIVED, SENT) + tail


def exchange(name, request, reply, *, ipv6=False, options=b"", extension=b"", first=17, tags=(), port=40_000):
    """One line: request of the client and reply of the server, in frames."""
    server, client = (SERVER6, CLIENT6) if ipv6 else (SERVER4, CLIENT4)
    asked = frames.udp(request, client, server, port)
    said = frames.udp(reply, server, client, 123, port)
    if ipv6:
        asked = frames.ipv6(extension + asked, client, server, next_header=first)
        said = frames.ipv6(said, server, client)
    else:
        asked = frames.ipv4(asked, client, server, options=options, identification=0x1234, tos=0xB8)
        said = frames.ipv4(said, server, client, identification=0)
    kind = frames.IPV6 if ipv6 else frames.IPV4
    asked = frames.ethernet(asked, CLIENT_MAC, SERVER_MAC, kind, tags)
    said = frames.ethernet(said, SERVER_MAC, CLIENT_MAC, kind, tags)
    print(name, asked.hex(), said.hex())


def main():
    """All exchanges."""
    print("# name, request, reply; written by make_replies.py")
    identifier = frames.field(0x0104, 36, bytes(range(1, 33)))
    unknown = frames.field(0x0F0F, 28)
    for ipv6 in (False, True):
        family = "ipv6" if ipv6 else "ipv4"
        for version in range(1, 5):
            exchange(f"{family}_v{version}", frames.ntp(version, 3, transmit=TRANSMIT),
                     message(version, 4, 6), ipv6=ipv6)
        exchange(f"{family}_symmetric", frames.ntp(3, 1, poll=10, transmit=TRANSMIT), message(3, 2, 10),
                 ipv6=ipv6, port=123)
        exchange(f"{family}_v1_mode0", frames.ntp(1, 0, transmit=TRANSMIT), message(1, 4, 6), ipv6=ipv6)
        exchange(f"{family}_negative_poll", frames.ntp(poll=-6, transmit=TRANSMIT), message(4, 4, 0xFA), ipv6=ipv6)
        exchange(f"{family}_identifier", frames.ntp(transmit=TRANSMIT, tail=unknown + identifier + unknown),
                 message(4, 4, 6, identifier), ipv6=ipv6)
        exchange(f"{family}_priority_tag", frames.ntp(transmit=TRANSMIT), message(4, 4, 6), ipv6=ipv6,
                 tags=((frames.VLAN, 0xE000),))
    exchange("ipv4_router_alert", frames.ntp(transmit=TRANSMIT), message(4, 4, 6), options=b"\x94\x04\0\0")
    exchange("ipv6_destination_options", frames.ntp(transmit=TRANSMIT), message(4, 4, 6), ipv6=True,
             extension=bytes((17, 0, 1, 4, 0, 0, 0, 0)), first=60)


if __name__ == "__main__":
    main()
