"""An authenticated request of a real client, taken off the wire and sent again: as it is, and changed everywhere."""

import collections
import socket

import packets
from case_nts import Chronyd, counted, serve
from lab import CLIENT4, CLIENT6, CLIENT_MAC, SERVER_MAC, SPARE4, SPARE6, Wire, until
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

IDENTIFIER, COOKIE, PLACEHOLDER, AUTHENTICATOR = 0x0104, 0x0204, 0x0304, 0x0404
PORT = 61234  # where the kernel has no client


def fields(message):
    """(type, begin, end) of each extension field."""
    found, at = [], 48
    while at + 4 <= len(message):
        kind, length = (int.from_bytes(message[at + i:at + i + 2], "big") for i in (0, 2))
        if length < 4 or at + length > len(message):
            break
        found.append((kind, at, at + length))
        at += length
    return found


def take_request(lab):
    """The message of the next NTS request that the client sends."""
    # scapy's sockets do not show what this host sends.
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as tap:  # 3: every protocol
        tap.bind(("c0", 0))
        tap.settimeout(15)

        def look():
            packet = Ether(tap.recv(65536))
            if IP in packet and packet[IP].src == CLIENT4 and UDP in packet and packet[UDP].dport == 123:
                message = bytes(packet[UDP].payload)
                if any(kind == COOKIE for kind, _, _ in fields(message)):
                    return message
            return None
        message = until(look, 15, pause=0)
    lab.require("a request is on the wire", message)
    return message


class Replay:
    def __init__(self, lab, wire):
        self.lab, self.wire = lab, wire

    def ask(self, message, source=CLIENT4, target=SPARE4, seconds=2.0):
        """The reply to that message from another port, or None."""
        request = packets.packet(message, source, target, PORT)
        self.wire.send(packets.frame(request, CLIENT_MAC, SERVER_MAC))
        return self.next_reply(seconds)

    def next_reply(self, seconds=2.0):
        while data := self.wire.receive(seconds):
            reply = packets.Reply(data)
            if reply.message and reply.target_port == PORT:
                return reply
        return None

    def is_silent(self, message):
        """Whether nothing comes back before the answer to a plain request behind it."""
        self.wire.send(packets.frame(packets.packet(message, CLIENT4, SPARE4, PORT), CLIENT_MAC, SERVER_MAC))
        plain = packets.ntp()
        reply, silent = self.ask(plain), True
        while reply and reply.message.origin != int.from_bytes(plain[40:48], "big"):
            reply, silent = self.next_reply(), False
        return silent and reply is not None

    def is_nak(self, message):
        """RFC 8915 section 5.7: kiss code NTSN, the identifier, and nothing that looks authenticated."""
        reply = self.ask(message)
        if reply is None or reply.faults or reply.message.stratum != 0 or reply.message.reference_id != b"NTSN":
            return False
        got = fields(bytes(reply.datagram.payload))
        return [kind for kind, _, _ in got] == [IDENTIFIER] and reply.message.extension == message[48:48 + 36]


def changed(message, at):
    return message[:at] + bytes([message[at] ^ 0x10]) + message[at + 1:]


def test_nts_replay(lab):
    if not (lab.peers / "chrony").is_dir():
        lab.skip("replayed requests", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = serve(lab, addresses=(SPARE4 + "/24", SPARE6 + "/64"))
    client = Chronyd(lab, ke)
    lab.require("chronyd selects Pollux", until(client.has_selected, 30, pause=0.2), lab.log_of("chronyd")[-300:])
    message = take_request(lab)
    replay = Replay(lab, Wire())
    again(lab, replay, message)
    spoilt(lab, replay, message)
    incomplete(lab, replay, message)
    rotated(lab, replay, message, ke)


def again(lab, replay, message):
    """A server that remembers nothing answers a replay, each time with other cookies."""
    replies = [replay.ask(message) for _ in range(5)]
    lab.check("each replay is answered", all(reply and not reply.faults for reply in replies))
    bodies = [bytes(reply.datagram.payload) for reply in replies if reply]
    lab.check("as long as the request", all(len(body) == len(message) for body in bodies))
    lab.check("identifier and origin are the request's", all(
        body[48:84] == message[48:84] and body[24:32] == message[40:48] for body in bodies))
    sealed = collections.Counter(body[84:] for body in bodies)
    lab.check("no two have a nonce or cookie in common", len(sealed) == len(bodies))
    reply = replay.ask(message, CLIENT6, SPARE6)
    lab.check("over IPv6 too", reply and not reply.faults and reply.message.stratum == 1)


def spoilt(lab, replay, message):
    """One bit of every octet of cookie, nonce and tag, and of every eighth of the rest that is authenticated."""
    # What comes before them tells what the message and its fields are.
    parts = [("header", range(1, 48, 8))]
    for kind, begin, end in fields(message):
        parts.append((kind, range(begin + 8, end) if kind == AUTHENTICATOR else
                      range(begin + 4, end, 1 if kind == COOKIE else 8)))
    unfit = [(part, at) for part, places in parts for at in places if not replay.is_nak(changed(message, at))]
    lab.check("a changed bit brings a NAK", not unfit, f"not at {unfit}")


def incomplete(lab, replay, message):
    parts = {kind: message[begin:end] for kind, begin, end in fields(message)}
    header, rest = message[:48], parts[AUTHENTICATOR]
    silent = {
        "no identifier": header + parts[COOKIE] + rest,
        "no cookie": header + parts[IDENTIFIER] + rest,
        "no authenticator": header + parts[IDENTIFIER] + parts[COOKIE],
        "two identifiers": header + parts[IDENTIFIER] * 2 + parts[COOKIE] + rest,
        "two cookies": header + parts[IDENTIFIER] + parts[COOKIE] * 2 + rest,
        "a placeholder of another length": header + parts[IDENTIFIER] + parts[COOKIE]
            + packets.field(PLACEHOLDER, 100) + rest,
        "a nonce longer than its field": message[:-len(rest)] + rest[:4] + b"\xff\xfc" + rest[6:],
        "a ciphertext longer than its field": message[:-len(rest)] + rest[:6] + b"\xff\xf0" + rest[8:],
        "a field of length 0": header + parts[IDENTIFIER] + b"\x02\x04\0\0" + rest,
    }
    for name, spoilt_message in silent.items():
        lab.check(f"silent: {name}", replay.is_silent(spoilt_message))
    alone = replay.ask(header + parts[IDENTIFIER])
    lab.check("an identifier alone comes back", alone and bytes(alone.datagram.payload)[48:] == parts[IDENTIFIER])
    cut = [length for length in range(len(message) - 4, 48, -4)
           if length != 48 + len(parts[IDENTIFIER]) and not replay.is_silent(message[:length])]
    lab.check("silent: cut anywhere behind the header", not cut, f"answered at {cut}")


def rotated(lab, replay, message, ke):
    """A cookie lives for two rotations (the next key becomes current first), then it is nobody's."""
    for number in range(1, 4):
        before = ke.key_ids()["current"]
        lab.check(f"rotation {number}", ke.ask_to("rotate").get("ok"))
        until(lambda: [key["id"] for key in lab.observe()["nts"]["keys"] if key["use"] == "current"] != before, 5)
        if number < 3:
            reply = replay.ask(message)
            lab.check(f"answered after rotation {number}", reply and reply.message.stratum == 1)
        else:
            lab.check("NAK after rotation 3", replay.is_nak(message))
            lab.check("counted as unknown", counted(lab, "reply_nts_nak") > 0
                      and sum(lab.observe()["nts"]["unknown_keys"]) > 0)
