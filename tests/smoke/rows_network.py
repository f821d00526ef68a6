"""Rows about everything below NTP: Ethernet, VLAN, IP and UDP."""

from scapy.layers import inet, inet6
from scapy.packet import Raw
from scapy.utils import checksum

from lab import CLIENT4, CLIENT6, SERVER4, SERVER6
from packets import IPV4, IPV6, VLAN
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
    # A sender with checksum offload leaves the sum of the pseudo header, not complemented.
    half4 = checksum(inet.in4_pseudoheader(17, inet.IP(src=CLIENT4, dst=SERVER4), 56)) ^ 0xFFFF
    half6 = checksum(bytes(inet6.in6_pseudoheader(17, inet6.IPv6(src=CLIENT6, dst=SERVER6), 56))) ^ 0xFFFF
    return [
        row("IPv4, no UDP checksum", udp={"chksum": 0}),
        row("IPv6, no UDP checksum", UDP_SUM, family=6, udp={"chksum": 0}),
        row("partial UDP checksum of a local sender, IPv4", udp={"chksum": half4}),
        row("partial UDP checksum of a local sender, IPv6", family=6, udp={"chksum": half6}),
        *both("UDP checksum one bit wrong", UDP_SUM, spoil_udp=1),
        *both("UDP checksum wrong", UDP_SUM, spoil_udp=0x5A5A),
        row("wrong IPv4 checksum", SUM, spoil_ip=0x0101),
    ]


def ipv4_options():
    route = {"pointer": 4, "routers": ["0.0.0.0"]}
    nop, end = inet.IPOption_NOP(), inet.IPOption_EOL()
    rows = []
    for name, options in {"NOP": [nop] * 4, "end of list": [end] * 4,
                          "router alert": [inet.IPOption_Router_Alert()],
                          "record route": [inet.IPOption_RR(**route), end],
                          "timestamp": [inet.IPOption_Timestamp(pointer=5, flg=0, timestamp=0)],
                          "40 octets of NOP": [nop] * 40}.items():
        rows.append(row(f"option {name}", ip={"options": options}))
    for name, option in {"loose source route": inet.IPOption_LSRR(**route),
                         "strict source route": inet.IPOption_SSRR(**route),
                         "used up source route": inet.IPOption_LSRR(pointer=8, routers=["0.0.0.0"])}.items():
        rows.append(row(f"option {name}", ROUTE, ip={"options": [option, end]}))
    for name, options in {"length 0": b"\7\0\0\0", "length 1": b"\7\1\0\0", "length beyond": b"\7\x0b\4\0",
                          "no length": b"\1\1\1\7"}.items():
        rows.append(row(f"option with {name}", HEADER, ip={"options": [Raw(options)]}))
    return rows


def ipv4_header():
    rows = []
    for name, settings in {
            "TTL 0": {"ttl": 0}, "TTL 1": {"ttl": 1}, "TTL 255": {"ttl": 255}, "TOS 0xff": {"tos": 0xFF},
            "ECN 1": {"tos": 1}, "ECN 2": {"tos": 2}, "ECN 3": {"tos": 3}, "DSCP 46": {"tos": 46 << 2},
            "DF off": {"flags": 0}, "reserved flag": {"flags": "evil"}, "identification 0": {"id": 0},
            "identification 65535": {"id": 65535}}.items():
        rows.append(row(name, ip=settings))
    for name, settings in {"first fragment": {"flags": "MF"}, "last fragment": {"flags": 0, "frag": 1},
                           "middle fragment": {"flags": "MF", "frag": 1}}.items():
        rows.append(row(name, FRAGMENT, ip=settings))
    for name, settings in {"version 6": {"version": 6}, "version 0": {"version": 0}, "5 words less one": {"ihl": 4},
                           "0 words": {"ihl": 0}, "length 0": {"len": 0}, "length 19": {"len": 19},
                           "length beyond the frame": {"len": 77}, "length 65535": {"len": 65535}}.items():
        rows.append(row(f"IPv4 header: {name}", HEADER, ip=settings))
    rows.append(row("IPv4 length 27", LENGTH, ip={"len": 27}))
    rows.append(row("TCP to port 123", PROTOCOL, ip={"proto": 6}))
    return rows


def ipv6_extensions():
    hop, target = inet6.IPv6ExtHdrHopByHop, inet6.IPv6ExtHdrDestOpt
    pad1, padded = inet6.Pad1(), inet6.PadN(optdata=bytes(4))
    rows = []
    for name, header in {"hop-by-hop options": hop, "destination options": target}.items():
        rows.append(row(f"{name}, PadN", family=6, before=header(options=[padded])))
        rows.append(row(f"{name}, 16 octets of PadN", family=6,
                        before=header(options=[inet6.PadN(optdata=bytes(12))])))
        rows.append(row(f"{name}, Pad1", family=6, before=header(options=[pad1] * 6)))
        for action in (0x40, 0x80, 0xC0):
            unknown = inet6.HBHOptUnknown(otype=action | 0x1E, optdata=bytes(4))
            rows.append(row(f"{name}, option {action:#x} that says discard", EXTENSION, family=6,
                            before=header(options=[unknown])))
    rows.append(row("hop-by-hop and destination options", family=6,
                    before=hop(options=[padded]) / target(options=[padded])))
    rows.append(row("routing header with a segment left", EXTENSION, family=6,
                    before=inet6.IPv6ExtHdrRouting(segleft=1, addresses=["::"])))
    for name, verdict, settings in (
            ("atomic fragment", "reply_plain", {}), ("IPv6 first fragment", FRAGMENT, {"m": 1}),
            ("IPv6 last fragment", FRAGMENT, {"offset": 1}),
            ("IPv6 middle fragment", FRAGMENT, {"offset": 1, "m": 1})):
        rows.append(row(name, verdict, family=6, before=inet6.IPv6ExtHdrFragment(id=99, **settings)))
    return rows


def ipv6_header():
    rows = []
    for name, settings in {"hop limit 0": {"hlim": 0}, "hop limit 1": {"hlim": 1},
                           "traffic class 0xff": {"tc": 0xFF}, "flow label": {"fl": 0xFFFFF}}.items():
        rows.append(row(f"IPv6 {name}", family=6, ip=settings))
    for name, settings in {"version 4": {"version": 4}, "version 0": {"version": 0},
                           "length beyond the frame": {"plen": 57}, "length 65535": {"plen": 65535}}.items():
        rows.append(row(f"IPv6 header: {name}", HEADER, family=6, ip=settings))
    rows.append(row("IPv6 length 7", LENGTH, family=6, ip={"plen": 7}))
    rows.append(row("IPv6, TCP to port 123", PROTOCOL, family=6, ip={"nh": 6}))
    rows.append(row("IPv6, no next header", PROTOCOL, family=6, ip={"nh": 59}))
    return rows


def udp_length():
    rows = []
    for name, length in {"0": 0, "7": 7, "8": 8, "beyond IP": 57, "65535": 65535}.items():
        rows += both(f"UDP length {name}", LENGTH, udp={"len": length, "chksum": 0x1234})
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
    return (ports() + addresses() + checksums() + ipv4_options() + ipv4_header() + ipv6_extensions() + ipv6_header()
            + udp_length() + ethernet() + vlan())
