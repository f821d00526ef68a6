"""The private world of one smoke case: this process is the client's side of a veth pair, polluxd runs
on the other side. The runner has put the process into fresh mount, network and process namespaces
without the right to set a clock; when it ends, the kernel takes everything in them away.
"""

import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import time

import frames
from cases import Stop

CLIENT4, CLIENT6 = "198.18.0.2", "2001:db8::2"
SERVER4, SERVER6 = "198.18.0.1", "2001:db8::1"
SPARE4, SPARE6 = "198.18.0.9", "2001:db8::9"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:02", "02:00:00:00:00:01"
DRIVERS = ("af_packet", "af_xdp")

SOL_PACKET, PACKET_AUXDATA, VLAN_VALID, VLAN_TPID_VALID = 263, 8, 1 << 4, 1 << 6
SO_TIMESTAMPNS = 35


def until(condition, seconds=10, pause=0.05):
    """Polls until the condition holds; returns its last value."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(pause)
    return value


class Wire:
    """Raw frames on the client's interface; `arrival` is the kernel's time stamp of the last one received,
    in seconds since 1900.
    """

    def __init__(self, interface="c0"):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.arrival = 0.0
        self.socket.bind((interface, 0))

    def send(self, frame):
        self.socket.send(frame)

    def receive(self, seconds):
        """The next frame from the server, or None. The kernel takes the outer tag out; put it back."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data, extra, _, _ = self.socket.recvmsg(65536, 256)
            except TimeoutError:
                break
            if data[6:12] != frames.mac(SERVER_MAC):
                continue
            for level, kind, value in extra:
                if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
                    seconds_part, nanoseconds = struct.unpack("=qq", value[:16])
                    self.arrival = seconds_part + nanoseconds * 1e-9 + frames.UNIX_TO_NTP
                if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                    status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", value[:20])
                    if status & VLAN_VALID:
                        tpid = tpid if status & VLAN_TPID_VALID else frames.VLAN
                        data = data[:12] + struct.pack("!HH", tpid, tci) + data[12:]
            return data
        return None

    def exchange(self, frame, seconds=2.0, port=61000):
        """Sends one frame and then a good request. Frames keep their order, so what comes before the
        good request's answer is all that the frame brought. Returns it, or None without an answer.
        """
        good = request4(frames.ntp(), source_port=port)
        self.send(frame)
        self.send(good)
        answers = []
        while data := self.receive(seconds):
            answer = frames.Frame(data)
            if answer.message and answer.target_port == port:
                return answers
            answers.append(answer)
        return None

    def ask(self, message=None, seconds=3.0, target=SERVER4, source_port=40000):
        """A plain request; the reply's Message or None."""
        build = request6 if ":" in target else request4
        message = message or frames.ntp()
        self.send(build(message, target=target, source_port=source_port))
        end = time.monotonic() + seconds
        while data := self.receive(end - time.monotonic()):
            answer = frames.Frame(data).message
            if answer and answer.origin == struct.unpack_from("!Q", message, 40)[0]:
                return answer
        return None


def request4(message, source=CLIENT4, target=SERVER4, source_port=40000):
    datagram = frames.udp(message, source, target, source_port)
    return frames.ethernet(frames.ipv4(datagram, source, target), CLIENT_MAC, SERVER_MAC, frames.IPV4)


def request6(message, source=CLIENT6, target=SERVER6, source_port=40000):
    datagram = frames.udp(message, source, target, source_port)
    return frames.ethernet(frames.ipv6(datagram, source, target), CLIENT_MAC, SERVER_MAC, frames.IPV6)


class Lab:
    start_seconds = 10

    def __init__(self, build, peers, logs):
        self.build, self.peers, self.logs = (pathlib.Path(p) for p in (build, peers, logs))
        self.home = pathlib.Path("/run")
        self.config_path, self.run_dir = self.home / "pollux.toml", self.home / "pollux"
        self.daemon, self.serial, self.failed = None, 0, False

    # Results. The runner reads these lines.

    def check(self, name, good, detail=""):
        self.failed |= not good
        print("PASS" if good else "FAIL", name, detail, sep="\t", flush=True)
        return good

    def require(self, name, good, detail=""):
        if not self.check(name, good, detail):
            raise Stop()

    def skip(self, name, reason):
        print("SKIP", name, reason, sep="\t", flush=True)

    # Commands.

    def run(self, *command, server=False, seconds=30, check=True):
        """Runs to the end and returns (exit code, output and errors)."""
        command = [str(part) for part in command]
        if server:
            command = ["ip", "netns", "exec", "server", *command]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=seconds, check=False, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout.strip()}")
        return done.returncode, done.stdout

    def spawn(self, name, *command, server=False, env=None):
        """Starts a program in the background with its own log."""
        command = [str(part) for part in command]
        if server:
            command = ["ip", "netns", "exec", "server", *command]
        self.serial += 1
        log = open(self.logs / f"{self.serial:02}-{name}.log", "wb")
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                env={**os.environ, **(env or {})})

    def log_of(self, name):
        """Text of the newest log of a program started by spawn."""
        return sorted(self.logs.glob(f"*-{name}.log"))[-1].read_text(errors="replace")

    # The network.

    def connect(self, offload=True, client_addresses=True, server_addresses=()):
        """c0 here, s0 in namespace `server`, one queue each (AF_XDP needs that)."""
        self.run("mount", "-t", "tmpfs", "tmpfs", "/run")
        self.run("ip", "netns", "add", "server")
        one = ("numrxqueues", 1, "numtxqueues", 1)
        self.run("ip", "link", "add", "c0", "address", CLIENT_MAC, *one, "type", "veth",
                 "peer", "name", "s0", "address", SERVER_MAC, *one, "netns", "server")
        quiet = "net.ipv6.conf.{}.disable_ipv6={}"
        self.run("sysctl", "-qw", quiet.format("c0", int(not client_addresses)),
                 "net.ipv6.conf.c0.accept_dad=0")
        self.run("sysctl", "-qw", quiet.format("s0", int(not server_addresses)),
                 "net.ipv6.conf.s0.accept_dad=0", server=True)
        for at, server in (("lo", False), ("c0", False), ("lo", True), ("s0", True)):
            self.run("ip", "link", "set", at, "up", server=server)
        if not offload:
            self.run("ethtool", "-K", "c0", "tx", "off")
        for text in (CLIENT4 + "/24", CLIENT6 + "/64") if client_addresses else ():
            self.run("ip", "address", "add", text, "dev", "c0")
        for text in server_addresses:
            self.run("ip", "address", "add", text, "dev", "s0", server=True)

    # The daemon.

    def configure(self, driver="af_packet", addresses=(SERVER4 + "/24", SERVER6 + "/64"), *,
                  clock="trust = true\nstratum = 1", port="", top="", path=None):
        text = f"""
[server]
run_dir = "{self.run_dir}"
[clock]
{clock}
[memory]
hugepages = false
megabytes = 128
mbufs = 4096
{top}
[[port]]
interface = "s0"
driver = "{driver}"
addresses = {json.dumps(list(addresses))}
{port}
"""
        (path or self.config_path).write_text(text)

    def start(self, wait=True):
        """Starts polluxd with the present configuration; with `wait` until it serves its status."""
        self.daemon = self.spawn("polluxd", self.build / "control/polluxd", "--config", self.config_path, server=True)
        if wait:
            until(lambda: self.observe() or self.daemon.poll() is not None, self.start_seconds)
            good = self.daemon.poll() is None and self.observe()
            self.require("polluxd starts", good, "" if good else self.complaint() or "serves no status")
        return self.daemon

    def complaint(self):
        """The end of polluxd's log when it is dead, for a failure's detail."""
        if self.daemon.poll() is None:
            return ""
        return f"exit {self.daemon.returncode}: " + " | ".join(self.log_of("polluxd").split("\n")[-4:])

    def observe(self):
        """The status document, or None when nobody serves one."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self.run_dir / "observe.sock"))
                return json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
        except (OSError, ValueError):
            return None

    def serve(self, **settings):
        """Network without client addresses, polluxd in it, and a raw wire to it."""
        self.connect(client_addresses=False)
        self.configure(**settings)
        self.start()
        wire = Wire()
        self.require("answers", until(lambda: wire.ask(seconds=0.3), 5))
        return wire

    def ctl(self, *arguments):
        return self.run(self.build / "control/polluxctl", "--socket", self.run_dir, *arguments, check=False)

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Sends the signal; returns the seconds that the daemon took to end, or None."""
        begin = time.monotonic()
        self.daemon.send_signal(number)
        try:
            self.daemon.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return time.monotonic() - begin
