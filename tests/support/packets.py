"""Packets for tests, built, sent and taken apart by scapy, so that it can disagree with the code under test.

Fields in the tests' tables have scapy's names (`ihl`, `plen`, `hlim`); any of them can be set wrong.
"""

import fractions
import itertools
import select
import socket
import time

from scapy.arch.linux import L2Socket
from scapy.config import conf
from scapy.layers.inet import IP, UDP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.ntp import NTPExtension, NTPHeader
from scapy.packet import Padding, Raw
from scapy.utils import mac2str

NTP_PORT = 123
IPV4, IPV6, VLAN = 0x0800, 0x86DD, 0x8100
UNIX_TO_NTP = 2_208_988_800
COMPUTED = ((IP, "len"), (IP, "chksum"), (IPv6, "plen"), (UDP, "len"), (UDP, "chksum"))

conf.bufsize = 1 << 22  # a flood of answers must fit
_serial = itertools.count(1)


def _layer(family, source, target, **fields):
    if family == 4:
        return IP(src=source, dst=target, **{"flags": "DF", **fields})
    return IPv6(src=source, dst=target, **fields)


def _family(address):
    return 6 if ":" in address else 4


def udp_checksum(message, source, target, source_port, target_port):
    """What scapy says the checksum of the right datagram is, whatever is made of it afterwards."""
    octets = bytes(UDP(sport=source_port, dport=target_port, len=8 + len(message), chksum=0) / Raw(message))
    made = in4_chksum if _family(source) == 4 else in6_chksum
    return made(socket.IPPROTO_UDP, _layer(_family(source), source, target), octets) or 0xFFFF


def packet(message, source, target, source_port, target_port=NTP_PORT, *, before=None, behind=b"",
           ip=None, udp=None, spoil_ip=0, spoil_udp=0):
    """An IP packet as a scapy packet. `ip` and `udp` set fields of these layers, `spoil_ip` and `spoil_udp`
    change bits of the right checksum; `before` is a scapy layer between IP and UDP, `behind` stands after the
    datagram inside the IP packet.
    """
    right = udp_checksum(message, source, target, source_port, target_port)
    fields = {"len": 8 + len(message), "chksum": right ^ spoil_udp, **(udp or {})}
    datagram = UDP(sport=source_port, dport=target_port, **fields) / Raw(message + behind)
    whole = _layer(_family(source), source, target, **(ip or {})) / (before / datagram if before else datagram)
    if spoil_ip:
        whole.chksum = IP(bytes(whole)).chksum ^ spoil_ip
    return whole


def frame(payload, source, target, *, ether_type=None, tags=(), trailer=b""):
    """Octets of an Ethernet frame. tags: (TPID, TCI) pairs, outermost first; `trailer` follows the packet."""
    kinds = [*(tpid for tpid, _ in tags), ether_type or (IPV4 if isinstance(payload, IP) else IPV6)]
    whole = Ether(src=source, dst=target, type=kinds[0])
    for kind, (_, tci) in zip(kinds[1:], tags):
        whole /= Dot1Q(prio=tci >> 13, id=tci >> 12 & 1, vlan=tci & 0xFFF, type=kind)
    return bytes(whole / payload / Padding(trailer))


def ntp(version=4, mode=3, *, leap=0, stratum=0, poll=6, precision=0, root_delay=0,
        root_dispersion=0, reference_id=b"\0\0\0\0", reference=0, origin=0, receive=0,
        transmit=None, tail=b""):
    """Octets of an NTP message; without `transmit` a fresh random-looking one, unlike every other. Times are
    64-bit timestamps, root delay and dispersion 32-bit ones.
    """
    if transmit is None:
        transmit = next(_serial) * 0x9E3779B97F4A7C15 & (1 << 64) - 1
    # scapy takes seconds and shifts them; a fraction keeps every bit.
    long = {name: fractions.Fraction(value, 1 << 32) for name, value in
            (("ref", reference), ("orig", origin), ("recv", receive), ("sent", transmit))}
    short = {name: fractions.Fraction(value, 1 << 16) for name, value in
             (("delay", root_delay), ("dispersion", root_dispersion))}
    name = {"id": socket.inet_ntoa(reference_id)} if stratum > 1 else {"ref_id": reference_id}
    return bytes(NTPHeader(leap=leap, version=version, mode=mode, stratum=stratum, poll=poll & 0xFF,
                           precision=precision & 0xFF, **name, **short, **long) / Raw(tail))


def field(kind, length, body=None, stated=None):
    """Extension field (RFC 7822) of `length` octets in all; `stated` is what its header says."""
    body = bytes(length - 4) if body is None else body
    return bytes(NTPExtension(type=kind, len=length if stated is None else stated, value=Raw(body)))


def ntp_now():
    """The system clock as an NTP timestamp in seconds since 1900."""
    return time.time() + UNIX_TO_NTP


class Message:
    """A received NTP message; times in seconds since 1900, of the era around now."""

    def __init__(self, data):
        header = NTPHeader(data)
        self.leap, self.version, self.mode, self.stratum = header.leap, header.version, header.mode, header.stratum
        self.poll, self.precision = (value - 256 if value > 127 else value for value in
                                     (header.poll, header.precision))
        self.reference_id = socket.inet_aton(header.id) if header.stratum > 1 else header.ref_id
        self.root_delay, self.root_dispersion = float(header.delay), float(header.dispersion)
        # getfieldval gives the 64 bits as they are; the attribute would be rounded to nanoseconds.
        reference, self.origin, self.receive_stamp, self.transmit_stamp = (
            header.getfieldval(name) for name in ("ref", "orig", "recv", "sent"))
        self.reference, self.receive, self.transmit = (
            self._seconds(stamp) for stamp in (reference, self.receive_stamp, self.transmit_stamp))
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


class Reply:
    """A received frame taken apart; `faults` lists what no reply may have."""

    def __init__(self, data):
        self.data, self.faults, self.message = data, [], None
        self.packet = layer = Ether(data)
        self.target_mac, self.tags = self.packet.dst, []
        while isinstance(layer.payload, Dot1Q):
            kind, layer = layer.type, layer.payload
            self.tags.append((kind, layer.prio << 13 | layer.id << 12 | layer.vlan))
        self.network, self.datagram = layer.payload, layer.payload.payload
        if isinstance(self.network, (IP, IPv6)) and isinstance(self.datagram, UDP):
            self._judge()

    def _judge(self):
        network, datagram = self.network, self.datagram
        if isinstance(network, IP):
            self._expect(network.version == 4 and network.ihl == 5, f"version {network.version}, {network.ihl} words")
            self._expect(network.flags == "DF" and network.frag == 0, f"IPv4 flags {network.flags}, not DF alone")
            self.tos, hops = network.tos, network.ttl
        else:
            self.tos, hops = network.tc, network.hlim
        self._expect(hops == 64, f"TTL {hops}")
        self._expect(self.tos & 3 == 0, f"ECN {self.tos & 3}")
        self._expect(Padding not in self.packet, "octets behind the datagram")
        self._expect(datagram.chksum != 0, "no UDP checksum")
        self._lengths_and_checksums()
        self.source, self.target = network.src, network.dst
        self.source_port, self.target_port = datagram.sport, datagram.dport
        payload = bytes(datagram.payload)
        if len(payload) >= 48:
            self.message = Message(payload)

    def _lengths_and_checksums(self):
        """Both must be those that scapy gives the same packet."""
        made = self.packet.copy()
        present = [(layer, name) for layer, name in COMPUTED if layer in made]
        for layer, name in present:
            made[layer].delfieldval(name)
        made = Ether(bytes(made))
        for layer, name in present:
            said, right = self.packet[layer].getfieldval(name), made[layer].getfieldval(name)
            self._expect(said == right, f"{layer.__name__}.{name} {said:#x}, not {right:#x}")

    def _expect(self, good, fault):
        if not good:
            self.faults.append(fault)


class Wire:
    """Frames on an interface through scapy's packet socket; `arrival` is the kernel's time stamp of the last
    one received, in seconds since 1900. Only frames from `peer_mac` are seen.
    """

    def __init__(self, interface, peer_mac):
        self.socket = L2Socket(iface=interface, promisc=False, nofilter=1)
        self.peer, self.arrival = mac2str(peer_mac), 0.0

    def send(self, data):
        self.socket.send(data)

    def receive(self, seconds):
        """The octets of the next frame, or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                break
            _, data, arrival = self.socket.recv_raw(65536)
            if data and data[6:12] == self.peer:
                self.arrival = arrival + UNIX_TO_NTP
                return data
        return None
