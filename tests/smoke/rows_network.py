"""Rows about everything below NTP: Ethernet, VLAN, IP and UDP."""

import struct

import frames
from frames import IPV4, IPV6, VLAN
from lab import CLIENT4, CLIENT6, SERVER4, SERVER6
from rows import both, row

TRUNCATED, TAG, STATION, ETHER_TYPE = "drop_truncated", "drop_vlan", "drop_station", "drop_ether_type"
HEADER, SUM, ROUTE, FRAGMENT = "drop_ip_header", "drop_ip_checksum", "drop_source_route", "drop_fragment"
EXTENSION, TARGET, SOURCE = "drop_ipv6_extension", "drop_destination", "drop_source"
PROTOCOL, LENGTH, PORT = "drop_protocol", "drop_udp_length", "drop_port"
SOURCE_PORT, UDP_SUM = "drop_source_port", "drop_udp_checksum"
DENIED = (7, 17, 19, 53, 111, 389, 1900, 11211)


def ports():
    rows = []
    for port in (1, 8, 80, 122, 124, 319, 1023, 1024, 4460, 33434, 65535):
        rows += both(f"source port {port}", port=port)
    for port in (0, *DENIED):
        rows += both(f"source port {port}", SOURCE_PORT, port=port)
    for port in (0, 122, 124, 319, 323, 4460, 65535):
        rows += both(f"destination port {port}", PORT, target_port=port)
    return rows


def addresses():
    rows = []
    group, everyone = "01:00:5e:00:01:01", "ff:ff:ff:ff:ff:ff"
    for target, mac in (("198.18.0.255", everyone), ("255.255.255.255", everyone), ("224.0.1.1", group),
                        (SERVER4, everyone), (SERVER4, group), (SERVER4, "02:00:00:00:00:77")):
        rows.append(row(f"to {target} at {mac}", STATION, target=target, target_mac=mac))
    for target, mac in (("ff02::101", "33:33:00:00:01:01"), (SERVER6, "33:33:00:00:01:01"),
                        (SERVER6, everyone), (SERVER6, "02:00:00:00:00:77")):
        rows.append(row(f"to {target} at {mac}", STATION, family=6, target=target, target_mac=mac))
    for target in ("198.18.0.3", "198.18.0.255", "255.255.255.255", "224.0.1.1", "127.0.0.1", "0.0.0.0"):
        rows.append(row(f"to {target} at our MAC address", TARGET, target=target))
    for target in ("2001:db8::3", "ff02::101", "::1", "::"):
        rows.append(row(f"to {target} at our MAC address", TARGET, family=6, target=target))
    for source in ("0.0.0.0", "127.0.0.1", "127.255.0.1", "224.0.0.5", "239.255.255.255", "240.0.0.1",
                   "198.18.0.255", "255.255.255.255", SERVER4):
        rows.append(row(f"from {source}", SOURCE, source=source))
    for source in ("::", "::1", "ff02::1", "ff0e::1", "::ffff:198.18.0.2", SERVER6):
        rows.append(row(f"from {source}", SOURCE, family=6, source=source))
    for source in ("192.0.2.77", "10.1.2.3", "223.255.255.254"):
        rows.append(row(f"from {source}", source=source))
    for source in ("fe80::2", "fd00::2", "2600::1"):
        rows.append(row(f"from {source}", family=6, source=source))
    return rows


def checksums():
    half4 = frames.checksum(frames.pseudo_header(CLIENT4, SERVER4, 56)) ^ 0xFFFF
    half6 = frames.checksum(frames.pseudo_header(CLIENT6, SERVER6, 56)) ^ 0xFFFF
    return [
        row("IPv4, no UDP checksum", udp={"value": 0}),
        row("IPv6, no UDP checksum", UDP_SUM, family=6, udp={"value": 0}),
        row("partial UDP checksum of a local sender, IPv4", udp={"value": half4}),
        row("partial UDP checksum of a local sender, IPv6", family=6, udp={"value": half6}),
        *both("UDP checksum one bit wrong", UDP_SUM, udp={"xor": 1}),
        *both("UDP checksum wrong", UDP_SUM, udp={"xor": 0x5A5A}),
        row("wrong IPv4 checksum", SUM, ip={"wrong_checksum": True}),
    ]


def ipv4_header():
    rows = []
    for name, options in {"NOP": b"\1" * 4, "end of list": bytes(4), "router alert": b"\x94\4\0\0",
                          "record route": b"\7\7\4" + bytes(4) + b"\0",
                          "timestamp": b"\x44\x08\5\0" + bytes(4), "40 octets of NOP": b"\1" * 40}.items():
        rows.append(row(f"option {name}", ip={"options": options}))
    for name, options in {"loose source route": b"\x83\7\4" + bytes(4) + b"\0",
                          "strict source route": b"\x89\7\4" + bytes(4) + b"\0",
                          "used up source route": b"\x83\7\x08" + bytes(4) + b"\0"}.items():
        rows.append(row(f"option {name}", ROUTE, ip={"options": options}))
    for name, options in {"length 0": b"\7\0\0\0", "length 1": b"\7\1\0\0", "length beyond": b"\7\x0b\4\0",
                          "no length": b"\1\1\1\7"}.items():
        rows.append(row(f"option with {name}", HEADER, ip={"options": options}))
    for name, settings in {
            "TTL 0": {"ttl": 0}, "TTL 1": {"ttl": 1}, "TTL 255": {"ttl": 255}, "TOS 0xff": {"tos": 0xFF},
            "ECN 1": {"tos": 1}, "ECN 2": {"tos": 2}, "ECN 3": {"tos": 3}, "DSCP 46": {"tos": 46 << 2},
            "DF off": {"flags": 0}, "reserved flag": {"flags": 0x8000}, "identification 0": {"identification": 0},
            "identification 65535": {"identification": 65535}}.items():
        rows.append(row(name, ip=settings))
    for name, flags in {"first fragment": 0x2000, "last fragment": 1, "middle fragment": 0x2001}.items():
        rows.append(row(name, FRAGMENT, ip={"flags": flags}))
    for name, settings in {"version 6": {"version": 6}, "version 0": {"version": 0}, "5 words less one": {"words": 4},
                           "0 words": {"words": 0}, "length 0": {"length": 0}, "length 19": {"length": 19},
                           "length beyond the frame": {"length": 77}, "length 65535": {"length": 65535}}.items():
        rows.append(row(f"IPv4 header: {name}", HEADER, ip=settings))
    rows.append(row("IPv4 length 27", LENGTH, ip={"length": 27}))
    rows.append(row("TCP to port 123", PROTOCOL, ip={"protocol": 6}))
    return rows


def ipv6_header():
    def options(kind, body):
        return bytes([17, (2 + len(body)) // 8 - 1]) + body if kind != 43 else body

    padded, long_padded = b"\1\4" + bytes(4), b"\1\x0c" + bytes(12)
    rows = []
    for name, kind in {"hop-by-hop options": 0, "destination options": 60}.items():
        rows.append(row(f"{name}, PadN", family=6, before=options(kind, padded), before_kind=kind))
        rows.append(row(f"{name}, 16 octets of PadN", family=6, before=options(kind, long_padded),
                        before_kind=kind))
        rows.append(row(f"{name}, Pad1", family=6, before=options(kind, bytes(6)), before_kind=kind))
        for action in (0x40, 0x80, 0xC0):
            rows.append(row(f"{name}, option {action:#x} that says discard", EXTENSION, family=6,
                            before=options(kind, bytes([action | 0x1E, 4]) + bytes(4)), before_kind=kind))
    both_kinds = bytes([60, 0]) + padded + bytes([17, 0]) + padded
    rows.append(row("hop-by-hop and destination options", family=6, before=both_kinds, before_kind=0))
    routed = struct.pack("!BBBBI", 17, 2, 0, 1, 0) + bytes(16)
    rows.append(row("routing header with a segment left", EXTENSION, family=6, before=routed, before_kind=43))
    rows.append(row("atomic fragment", family=6, before=struct.pack("!BBHI", 17, 0, 0, 99), before_kind=44))
    for name, word in {"first fragment": 1, "last fragment": 8, "middle fragment": 9}.items():
        rows.append(row(f"IPv6 {name}", FRAGMENT, family=6, before=struct.pack("!BBHI", 17, 0, word, 99),
                        before_kind=44))
    for name, settings in {"hop limit 0": {"hop_limit": 0}, "hop limit 1": {"hop_limit": 1},
                           "traffic class 0xff": {"traffic_class": 0xFF}, "flow label": {"flow": 0xFFFFF}}.items():
        rows.append(row(f"IPv6 {name}", family=6, ip=settings))
    for name, settings in {"version 4": {"version": 4}, "version 0": {"version": 0},
                           "length beyond the frame": {"length": 57}, "length 65535": {"length": 65535}}.items():
        rows.append(row(f"IPv6 header: {name}", HEADER, family=6, ip=settings))
    rows.append(row("IPv6 length 7", LENGTH, family=6, ip={"length": 7}))
    rows.append(row("IPv6, TCP to port 123", PROTOCOL, family=6, ip={"next_header": 6}))
    rows.append(row("IPv6, no next header", PROTOCOL, family=6, ip={"next_header": 59}))
    return rows


def udp_length():
    rows = []
    for name, length in {"0": 0, "7": 7, "8": 8, "beyond IP": 57, "65535": 65535}.items():
        rows += both(f"UDP length {name}", LENGTH, udp={"length": length, "value": 0x1234})
    rows += both("UDP without payload", LENGTH, b"")
    rows += both("UDP length shorter than the IP payload", behind=bytes(range(16)))
    for octets in (1, 4, 18, 400):
        rows += both(f"{octets} octets of Ethernet trailer", trailer=b"\xa5" * octets)
    return rows


def ethernet():
    rows = both("ether type of IEEE 1588", ETHER_TYPE, ether_type=0x88F7)
    rows += [row("ether type of IPv6 before IPv4", HEADER, ether_type=IPV6),
             row("ether type of IPv4 before IPv6", HEADER, family=6, ether_type=IPV4)]
    return rows


def vlan():
    """For a port with VLAN 100 configured."""
    rows = both("untagged")
    for name, tci in {"priority tag": 0, "priority tag, priority 7": 7 << 13, "tag 100": 100,
                      "tag 100, priority 5": 5 << 13 | 100}.items():
        rows += both(name, tags=((VLAN, tci),))
    for tag in (1, 99, 101, 4095):
        rows += both(f"tag {tag}", TAG, tags=((VLAN, tag),))
    for outer in (VLAN, 0x88A8):
        rows += both(f"two tags of {outer:#x} not configured", TAG, tags=((outer, 200), (VLAN, 300)))
    rows += both("three tags", TAG, tags=((VLAN, 100), (VLAN, 100), (VLAN, 100)))
    return rows


def all_rows():
    return (ports() + addresses() + checksums() + ipv4_header() + ipv6_header() + udp_length() + ethernet()
            + vlan())
