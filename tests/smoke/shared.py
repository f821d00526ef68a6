"""An interface that polluxd and the kernel share: the kernel's own services on it, and what the client sees."""

import ctypes
import hashlib
import json
import os
import socket
import struct
import threading

from lab import SERVER4, SERVER6, until

PYTHON = "/usr/bin/python3"
WAYS = ("af_xdp-native", "af_xdp-generic", "af_packet")
BOTH = (SERVER4 + "/24", SERVER6 + "/64")
PORT_TCP, PORT_UDP = 4000, 4000

# Sends back what comes by TCP.
ECHO = f"""
import socket, threading
def serve(taken):
    while data := taken.recv(65536):
        taken.sendall(data)
    taken.close()
s = socket.create_server(("::", {PORT_TCP}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
"""

# Says to a UDP port, once to each datagram, that the kernel had it: a time service of the host.
SERVICE = """
import select, socket, sys
sockets = []
for address in sys.argv[2:]:
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, int(sys.argv[1])))
    sockets.append(s)
print("ready", flush=True)
while True:
    for s in select.select(sockets, [], [])[0]:
        data, peer = s.recvfrom(2048)
        s.sendto(b"kernel" + data[:42], peer)
"""


def share(lab, way, addresses=None, **settings):
    """polluxd on an interface whose addresses the kernel has."""
    lab.connect(server_addresses=BOTH)
    configure(lab, way, addresses, **settings)
    lab.start()


def configure(lab, way, addresses=None, port="", **settings):
    driver, _, mode = way.partition("-")
    lab.configure(driver=driver, addresses=addresses, port=(f'xdp_mode = "{mode}"\n' if mode else "") + port, **settings)


def link(lab, name="s0"):
    return lab.run("ip", "-d", "link", "show", name, server=True)[1]


def service(lab, port=123, addresses=(SERVER4, SERVER6)):
    """The host's own service at a UDP port; ends with the case."""
    name = f"service-{port}"
    started = lab.spawn(name, PYTHON, "-c", SERVICE, port, *addresses, server=True)
    lab.require(f"a service of the host at port {port}", until(lambda: "ready" in lab.log_of(name), 5), lab.log_of(name))
    return started


def ask_service(target, message, port=123, seconds=1.0):
    """What the service says to a datagram: b"kernel..." or another answer; None without one."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        try:
            client.connect((target, port))
            client.send(message)
            return client.recv(2048)
        except OSError:
            return None


def from_kernel(answer):
    return bool(answer) and answer.startswith(b"kernel")


def transfers(target, megabytes=4):
    """Sends octets to the echo server and takes them back; whether they are the same."""
    try:
        return transfer(target, megabytes)
    except OSError:
        return False


def transfer(target, megabytes):
    data = os.urandom(1 << 20)
    sent, came = hashlib.sha256(), hashlib.sha256()
    with socket.create_connection((target, PORT_TCP), 20) as client:
        def send():
            for _ in range(megabytes):
                client.sendall(data)
                sent.update(data)
            client.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        length = 0
        while part := client.recv(1 << 16):
            came.update(part)
            length += len(part)
        sender.join()
    return length == megabytes << 20 and sent.digest() == came.digest()


class Unreachable:
    """Counts ICMP and ICMPv6 "unreachable" that come to the client, in a socket that takes nothing else."""

    def __init__(self):
        rules = [  # classic BPF: type 3 of ICMP behind 20 octets of IPv4, type 1 of ICMPv6 behind IPv6
            (0x28, 0, 0, 12), (0x15, 0, 4, 0x0800), (0x30, 0, 0, 23), (0x15, 0, 8, 1), (0x30, 0, 0, 34),
            (0x15, 5, 6, 3), (0x15, 0, 5, 0x86DD), (0x30, 0, 0, 20), (0x15, 0, 3, 58), (0x30, 0, 0, 54),
            (0x15, 0, 1, 1), (0x06, 0, 0, 0x40000), (0x06, 0, 0, 0)]
        code = b"".join(struct.pack("HBBI", *rule) for rule in rules)
        memory = ctypes.create_string_buffer(code)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", len(rules), ctypes.addressof(memory)))
        self.socket.bind(("c0", 3))
        self.socket.setblocking(False)

    def count(self):
        """Those since the last call that came by the cable; what the client itself sends is no matter."""
        number = 0
        try:
            while True:
                _, (_, _, direction, *_) = self.socket.recvfrom(2048)
                number += direction != socket.PACKET_OUTGOING
        except BlockingIOError:
            return number


class Flood:
    """Requests at a rate, from a program of its own."""

    def __init__(self, lab, rate, seconds, target=SERVER4):
        self.lab, self.name = lab, f"flood-{'6' if ':' in target else '4'}"
        self.process = lab.spawn(self.name, lab.build / "tests/bench/ntp_load", target, 123, rate, seconds)

    def result(self):
        self.process.wait(60)
        return json.loads(self.lab.log_of(self.name).splitlines()[-1])
