"""Rows about the NTP message: version and mode, length and what follows the header."""

import random

from packets import field, ntp
from rows import both, row

PLAIN, SHORT, MODE = "reply_plain", "drop_short", "drop_mode"
VERSION, VERSION5 = "drop_version", "drop_version5"
MAC, MALFORMED, TOO_MANY = "drop_mac_unsupported", "drop_malformed", "drop_too_many_fields"


def versions_and_modes():
    rows = []
    for version in range(8):
        for mode in range(8):
            verdict, answer = MODE, 4
            if version == 5:
                verdict = VERSION5
            elif version in (0, 6, 7):
                verdict = VERSION
            elif mode in (1, 3) or (version, mode) == (1, 0):
                verdict, answer = PLAIN, 2 if mode == 1 else 4
            rows += both(f"version {version} mode {mode}", verdict, ntp(version, mode), mode=answer)
    rows += both("version 1 mode 0 from port 123", MODE, ntp(1, 0), port=123)
    rows += both("version 4 mode 3 from port 123", PLAIN, port=123)
    rows += both("version 4 mode 1 from port 123", PLAIN, ntp(4, 1), port=123, mode=2)
    for mode in (6, 7):
        for length in (1, 4, 8, 12, 48, 192, 468):
            first = bytes([2 << 3 | mode])
            rows += both(f"mode {mode}, {length} octets", MODE, first + bytes(length - 1))
    return rows


def header_fields():
    rows = []
    for leap in range(4):
        rows += both(f"leap indicator {leap}", message=ntp(leap=leap))
    for stratum in (1, 2, 15, 16, 17, 255):
        rows += both(f"stratum {stratum}", message=ntp(stratum=stratum))
    for poll in (-128, -1, 0, 17, 127):
        rows += both(f"poll {poll}", message=ntp(poll=poll))
    for name, settings in {
            "reference id RATE": {"reference_id": b"RATE"},
            "huge root delay": {"root_delay": 0xFFFFFFFF, "root_dispersion": 0xFFFFFFFF},
            "transmit time zero": {"transmit": 0},
            "transmit time all ones": {"transmit": 2**64 - 1},
            "origin time set": {"origin": 0x0123456789ABCDEF},
            "interleaved-looking": {"origin": 2**63, "receive": 2**63 + 5, "transmit": 2**63 + 9},
            "reference time NTP5NTP5": {"reference": int.from_bytes(b"NTP5NTP5", "big")},
            "header all zero but its first octet": {"poll": 0, "transmit": 0},
            "header all ones but its first octet": {
                "stratum": 255, "poll": -1, "precision": -1, "root_delay": 2**32 - 1,
                "root_dispersion": 2**32 - 1, "reference_id": b"\xff" * 4, "reference": 2**64 - 1,
                "origin": 2**64 - 1, "receive": 2**64 - 1, "transmit": 2**64 - 1},
    }.items():
        rows += both(name, message=ntp(**settings))
    return rows


def lengths():
    rows = []
    for length in (1, 4, 12, 44, 47):
        rows += both(f"{length} octets", SHORT, ntp()[:length])
    noise = random.Random(123)
    for length in (49, 50, 51, 53, 56, 60, 64, 71, 76, 80, 100, 128, 255, 256, 400, 500, 1000, 1452):
        more = length - 48
        rows += both(f"{length} octets, the rest zeros", MALFORMED, ntp(tail=bytes(more)))
        # The first octets keep it from looking like a field or a message authentication code by chance.
        rows += both(f"{length} octets, the rest noise", MALFORMED,
                     ntp(tail=(b"\xff" * 4 + noise.randbytes(more))[:more]))
    rows.append(row("1472 octets, the rest zeros", MALFORMED, ntp(tail=bytes(1424))))
    return rows


def fields():
    known_size, identifier = field(0x7777, 28), field(0x0104, 36, bytes(range(32)))
    rows = []
    for name, tail in {
            "one unknown field": known_size,
            "unknown fields of 16 and 28": field(0x7777, 16) + known_size,
            "two unknown fields": known_size * 2,
            "16 unknown fields": known_size * 16,
            "one unknown field of 1404": field(0x7777, 1404),
            "NTPv5 padding": field(0xF501, 28),
            "NTPv5 reference ids": field(0xF503, 28),
            "NTPv5 draft identification": field(0xF5FF, 28),
            "autokey": field(0x0202, 28),
            "checksum complement": field(0x2005, 28),
    }.items():
        rows += both(f"v4, {name}", PLAIN, ntp(tail=tail))
        rows += both(f"v3, {name}", MALFORMED, ntp(3, tail=tail))
    rows += both("v4, 17 unknown fields", TOO_MANY, ntp(tail=known_size * 17))
    rows += both("v4, forty unknown fields", TOO_MANY, ntp(tail=field(0x7777, 32) * 40))
    rows += both("v4, unique identifier", PLAIN, ntp(tail=identifier), extension=identifier)
    rows += both("v4, unknown field and unique identifier", PLAIN, ntp(tail=known_size + identifier),
                 extension=identifier)
    for length in (4, 8, 16):
        # Four octets at the end look like a key id.
        rows += both(f"v4, last field of {length}", MAC if length == 4 else MALFORMED, ntp(tail=field(0x7777, length)))
    for name, stated in {"0": 0, "3": 3, "29": 29, "30": 30, "beyond the packet": 32, "65535": 65535,
                         "4 short": 24}.items():
        rows += both(f"v4, field length {name}", MAC if name == "4 short" else MALFORMED, ntp(tail=field(0x7777, 28, stated=stated)))
    return rows


def authentication_codes():
    rows, unknown = [], field(0x7777, 28)
    codes = {"20 octets": b"\0\0\0\1" + bytes(range(1, 17)), "24 octets": b"\0\0\0\1" + bytes(range(1, 21)),
             "36 octets": b"\0\0\0\1" + bytes(range(1, 33)), "crypto-NAK": bytes(4),
             "key id only": b"\0\0\0\1"}
    for name, code in codes.items():
        for version in (1, 2, 3, 4):
            rows += both(f"v{version} MAC, {name}", MAC, ntp(version, tail=code))
        rows += both(f"v4, unknown field and MAC, {name}", MAC, ntp(tail=unknown + code))
    return rows


def all_rows():
    return versions_and_modes() + header_fields() + lengths() + fields() + authentication_codes()
