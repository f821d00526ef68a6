"""polluxd and pollux-ke beside each other: one configuration, one key file, and polluxctl nts."""

import json
import signal
import threading
import time

from ke import Ke
from lab import Wire, until


def both(lab, nts="", ke="", start=("polluxd", "pollux-ke")):
    """Both programs of one configuration file."""
    lab.connect(client_addresses=False)
    establishment = Ke(lab, connect=False)

    def configure(nts=nts, ke=ke):
        lab.configure(top=f"""[nts]
enabled = true
key_file = "{establishment.keys}"
{nts}
[ke]
certificate = "{establishment.chain}"
private_key = "{establishment.key}"
{ke}""")

    configure()
    if "polluxd" in start:
        lab.start()
    if "pollux-ke" in start:
        establishment.start()
    establishment.configure = configure
    return establishment


def of_polluxd(lab):
    """What polluxd says of its keys."""
    return lab.observe()["nts"]


def ids(keys):
    return [(key["use"], key["id"]) for key in keys]


def same_keys(lab, ke):
    return ids(of_polluxd(lab)["keys"]) == ids(ke.observe()["keys"])


def test_nts_polluxd_follows(lab):
    """polluxd starts without keys, takes those of pollux-ke, and every ring that comes; requests are answered."""
    ke = both(lab, start=["polluxd"])
    wire = Wire()
    lab.check("answers without keys", until(lambda: wire.ask(seconds=0.3), 5))
    missing = f"{ke.keys}: does not exist"
    lab.check("says so", of_polluxd(lab)["trouble"] == missing and not of_polluxd(lab)["keys"], str(of_polluxd(lab)))
    lab.check("warns of it", f"NTS: {missing}; there are no keys yet" in lab.observe()["warnings"])
    code, out = lab.ctl("nts", "status")
    lab.check("no pollux-ke is an error", code == 1 and "is pollux-ke running?" in out, f"{code} {out}")
    ke.start()
    lab.check("takes the first keys within a second", until(lambda: same_keys(lab, ke), 1), str(of_polluxd(lab)))
    code, out = lab.ctl("nts", "status")
    lab.check("all is well", code == 0 and "has the same current key" in out, f"{code} {out}")

    lost, asked, done = [], 0, threading.Event()

    def keep_asking():
        nonlocal asked
        own = Wire()
        while not done.is_set():
            asked += 1
            if not own.ask(source_port=41000):
                lost.append(asked)

    asker = threading.Thread(target=keep_asking, daemon=True)
    asker.start()
    followed = []
    for _ in range(10):
        code, _ = lab.ctl("nts", "rotate")
        followed.append(code == 0 and until(lambda: same_keys(lab, ke), 1, pause=0.02))
        time.sleep(0.1)
    done.set()
    asker.join()
    lab.check("follows ten rotations, each within a second", all(followed), str(followed))
    lab.check("no request is lost meanwhile", asked > 10 and not lost, f"{len(lost)} of {asked} lost")


def test_nts_polluxd_trouble(lab):
    """A file in trouble, a pollux-ke that is gone, a polluxd that starts again: keys stay, exit codes tell."""
    ke = both(lab)
    lab.require("both have keys", until(lambda: same_keys(lab, ke), 2))
    before = ids(of_polluxd(lab)["keys"])
    ke.keys.chmod(0o644)
    lab.check("others may read it: told by both", until(
        lambda: "mode 0644" in str(of_polluxd(lab)["trouble"]) and ke.observe()["state"] == "degraded", 2))
    for verb in ("status", "keys"):
        code, out = lab.ctl("nts", verb)
        lab.check(f"nts {verb}: degraded", code == 2, f"{code} {out}")
    lab.check("keys stay", ids(of_polluxd(lab)["keys"]) == before)
    ke.keys.chmod(0o600)
    lab.check("mended", until(lambda: lab.ctl("nts", "status")[0] == 0, 2), lab.ctl("nts", "status")[1])

    held = ke.keys.read_text()
    ke.keys.write_text(held[:150])
    lab.check("half a file: told", until(lambda: of_polluxd(lab)["trouble"], 2))
    lab.check("half a file: keys stay", ids(of_polluxd(lab)["keys"]) == before)
    lab.check("a rotation mends it", lab.ctl("nts", "rotate")[0] == 0 and until(
        lambda: same_keys(lab, ke) and not of_polluxd(lab)["trouble"], 2), str(of_polluxd(lab)))

    ke.stop(signal.SIGKILL)
    code, out = lab.ctl("nts", "keys")
    lab.check("without pollux-ke its keys are shown, as an error", code == 1 and "current" in out, f"{code} {out}")
    lab.stop(signal.SIGKILL)
    lab.start()
    ke.start()
    lab.check("after kill -9 of both all is well", until(lambda: lab.ctl("nts", "status")[0] == 0, 2),
              lab.ctl("nts", "status")[1])


def test_nts_polluxd_reload(lab):
    """Each program takes what is its own of a changed file; rotation can be left to another host."""
    ke = both(lab)
    until(lambda: same_keys(lab, ke), 2)
    ke.configure(ke="cookies = 3\nworkers = 2")
    code, out = lab.ctl("reload")
    lab.check("polluxd does not mind [ke]", code == 0, out)
    code, out = lab.ctl("nts", "reload")
    lab.check("pollux-ke does", code == 1 and "ke.workers" in out, out)
    ke.configure(ke="cookies = 3")
    code, out = lab.ctl("nts", "reload")
    lab.check("and takes the rest", code == 0, out)
    ke.configure(nts='rotate = "never"')
    lab.check("rotation is left to another host", lab.ctl("nts", "reload")[0] == 0)
    code, out = lab.ctl("nts", "rotate")
    lab.check("so it is refused here", code == 1 and 'nts.rotate is "never"' in out, out)
    code, out = lab.ctl("nts", "status")
    lab.check("and shown", code == 0 and "rotated by another program" in out, f"{code} {out}")


def test_nts_polluxd_secrets(lab):
    """Roles: pollux-ke as a user of its own, the file shared by a group; no key is in a log or a document."""
    ke = both(lab, nts='key_group = "nogroup"', ke='user = "nobody"', start=["polluxd"])
    lab.run("chown", "-R", "nobody", ke.home)
    ke.start()
    lab.check("polluxd has its keys", until(lambda: same_keys(lab, ke), 2), str(of_polluxd(lab)))
    lab.check("polluxctl sees both", lab.ctl("nts", "rotate")[0] == 0 and until(
        lambda: lab.ctl("nts", "status")[0] == 0, 2), lab.ctl("nts", "status")[1])
    file = ke.keys.stat()
    lab.check("user nobody, group nogroup, mode 0640",
              (file.st_uid, file.st_gid, file.st_mode & 0o777) == (65534, 65534, 0o640), str(file))
    secrets = [word for line in ke.keys.read_text().splitlines() for word in line.split() if len(word) == 64]
    lab.require("four keys", len(secrets) == 4)
    told = "".join([json.dumps(lab.observe()), json.dumps(ke.observe()), lab.ctl("nts", "keys")[1],
                    lab.ctl("nts", "status", "-o", "json")[1], lab.log_of("polluxd"), lab.log_of("pollux-ke")])
    shown = [secret for secret in secrets if secret[:12].lower() in told.lower()]
    lab.check("no key is told", not shown)
