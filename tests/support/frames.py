"""Ethernet, IP, UDP and NTP octets for tests: every field can be set wrong on purpose.

Written from the RFCs and on its own, so that it can disagree with the code under test.
"""

import ipaddress
import itertools
import struct
import time

NTP_PORT = 123
IPV4, IPV6, VLAN = 0x0800, 0x86DD, 0x8100
UNIX_TO_NTP = 2_208_988_800


def checksum(data):
    """Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def address(text):
    return ipaddress.ip_address(text).packed


def pseudo_header(source, target, length, protocol=17):
    source, target = address(source), address(target)
    if len(source) == 4:
        return source + target + struct.pack("!BBH", 0, protocol, length)
    return source + target + struct.pack("!IHBB", length, 0, 0, protocol)


def ethernet(payload, source, target, ether_type, tags=()):
    """tags: (TPID, TCI) pairs, outermost first."""
    head = mac(target) + mac(source)
    for tpid, tci in tags:
        head += struct.pack("!HH", tpid, tci)
    return head + struct.pack("!H", ether_type) + payload


def ipv4(payload, source, target, *, protocol=17, ttl=64, tos=0, identification=1, flags=0x4000,
         options=b"", version=4, words=None, length=None, wrong_checksum=False):
    words = 5 + len(options) // 4 if words is None else words
    length = 20 + len(options) + len(payload) if length is None else length
    head = bytearray(struct.pack("!BBHHHBBH", version << 4 | words, tos, length, identification,
                                 flags, ttl, protocol, 0))
    head += address(source) + address(target) + options
    struct.pack_into("!H", head, 10, checksum(bytes(head)) ^ (0x0101 if wrong_checksum else 0))
    return bytes(head) + payload


def ipv6(payload, source, target, *, next_header=17, hop_limit=64, traffic_class=0, flow=0,
         version=6, length=None):
    length = len(payload) if length is None else length
    word = version << 28 | traffic_class << 20 | flow
    head = struct.pack("!IHBB", word, length, next_header, hop_limit)
    return head + address(source) + address(target) + payload


def udp(payload, source, target, source_port, target_port=NTP_PORT, *, length=None, value=None,
        xor=0):
    """value sets the checksum field, xor spoils it; it covers `length` octets."""
    length = 8 + len(payload) if length is None else length
    head = struct.pack("!HHH", source_port, target_port, length)
    if value is None:
        covered = (head + b"\0\0" + payload)[:max(length, 8)]
        value = checksum(pseudo_header(source, target, length) + covered) or 0xFFFF
    return head + struct.pack("!H", value ^ xor) + payload


_serial = itertools.count(1)


def ntp(version=4, mode=3, *, leap=0, stratum=0, poll=6, precision=0, root_delay=0,
        root_dispersion=0, reference_id=b"\0\0\0\0", reference=0, origin=0, receive=0,
        transmit=None, tail=b""):
    """An NTP message; without `transmit` a fresh random-looking one, unlike every other."""
    if transmit is None:
        transmit = next(_serial) * 0x9E3779B97F4A7C15 & (1 << 64) - 1
    return struct.pack("!BBbbII4sQQQQ", leap << 6 | version << 3 | mode, stratum, poll, precision,
                       root_delay, root_dispersion, reference_id, reference, origin, receive,
                       transmit) + tail


def field(kind, length, body=None, stated=None):
    """Extension field (RFC 7822) of `length` octets in all; `stated` is what its header says."""
    body = bytes(length - 4) if body is None else body
    return struct.pack("!HH", kind, length if stated is None else stated) + body


def ntp_now():
    """The system clock as an NTP timestamp in seconds since 1900."""
    return time.time() + UNIX_TO_NTP


class Message:
    """A received NTP message; times in seconds since 1900, of the era around now."""

    def __init__(self, data):
        (first, self.stratum, self.poll, self.precision, delay, dispersion, self.reference_id,
         reference, self.origin, receive, transmit) = struct.unpack("!BBbbII4sQQQQ", data[:48])
        self.leap, self.version, self.mode = first >> 6, first >> 3 & 7, first & 7
        self.root_delay, self.root_dispersion = delay / 65536, dispersion / 65536
        self.reference, self.receive, self.transmit = (
            self._seconds(stamp) for stamp in (reference, receive, transmit))
        self.receive_stamp, self.transmit_stamp = receive, transmit
        self.length, self.extension = len(data), data[48:]

    @staticmethod
    def _seconds(stamp):
        era = round((ntp_now() - stamp / 2**32) / 2**32)
        return stamp / 2**32 + era * 2**32

    @property
    def synchronised(self):
        return self.leap != 3 and 1 <= self.stratum <= 15

    @property
    def says_unsynchronised(self):
        return self.leap == 3 and self.stratum == 0


class Frame:
    """A received frame taken apart; `faults` lists what no reply may have."""

    def __init__(self, data):
        self.data, self.faults = data, []
        self.target_mac, self.source_mac = data[:6], data[6:12]
        self.tags, at = [], 12
        kind, = struct.unpack_from("!H", data, at)
        while kind in (VLAN, 0x88A8):
            self.tags.append((kind, *struct.unpack_from("!H", data, at + 2)))
            at += 4
            kind, = struct.unpack_from("!H", data, at)
        self.kind, self.network = kind, data[at + 2:]
        self.message = None
        if kind == IPV4 and len(self.network) >= 28 and self.network[9] == 17:
            self._ipv4()
        elif kind == IPV6 and len(self.network) >= 48 and self.network[6] == 17:
            self._ipv6()

    def _ipv4(self):
        head = self.network[:20]
        first, tos, length, _, flags, ttl, _, _ = struct.unpack("!BBHHHBBH", head[:12])
        self._expect(first == 0x45, f"IPv4 header starts with {first:#x}")
        self._expect(checksum(head) == 0, "wrong IPv4 header checksum")
        self._expect(flags == 0x4000, f"IPv4 flags {flags:#06x}, not DF alone")
        self._common(tos, ttl, length - 20, head[12:16], head[16:20], 20)

    def _ipv6(self):
        word, length, _, hops = struct.unpack("!IHBB", self.network[:8])
        self._common(word >> 20 & 0xFF, hops, length, self.network[8:24], self.network[24:40], 40)

    def _common(self, tos, ttl, length, source, target, at):
        self.tos = tos
        self._expect(ttl == 64, f"TTL {ttl}")
        self._expect(tos & 3 == 0, f"ECN {tos & 3}")
        self._expect(at + length == len(self.network),
                     f"IP says {at + length} octets, frame holds {len(self.network)}")
        self.source = str(ipaddress.ip_address(source))
        self.target = str(ipaddress.ip_address(target))
        datagram = self.network[at:at + length]
        self.source_port, self.target_port, stated, check = struct.unpack("!HHHH", datagram[:8])
        self._expect(stated == len(datagram), f"UDP says {stated} octets of {len(datagram)}")
        self._expect(check != 0, "no UDP checksum")
        whole = pseudo_header(self.source, self.target, len(datagram)) + datagram
        self._expect(checksum(whole) == 0, "wrong UDP checksum")
        if len(datagram) >= 56:
            self.message = Message(datagram[8:])

    def _expect(self, good, fault):
        if not good:
            self.faults.append(fault)
