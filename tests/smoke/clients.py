"""Real NTP clients, started beside each other. Each class runs one program for both families and says
for each server whether the program accepts it. None may set the clock: the lab has no such right.
"""

import os
import re
import time

from daemon_lab import until

PYTHON = "/usr/bin/python3"


class Chronyd:
    """chronyd 4.3, one for each server, so that each must be selected on its own."""

    package = "chrony"

    def __init__(self, lab, servers):
        self.lab, self.root = lab, lab.peers / "chrony/usr"
        self.homes = {}
        for number, server in enumerate(servers):
            home = lab.home / f"chrony{number}"
            home.mkdir(mode=0o700)
            (home / "conf").write_text(
                f"server {server} iburst minpoll 1 maxpoll 1\nport 0\ncmdport 0\n"
                f"bindcmdaddress {home}/sock\npidfile {home}/pid\n")
            lab.spawn(f"chronyd{number}", self.root / "sbin/chronyd", "-x", "-d", "-u", "root",
                      "-f", home / "conf")
            self.homes[server] = home

    def accepts(self, server):
        _, out = self.lab.run(self.root / "bin/chronyc", "-c", "-n", "-h", self.homes[server] / "sock",
                              "sources", check=False)
        return f"^,*,{server}," in out, out.strip()


class Ntpdig:
    """ntpdig 1.2.2, asks once; accepts when it prints an offset."""

    package = "ntpsec-ntpdig"

    def __init__(self, lab, servers):
        self.lab = lab

    def accepts(self, server):
        modules = self.lab.peers / "python3-ntp/usr/lib/python3/dist-packages"
        libraries = self.lab.peers / "python3-ntp/usr/lib/x86_64-linux-gnu/ntp"
        code, out = self.lab.run("env", f"PYTHONPATH={modules}", f"LD_LIBRARY_PATH={libraries}", PYTHON,
                                 self.lab.peers / "ntpsec-ntpdig/usr/bin/ntpdig", "-t", "2", server,
                                 check=False)
        return code == 0 and re.search(rf"[+-]\d+\.\d+ \+/- .* {server} s1 no-leap", out), out.strip()


class Ntpsec:
    """ntpsec's ntpd 1.2.2; accepts when ntpq's tally code is one of a survivor."""

    package = "ntpsec"

    def __init__(self, lab, servers):
        self.lab = lab
        conf = lab.home / "ntpsec.conf"
        conf.write_text("disable ntp\nrestrict default noquery\nrestrict 127.0.0.1\n" + "".join(
            f"server {server} iburst minpoll 3 maxpoll 3\n" for server in servers))
        lab.spawn("ntpsec", lab.peers / "ntpsec/usr/sbin/ntpd", "-n", "-c", conf)

    def accepts(self, server):
        modules = self.lab.peers / "python3-ntp/usr/lib/python3/dist-packages"
        libraries = self.lab.peers / "python3-ntp/usr/lib/x86_64-linux-gnu/ntp"
        _, out = self.lab.run("env", f"PYTHONPATH={modules}", f"LD_LIBRARY_PATH={libraries}", PYTHON,
                              self.lab.peers / "ntpsec/usr/bin/ntpq", "-n", "-p", "-w", "127.0.0.1",
                              check=False)
        return re.search(rf"^[*+#o-]{server}\s", out, re.MULTILINE), out.strip()


class Openntpd:
    """OpenBSD's ntpd 6.2p3; accepts when its trust in the peer has reached its own threshold of 6."""

    package = "openntpd"

    def __init__(self, lab, servers):
        self.lab, home = lab, lab.home / "openntpd"
        home.mkdir(mode=0o755)
        # It wants a user and fixed folders of its own; only this mount namespace sees these.
        lab.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib")
        os.makedirs("/var/lib/openntpd/run")
        os.makedirs("/var/lib/openntpd/db")
        for path, line in (("/etc/passwd", f"ntpd:x:64123:64123::{home}:/bin/false\n"),
                           ("/etc/group", "ntpd:x:64123:\n")):
            copy = lab.home / path.rsplit("/", 1)[1]
            with open(path, encoding="utf-8") as original:
                copy.write_text(original.read() + line)
            lab.run("mount", "--bind", copy, path)
        (home / "conf").write_text("".join(f"server {server}\n" for server in servers))
        lab.spawn("openntpd", lab.peers / "openntpd/usr/sbin/ntpd", "-d", "-v", "-f", home / "conf",
                  "-p", home / "pid")

    def accepts(self, server):
        _, out = self.lab.run(self.lab.peers / "openntpd/usr/sbin/ntpctl", "-s", "peers", check=False)
        trust = re.search(rf"^{server}.*\n\s+\*?\s*\d+\s+(\d+)\s", out, re.MULTILINE)
        return trust and int(trust[1]) >= 6, out.strip()


ALL = (Chronyd, Ntpdig, Ntpsec, Openntpd)


def _chronyd(lab, name, *lines, cpus, server=False):
    """Starts chronyd with that configuration and no right to set a clock; returns the process and its folder."""
    home = lab.home / name
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "conf").write_text("\n".join([*lines, "cmdport 0", f"bindcmdaddress {home}/sock",
                                          f"pidfile {home}/pid", f"logdir {home}", ""]))
    process = lab.spawn(name, "taskset", "-c", cpus, lab.peers / "chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root",
                        "-f", home / "conf", server=server)
    until((home / "pid").exists)
    return process, home


def serve_chronyd(lab, cpus):
    """chronyd as a server of this machine's clock."""
    return _chronyd(lab, "chronyd-server", "local stratum 1", "allow", cpus=cpus, server=True)[0]


def offsets_to(lab, server, seconds, cpus):
    """The offsets in seconds that a chronyd measures to the server, 64 times a second. `noselect`: else it would
    correct a clock of its own by what it measures, and any constant error would vanish.
    """
    process, home = _chronyd(lab, "chronyd-client", f"server {server} minpoll -6 maxpoll -6 noselect",
                             "port 0", "log rawmeasurements", cpus=cpus)
    log = home / "measurements.log"
    time.sleep(seconds)
    process.terminate()
    process.wait(10)
    rows = [line.split() for line in log.read_text().splitlines()]
    log.unlink()
    return [float(row[11]) for row in rows if row[2:3] == [server]]
