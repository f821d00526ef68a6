"""polluxd without a PHC, on a kernel of its own, and what other programs say of it and of the mock PHC."""

import pathlib

import clients
from lab import SERVER4, until


def test_system_source(lab):
    """The kernel's clock is served; a real client accepts it."""
    lab.connect()
    lab.configure()
    lab.start()
    client = clients.Chronyd(lab, (SERVER4,))
    lab.check("chronyd accepts it", until(lambda: client.accepts(SERVER4)[0], 30), client.accepts(SERVER4)[1])
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def test_chronyd_on_mock_phc(lab):
    """To chronyd the mock is a PHC like others."""
    path = lab.load_phc()
    home = pathlib.Path("/run/chrony")
    home.mkdir(mode=0o700)
    (home / "conf").write_text(f"refclock PHC {path} poll 0 dpoll -2 refid MOCK\nport 0\ncmdport 0\n"
                               f"bindcmdaddress {home}/sock\npidfile {home}/pid\n")
    root = lab.peers / "chrony/usr"
    lab.spawn("chronyd", root / "sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf")

    def tracking():
        _, out = lab.run(root / "bin/chronyc", "-c", "-h", home / "sock", "tracking", check=False)
        return out.strip().split(",")

    lab.require("selected", until(lambda: tracking()[1:2] == ["MOCK"], 30), str(tracking()))
    offset = float(tracking()[4])
    lab.check("offset", abs(offset) < 1e-4, f"{offset} s")
