"""Captures of requests changed by hand: for other addresses, with forged cookies, malformed, mixed. Nothing here is code of
Pollux: a request is taken apart by its octets.
"""

import ipaddress
import random
import struct

ETHERNET, UDP, NTP = 14, 8, 48
COOKIE_FIELD = 0x0204  # RFC 8915 §5.4
HEADER = struct.Struct('<IHHiIII')
RECORD = struct.Struct('<IIII')
MAGIC, LINK_ETHERNET = 0xa1b2c3d4, 1


def read_capture(path):
    data = path.read_bytes()
    magic, *_, link = HEADER.unpack_from(data)
    if magic != MAGIC or link != LINK_ETHERNET:
        raise ValueError(f'{path} is no capture of Ethernet frames in this byte order')
    frames, at = [], HEADER.size
    while at < len(data):
        length = RECORD.unpack_from(data, at)[2]
        frames.append(bytearray(data[at + RECORD.size:at + RECORD.size + length]))
        at += RECORD.size + length
    return frames


def write_capture(path, frames):
    parts = [HEADER.pack(MAGIC, 2, 4, 0, 0, 65535, LINK_ETHERNET)]
    for frame in frames:
        parts += [RECORD.pack(0, 0, len(frame), len(frame)), bytes(frame)]
    path.write_bytes(b''.join(parts))


def is_ipv6(frame):
    return frame[12:14] == b'\x86\xdd'


def udp_at(frame):
    return ETHERNET + (40 if is_ipv6(frame) else 20)


def checksum(data):
    if len(data) % 2:
        data = bytes(data) + b'\0'
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def finish(frame):
    """Both checksums made right: RFC 1071, RFC 768, RFC 8200 §8.1."""
    at = udp_at(frame)
    if not is_ipv6(frame):
        frame[24:26] = b'\0\0'
        frame[24:26] = struct.pack('>H', checksum(frame[ETHERNET:at]))
    addresses = frame[22:54] if is_ipv6(frame) else frame[26:34]
    frame[at + 6:at + 8] = b'\0\0'
    pseudo = bytes(addresses) + struct.pack('>HH', 17, len(frame) - at)
    frame[at + 6:at + 8] = struct.pack('>H', checksum(pseudo + bytes(frame[at:])) or 0xffff)
    return frame


def readdressed(frame, mac, ipv4, ipv6):
    """The same request to another server; its client's address in the /15 or /64 of the server's."""
    frame[0:6] = bytes.fromhex(mac.replace(':', ''))
    server = ipaddress.ip_address(ipv6 if is_ipv6(frame) else ipv4).packed
    if is_ipv6(frame):
        frame[38:54] = server
        frame[22:30] = server[:8]
    else:
        frame[30:34] = server
        frame[26:28] = bytes([server[0], server[1] | 1])
    return finish(frame)


def cookie_at(frame):
    """Where the body of the cookie is, and its length."""
    at = udp_at(frame) + UDP + NTP
    while at + 4 <= len(frame):
        kind, length = struct.unpack_from('>HH', frame, at)
        if kind == COOKIE_FIELD:
            return at + 4, length - 4
        at += max(length, 4)
    raise ValueError('a request without a cookie')


def forged(frame, random_):
    """A cookie of the right key and length that the key does not open: it costs the server what a good one does."""
    at, length = cookie_at(frame)
    frame[at + 20:at + length] = random_.randbytes(length - 20)
    return finish(frame)


def cut(frame, length):
    """The datagram with so many octets of NTP, lengths right."""
    del frame[udp_at(frame) + UDP + length:]
    at = udp_at(frame)
    frame[at + 4:at + 6] = struct.pack('>H', len(frame) - at)
    if is_ipv6(frame):
        frame[18:20] = struct.pack('>H', len(frame) - at)
    else:
        frame[16:18] = struct.pack('>H', len(frame) - ETHERNET)
    return finish(frame)


def with_octet(frame, at, value):
    frame[udp_at(frame) + UDP + at] = value
    return finish(frame)


def with_field(frame, kind, length):
    """An extension field that says another length than it has."""
    frame += struct.pack('>HH', kind, length) + bytes(24)
    return cut(frame, len(frame) - udp_at(frame) - UDP)


def spoilt_checksum(frame):
    frame[udp_at(frame) + 6] ^= 0x55
    return frame


MALFORMED = (
    lambda frame: cut(frame, 47),                   # shorter than the header of NTP
    lambda frame: cut(frame, 0),                    # no payload
    lambda frame: with_octet(frame, 0, 0x3b),       # version 7
    lambda frame: with_octet(frame, 0, 0x24),       # a server's reply
    lambda frame: with_octet(frame, 0, 0x26),       # control message
    lambda frame: with_octet(frame, 0, 0x17),       # private mode, which amplified once
    lambda frame: with_field(frame, 0x0104, 2),     # field shorter than its header
    lambda frame: with_field(frame, 0x0104, 4096),  # longer than the packet
    spoilt_checksum,
)


def malformed(frames):
    return [MALFORMED[i % len(MALFORMED)](frame) for i, frame in enumerate(frames)]


def mixed(streams):
    """Frames of all streams in an order by chance, the same each time."""
    frames = [frame for stream in streams for frame in stream]
    random.Random(1).shuffle(frames)
    return frames
