"""NTS from end to end: clients of other projects get their keys from pollux-ke and the time from polluxd, through
rotations and restarts.
"""

from case_nts_ke import resolve_name
from clients import PYTHON
from ke import NAME, Ke
from lab import SERVER4, SPARE4, until

POLL_SECONDS = 2


def serve(lab, rotate="7d", addresses=(SPARE4 + "/24",)):
    """pollux-ke at the kernel's address, polluxd at another one that the NTPv4 server record tells."""
    ke = Ke(lab)
    lab.configure(addresses=addresses, top=f"""
[nts]
enabled = true
key_file = "{ke.keys}"
rotate = "{rotate}"
[ke]
certificate = "{ke.chain}"
private_key = "{ke.key}"
sessions_per_address = 0
ntp_server = "{SPARE4}"
""")
    ke.start()
    lab.start()
    resolve_name(lab, SERVER4)
    return ke


def counted(lab, verdict):
    verdicts = lab.observe()["serverstats"]["verdicts"]
    return next(row["count"] for row in verdicts if row["name"] == verdict)


class Chronyd:
    """chronyd with `nts`."""

    def __init__(self, lab, ke):
        self.lab, self.root, self.home = lab, lab.peers / "chrony/usr", lab.home / "chrony"
        self.home.mkdir(mode=0o700)
        (self.home / "conf").write_text(
            f"server {NAME} nts iburst minpoll 1 maxpoll 1\nntstrustedcerts {ke.authority.file}\nport 0\ncmdport 0\n"
            f"bindcmdaddress {self.home}/sock\npidfile {self.home}/pid\n")
        lab.spawn("chronyd", self.root / "sbin/chronyd", "-x", "-d", "-u", "root", "-f", self.home / "conf")

    def tell(self, *verb):
        _, out = self.lab.run(self.root / "bin/chronyc", "-c", "-N", "-h", self.home / "sock", *verb, check=False)
        return out.strip().split(",")

    def has_selected(self):
        return self.tell("sources")[:3] == ["^", "*", NAME]

    def nts(self):
        """Attempts at key establishment, NAKs, cookies at hand, octets of a cookie; None before there are any."""
        row = self.tell("authdata")
        return tuple(int(number) for number in row[6:10]) if len(row) == 10 and row[1] == "NTS" else None


def goes_on(lab, client, what, polls=8):
    """More authenticated replies come, and no NAK."""
    before, naks = counted(lab, "reply_nts"), counted(lab, "reply_nts_nak")
    more = until(lambda: counted(lab, "reply_nts") >= before + polls, POLL_SECONDS * polls + 15, pause=0.5)
    lab.check(f"{what}: authenticated replies go on", more, f"{counted(lab, 'reply_nts') - before} of {polls}")
    lab.check(f"{what}: no NAK", counted(lab, "reply_nts_nak") == naks, str(counted(lab, "reply_nts_nak")))
    attempts, client_naks, cookies, length = client.nts() or (0,) * 4
    lab.check(f"{what}: the client has its cookies", (client_naks, cookies, length) == (0, 8, 100) and attempts == 0,
              f"attempts {attempts}, NAKs {client_naks}, cookies {cookies} of {length}")
    lab.check(f"{what}: chronyd keeps it selected", client.has_selected(), str(client.tell("sources")))


def same_current_key(lab, ke):
    current = [key["id"] for key in lab.observe()["nts"]["keys"] if key["use"] == "current"]
    return current == ke.key_ids()["current"]


def test_nts_chronyd(lab):
    """chronyd 4.3 through rotations of the keys and restarts of either program."""
    if not (lab.peers / "chrony").is_dir():
        lab.skip("NTS with chronyd", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = serve(lab)
    client = Chronyd(lab, ke)
    lab.require("chronyd selects Pollux", until(client.has_selected, 30, pause=0.2),
                lab.log_of("chronyd")[-300:] + str(client.tell("authdata")))
    lab.check("by authenticated replies alone", counted(lab, "reply_plain") == 0 and counted(lab, "reply_nts") > 0,
              f"{counted(lab, 'reply_plain')} plain, {counted(lab, 'reply_nts')} authenticated")
    goes_on(lab, client, "at first")
    for number in (1, 2):
        lab.check(f"rotation {number}", ke.ask_to("rotate").get("ok"))
        lab.check(f"rotation {number}: polluxd follows within two seconds", until(lambda: same_current_key(lab, ke), 2))
        goes_on(lab, client, f"after rotation {number}")
    lab.stop()
    lab.start()
    goes_on(lab, client, "after a restart of polluxd")
    ke.stop()
    ke.start()
    goes_on(lab, client, "after a restart of pollux-ke")
    lab.check("no request was dropped", not any(
        row["count"] for row in lab.observe()["serverstats"]["verdicts"] if row["name"].startswith("drop_nts")))
    document = lab.observe()
    lab.check("cookies are counted", document["nts"]["cookies"] >= counted(lab, "reply_nts"), str(document["nts"]))
    lab.check("NTS counts as answered", document["requests"]["answered"] >= counted(lab, "reply_nts"))


def test_nts_lost_keys(lab):
    """The keys are gone: clients get NAKs, and with them new cookies."""
    if not (lab.peers / "chrony").is_dir():
        lab.skip("NTS with lost keys", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = serve(lab)
    client = Chronyd(lab, ke)
    lab.require("chronyd selects Pollux", until(client.has_selected, 30, pause=0.2), lab.log_of("chronyd")[-300:])
    ke.stop()
    ke.keys.unlink()
    ke.start()
    lab.require("polluxd takes the new keys", until(lambda: same_current_key(lab, ke), 15))
    lab.check("the client is told by a NAK", until(lambda: counted(lab, "reply_nts_nak") > 0, 15))
    lab.check("unknown keys are counted", sum(lab.observe()["nts"]["unknown_keys"]) > 0)
    before = counted(lab, "reply_nts")
    lab.check("it gets new cookies by itself", until(lambda: counted(lab, "reply_nts") >= before + 4, 60, pause=0.5),
              str(client.tell("authdata")))


def test_nts_ntpsec(lab):
    """ntpsec's ntpd."""
    if not (lab.peers / "ntpsec").is_dir():
        lab.skip("NTS with ntpsec", f"ntpsec is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = serve(lab)
    conf = lab.home / "ntpsec.conf"
    conf.write_text(f"disable ntp\nrestrict default noquery\nrestrict 127.0.0.1\n"
                    f"server {NAME} nts ca {ke.authority.file} iburst minpoll 3 maxpoll 3\n")
    lab.spawn("ntpsec", lab.peers / "ntpsec/usr/sbin/ntpd", "-n", "-c", conf)

    def peers():
        modules = lab.peers / "python3-ntp/usr/lib/python3/dist-packages"
        libraries = lab.peers / "python3-ntp/usr/lib/x86_64-linux-gnu/ntp"
        return lab.run("env", f"PYTHONPATH={modules}", f"LD_LIBRARY_PATH={libraries}", PYTHON,
                       lab.peers / "ntpsec/usr/bin/ntpq", "-n", "-p", "-w", "127.0.0.1", check=False)[1]

    lab.check("ntpd selects Pollux", until(lambda: f"*{SPARE4}" in peers(), 60, pause=0.5), peers())
    lab.check("by authenticated replies", counted(lab, "reply_nts") >= 4, str(counted(lab, "reply_nts")))
    lab.check("no NAK", counted(lab, "reply_nts_nak") == 0)

