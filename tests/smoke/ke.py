"""pollux-ke at the far end of the cable with a throw-away certificate, and a client of key establishment."""

import itertools
import json
import os
import pathlib
import signal
import socket
import ssl
import struct
import subprocess
import time

from lab import SERVER4, SERVER6, until

NAME, PORT = "ke.example", 4460
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
COOKIE, ERROR = 5, 2


def records(message):
    """[(critical, type, body)] of a message; raises ValueError where it is none."""
    found = []
    while message:
        if len(message) < 4 or len(message) < 4 + struct.unpack(">H", message[2:4])[0]:
            raise ValueError(f"half a record: {message.hex()}")
        kind, length = struct.unpack(">HH", message[:4])
        found.append((bool(kind >> 15), kind & 0x7fff, message[4:4 + length]))
        message = message[4 + length:]
    if not found or found[-1] != (True, 0, b""):
        raise ValueError(f"no end of the message: {found}")
    return found


def request(*algorithms):
    body = struct.pack(f">{len(algorithms)}H", *algorithms)
    return bytes.fromhex("800100020000 8004") + struct.pack(">H", len(body)) + body + bytes.fromhex("80000000")


USUAL = request(15)


class Authority:
    """A certificate authority for one case, by openssl's command line."""

    def __init__(self, lab, folder):
        self.lab, self.folder, self.serial = lab, pathlib.Path(folder), itertools.count(1)
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.file = self.folder / "ca.pem"
        lab.run("openssl", "req", "-x509", *CURVE, "-keyout", self.folder / "ca.key", "-out", self.file, "-days", 30,
                "-subj", "/CN=throw-away authority", "-addext", "keyUsage=critical,keyCertSign")

    def issue(self, common_name=NAME, days=20):
        """(chain, key) as text."""
        base = self.folder / f"issued{next(self.serial)}"
        key, asked, names, made = (base.with_suffix(end) for end in (".key", ".csr", ".ext", ".pem"))
        names.write_text(f"subjectAltName=DNS:{NAME},DNS:localhost,IP:{SERVER4},IP:{SERVER6},IP:127.0.0.1\n")
        self.lab.run("openssl", "req", "-new", *CURVE, "-keyout", key, "-out", asked, "-subj", f"/CN={common_name}")
        self.lab.run("openssl", "x509", "-req", "-in", asked, "-CA", self.file, "-CAkey", self.folder / "ca.key",
                     "-days", days, "-extfile", names, "-out", made)
        return made.read_text() + self.file.read_text(), key.read_text()


def put(path, text, mode=0o600):
    """A new file takes the place of the old one, as renewal programs do it."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.rename(path)


class Ke:
    """pollux-ke in namespace `server`; the cable has addresses at both ends."""

    def __init__(self, lab, connect=True, **settings):
        self.lab, self.daemon = lab, None
        if connect:
            lab.connect(server_addresses=(SERVER4 + "/24", SERVER6 + "/64"))
        self.home = lab.home / "ke"
        self.authority = Authority(lab, self.home)
        self.chain, self.key, self.keys = (self.home / name for name in ("chain.pem", "key.pem", "ntskeys"))
        self.install(*self.authority.issue())
        self.configure(**settings)
        self.trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.trust.minimum_version = ssl.TLSVersion.TLSv1_3
        self.trust.load_verify_locations(self.authority.file)
        self.trust.set_alpn_protocols(["ntske/1"])

    def install(self, chain, key):
        put(self.chain, chain, 0o644)
        put(self.key, key)

    def configure(self, ke="sessions_per_address = 0", nts=""):
        self.lab.config_path.write_text(f"""
[server]
run_dir = "{self.lab.run_dir}"
[nts]
key_file = "{self.keys}"
{nts}
[ke]
certificate = "{self.chain}"
private_key = "{self.key}"
{ke}
""")

    # The program.

    def start(self, wait=True, limit=None):
        """Starts pollux-ke; with `wait` until it serves. `limit`: descriptors that it may open, without a right to
        more."""
        command = [self.lab.build / "control/pollux-ke", "--config", self.lab.config_path]
        if limit:
            command = ["prlimit", f"--nofile={limit}:{limit}", "setpriv", "--bounding-set=-sys_resource", *command]
        self.daemon = self.lab.spawn("pollux-ke", *command, server=True)
        if wait:
            until(lambda: self.observe() or self.daemon.poll() is not None, 10)
            self.lab.require("pollux-ke starts", self.daemon.poll() is None and self.observe(), self.complaint())
        return self

    def complaint(self):
        if self.daemon.poll() is None:
            return ""
        return f"exit {self.daemon.returncode}: " + self.log()[-400:]

    def log(self):
        """Its newest log in one line, for a failure's detail."""
        return " | ".join(self.lab.log_of("pollux-ke").splitlines())

    def stop(self, number=signal.SIGTERM, seconds=10):
        """Seconds that it took to end, or None."""
        begin = time.monotonic()
        self.daemon.send_signal(number)
        try:
            self.daemon.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return time.monotonic() - begin

    def _talk(self, name, line=None):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self.lab.run_dir / name))
                if line:
                    client.sendall(line)
                return json.loads(b"".join(iter(lambda: client.recv(65536), b"")))
        except (OSError, ValueError):
            return None

    def observe(self):
        return self._talk("pollux-ke/observe.sock")

    def ask_to(self, verb):
        """The reply of the control socket."""
        return self._talk("pollux-ke/control.sock", json.dumps({"verb": verb}).encode() + b"\n") or {}

    def sessions(self):
        return (self.observe() or {}).get("sessions", {})

    def key_ids(self):
        """use -> ids, of the status document."""
        ids = {}
        for key in self.observe()["keys"]:
            ids.setdefault(key["use"], []).append(key["id"])
        return ids

    # Clients.

    def connect(self, server=SERVER4, seconds=10, port=PORT):
        raw = socket.create_connection((server, port), seconds)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return raw

    def session(self, message=USUAL, server=SERVER4, seconds=10):
        """Records of the answer. Raises OSError or ValueError where there is no good one."""
        with self.connect(server, seconds) as raw, self.trust.wrap_socket(raw, server_hostname=NAME) as tls:
            tls.sendall(message)
            return records(b"".join(iter(lambda: tls.recv(4096), b"")))

    def cookies(self, **settings):
        """Cookies of a session, [] where it fails."""
        try:
            return [body for _, kind, body in self.session(**settings) if kind == COOKIE]
        except (OSError, ValueError):
            return []

    def subject(self, server=SERVER4):
        """Common name of the certificate that is shown."""
        with self.connect(server) as raw, self.trust.wrap_socket(raw, server_hostname=NAME) as tls:
            return dict(pair for part in tls.getpeercert()["subject"] for pair in part)["commonName"]

    def s_client(self, *options, message=USUAL, server=SERVER4):
        """(exit code, output) of `openssl s_client`."""
        where = f"[{server}]:{PORT}" if ":" in server else f"{server}:{PORT}"
        done = subprocess.run(
            ["openssl", "s_client", "-connect", where, "-CAfile", str(self.authority.file), "-verify_return_error",
             "-servername", NAME, *options], input=message, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=15, check=False)
        return done.returncode, done.stdout

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
