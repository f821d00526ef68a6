"""polluxd at the far end of a veth pair, this process at the near one: the world of a case of tests/smoke and
tests/vm. The runner has put the process into fresh mount, network and process namespaces; when it ends, the
kernel takes everything in them away.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from cases import Stop

CLIENT4, CLIENT6 = "198.18.0.2", "2001:db8::2"
SERVER4, SERVER6 = "198.18.0.1", "2001:db8::1"
SPARE4, SPARE6 = "198.18.0.9", "2001:db8::9"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:02", "02:00:00:00:00:01"
DRIVERS = ("af_packet", "af_xdp")


def until(condition, seconds=10, pause=0.05):
    """Polls until the condition holds; returns its last value."""
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(pause)
    return value


class DaemonLab:
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

    def note(self, name, text):
        """A figure for the reader, shown whatever comes out."""
        print("NOTE", name, text, sep="\t", flush=True)

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
                  clock="trust = true\nstratum = 1", port="", top="", path=None, device=None,
                  hugepages=False):
        """`device`: the lines that name the port's, in place of the interface s0 with `driver`."""
        device = device or f'interface = "s0"\ndriver = "{driver}"'
        text = f"""
[server]
run_dir = "{self.run_dir}"
[clock]
{clock}
[memory]
hugepages = {str(hugepages).lower()}
megabytes = 128
mbufs = 4096
{top}
[[port]]
{device}
{"" if addresses is None else f"addresses = {json.dumps(list(addresses))}"}
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
                client.connect(str(self.run_dir / "polluxd/observe.sock"))
                return json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
        except (OSError, ValueError):
            return None

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
