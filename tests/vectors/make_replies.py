#!/usr/bin/python3 -B
"""Prints replies.txt: requests and the replies that they get, frame by frame in hexadecimal.

The replies are put together here from the RFCs, by scapy and not by Pollux, so that a change of a single octet
shows.
"""

import pathlib
import sys

from scapy.layers import inet, inet6

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
import packets  # noqa: E402

SERVER_MAC, CLIENT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:c1"
SERVER4, CLIENT4 = "192.0.2.1", "192.0.2.10"
SERVER6, CLIENT6 = "2001:db8::1", "2001:db8::10"
TRANSMIT = 0xE94B_D3F1_1234_5678

# The clock: what tests/support/known_clock.h publishes, with the precision of -32 that leaves no random bits.
NOW = 0xED00_1122_3344_5566
RECEIVED, SENT = NOW + 10_000, NOW + 20_000
HEADER = {"stratum": 3, "precision": -32, "root_delay": 0x0001_8203, "root_dispersion": 0x0000_A0B1,
          "reference_id": b"\x7F\x7F\x01\x01", "reference": NOW - 12_345}


def message(version, mode, poll, tail=b""):
    """The reply of RFC 5905 figure 8 with stratum 3."""
    return packets.ntp(version, mode, poll=poll, origin=TRANSMIT, receive=RECEIVED, transmit=SENT, tail=tail,
                       **HEADER)


def exchange(name, request, reply, *, ipv6=False, tags=(), port=40_000, **settings):
    """One line: request of the client and reply of the server."""
    server, client = (SERVER6, CLIENT6) if ipv6 else (SERVER4, CLIENT4)
    odd, own = ({}, {}) if ipv6 else ({"id": 0x1234, "tos": 0xB8}, {"id": 0})
    odd |= settings.pop("ip", {})
    asked = packets.packet(request, client, server, port, ip=odd, **settings)
    said = packets.packet(reply, server, client, packets.NTP_PORT, port, ip=own)
    print(name, packets.frame(asked, CLIENT_MAC, SERVER_MAC, tags=tags).hex(),
          packets.frame(said, SERVER_MAC, CLIENT_MAC, tags=tags).hex())


def main():
    """All exchanges."""
    print("# name, request, reply; written by make_replies.py")
    identifier = packets.field(0x0104, 36, bytes(range(1, 33)))
    unknown = packets.field(0x0F0F, 28)
    for ipv6 in (False, True):
        family = "ipv6" if ipv6 else "ipv4"
        for version in range(1, 5):
            exchange(f"{family}_v{version}", packets.ntp(version, 3, transmit=TRANSMIT),
                     message(version, 4, 6), ipv6=ipv6)
        exchange(f"{family}_symmetric", packets.ntp(3, 1, poll=10, transmit=TRANSMIT), message(3, 2, 10),
                 ipv6=ipv6, port=123)
        exchange(f"{family}_v1_mode0", packets.ntp(1, 0, transmit=TRANSMIT), message(1, 4, 6), ipv6=ipv6)
        exchange(f"{family}_negative_poll", packets.ntp(poll=-6, transmit=TRANSMIT), message(4, 4, 0xFA), ipv6=ipv6)
        exchange(f"{family}_identifier", packets.ntp(transmit=TRANSMIT, tail=unknown + identifier + unknown),
                 message(4, 4, 6, identifier), ipv6=ipv6)
        exchange(f"{family}_priority_tag", packets.ntp(transmit=TRANSMIT), message(4, 4, 6), ipv6=ipv6,
                 tags=((packets.VLAN, 0xE000),))
    exchange("ipv4_router_alert", packets.ntp(transmit=TRANSMIT), message(4, 4, 6),
             ip={"options": [inet.IPOption_Router_Alert()]})
    exchange("ipv6_destination_options", packets.ntp(transmit=TRANSMIT), message(4, 4, 6), ipv6=True,
             before=inet6.IPv6ExtHdrDestOpt(options=[inet6.PadN(optdata=bytes(4))]))


if __name__ == "__main__":
    main()
