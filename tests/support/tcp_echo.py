"""A TCP server that proves what it got: it answers with the hash of so many octets and then sends them back."""

import hashlib
import os
import socket
import sys
import time

PORT = 8080


def serve(count):
    with socket.create_server(("::", PORT), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        while True:
            line, _ = server.accept()
            with line:
                data = b""
                while len(data) < count and (part := line.recv(65536)):
                    data += part
                line.sendall(hashlib.sha256(data).digest() + data)


def transfer(target, count, seconds=20):
    """(good, text) of random octets that go there and come back."""
    data, begin = os.urandom(count), time.monotonic()
    try:
        with socket.create_connection((target, PORT), seconds) as line:
            line.sendall(data)
            answer = b""
            while len(answer) < 32 + count and (part := line.recv(65536)):
                answer += part
    except OSError as error:
        return False, str(error)
    took = time.monotonic() - begin
    if answer != hashlib.sha256(data).digest() + data:
        return False, f"{len(answer)} octets came back, and not the right ones"
    return True, f"{2 * 8 * count / took / 1e6:.1f} Mbit/s"


if __name__ == "__main__":
    serve(int(sys.argv[1]))
