"""What one row of the packet tables is, and what every reply must look like."""

import dataclasses
import itertools
import struct

import packets
from lab import CLIENT4, CLIENT6, CLIENT_MAC, SERVER4, SERVER6, SERVER_MAC

_ports = itertools.count(20000)


@dataclasses.dataclass
class Row:
    """A frame and its expected outcome: `verdict` names the counter, and a reply is expected when it is
    reply_plain. The other fields are what the reply must repeat or carry.
    """

    name: str
    frame: bytes
    verdict: str
    message: bytes
    source: str
    target: str
    port: int
    target_port: int
    tags: tuple
    mode: int
    extension: bytes

    @property
    def answered(self):
        return self.verdict == "reply_plain"


def row(name, verdict="reply_plain", message=None, *, family=4, source=None, target=None, port=None,
        target_port=123, source_mac=CLIENT_MAC, target_mac=SERVER_MAC, tags=(), ether_type=None, trailer=b"",
        mode=4, extension=b"", **settings):
    """Builds a row; `settings` go to packets.packet, the rest of the frame's to packets.frame."""
    source = source or (CLIENT4 if family == 4 else CLIENT6)
    target = target or (SERVER4 if family == 4 else SERVER6)
    port = next(_ports) if port is None else port
    message = packets.ntp() if message is None else message
    packet = packets.packet(message, source, target, port, target_port, **settings)
    frame = packets.frame(packet, source_mac, target_mac, ether_type=ether_type, tags=tags, trailer=trailer)
    return Row(name, frame, verdict, message, source, target, port, target_port, tuple(tags), mode, extension)


def both(name, *args, **settings):
    """The same row over IPv4 and IPv6."""
    return [row(f"{name}, IPv{family}", *args, family=family, **settings) for family in (4, 6)]


def faults_of_reply(row, reply):
    """What is wrong with the reply to a row; empty when all is well."""
    faults = list(reply.faults)

    def expect(good, fault):
        if not good:
            faults.append(fault)

    message = reply.message
    if message is None:
        return faults + [f"not an NTP answer: {reply.data.hex()}"]
    asked = row.message
    expect(len(reply.data) <= len(row.frame), f"{len(reply.data)} octets for {len(row.frame)}")
    expect(reply.target_mac == CLIENT_MAC, "not to the MAC address that asked")
    expect(reply.tags == list(row.tags), f"VLAN tags {reply.tags}, not {list(row.tags)}")
    expect((reply.source, reply.target) == (row.target, row.source),
           f"from {reply.source} to {reply.target}")
    expect((reply.source_port, reply.target_port) == (row.target_port, row.port),
           f"from port {reply.source_port} to {reply.target_port}")
    expect(reply.tos >> 2 == 0, f"DSCP {reply.tos >> 2}")
    expect(message.version == asked[0] >> 3 & 7, f"version {message.version}")
    expect(message.mode == row.mode, f"mode {message.mode}, not {row.mode}")
    expect(message.extension == row.extension, f"{message.length} octets: {message.extension.hex()}")
    expect(message.length <= len(asked), "longer than the question")
    expect(message.poll == struct.unpack_from("!b", asked, 2)[0], f"poll {message.poll}")
    expect(message.origin == struct.unpack_from("!Q", asked, 40)[0], "origin is not the transmit time")
    expect(message.leap == 0 and message.stratum == 1, f"leap {message.leap} stratum {message.stratum}")
    expect(-32 <= message.precision < 0, f"precision {message.precision}")
    expect(message.root_delay + message.root_dispersion < 1, "root delay or dispersion beyond a second")
    expect(message.receive_stamp <= message.transmit_stamp, "T2 after T3")
    expect(message.reference <= message.transmit + 1e-6, "reference time after T3")
    expect(abs(message.transmit - packets.ntp_now()) < 1, f"T3 off by {message.transmit - packets.ntp_now()} s")
    return faults
