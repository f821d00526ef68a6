"""Keys and cookies of pollux-ke: over rotations, kill -9 and restarts, and shared with a chronyd."""

import random
import signal
import subprocess
import threading
import time

from case_nts_ke import resolve_name
from ke import COOKIE, NAME, USUAL, Ke, records, request
from lab import SERVER4, until


def judged(ke, cookies, keys=None):
    """What tests/open_cookies says of each cookie; raises CalledProcessError where the key file is none."""
    done = subprocess.run([ke.lab.build / "tests/open_cookies", keys or ke.keys], text=True, check=True,
                          input="".join(cookie.hex() + "\n" for cookie in cookies), stdout=subprocess.PIPE)
    return done.stdout.splitlines()


def test_nts_ke_cookies(lab):
    """Cookies open with the key file, over restart, reload and two rotations; no longer after three."""
    ke = Ke(lab).start()
    issued = ke.cookies()
    lab.check("AEAD 15", len(issued) == 8 and all(word.startswith("good 15 current") for word in judged(ke, issued)),
              str(judged(ke, issued)))
    other = ke.cookies(message=request(30))
    lab.check("AEAD 30", len(other) == 8 and all(word.startswith("good 30 current") for word in judged(ke, other)),
              str(judged(ke, other)))
    lab.check("all are different", len({*issued, *other}) == 16)
    ke.stop()
    ke.start()
    lab.check("after a restart", all(word.startswith("good") for word in judged(ke, issued)))
    ke.ask_to("reload")
    lab.check("after a reload", all(word.startswith("good 15 current") for word in judged(ke, issued)))
    for number in (1, 2):
        ids = ke.key_ids()
        lab.check(f"rotation {number}", ke.ask_to("rotate").get("ok"))
        lab.check(f"rotation {number}: the next key is in force", ke.key_ids()["current"] == ids["next"])
        lab.check(f"rotation {number}: they open", all(word.startswith("good 15 old") for word in judged(ke, issued)))
        lab.check(f"rotation {number}: new ones too", all(
            word.startswith("good 15 current") for word in judged(ke, ke.cookies())))
    ke.ask_to("rotate")
    lab.check("the third takes the key", all(word.startswith("unknown") for word in judged(ke, issued)),
              str(judged(ke, issued)))


def test_nts_ke_rotation(lab):
    """Rotation by age goes on by itself, over a restart too; `never` leaves it to another program."""
    ke = Ke(lab, nts='rotate = "3s"').start()
    first = ke.key_ids()
    lab.check("rotates after three seconds", until(lambda: ke.key_ids()["current"] == first["next"], 6), ke.log()[-300:])
    ke.stop()
    time.sleep(4)
    second = ke.key_ids() if ke.start() else None
    lab.check("overdue after a restart: at once", until(lambda: first["next"] == ke.key_ids()["old"][-1:], 3),
              str(second))
    ke.stop()
    ke.configure(nts='rotate = "never"')
    ke.start()
    ids = ke.key_ids()
    reply = ke.ask_to("rotate")
    lab.check("never: the verb is refused", reply.get("ok") is False and "never" in reply.get("error", ""), str(reply))
    time.sleep(4)
    lab.check("never: nothing rotates", ke.key_ids() == ids)
    lab.check("never: the status says so", ke.observe()["rotation"]["owner"] is False, str(ke.observe()["rotation"]))
    # Another host's file, as a copy program puts it there.
    lines = ke.keys.read_text().splitlines()
    fresh = ke.keys.with_name("copied")
    fresh.write_text("\n".join(lines[:2] + lines[3:] + ["%08X " % (int(lines[2][:8], 16) ^ 0xABCD0000) + "5A" * 32])
                     + "\n")
    fresh.chmod(0o600)
    fresh.rename(ke.keys)
    lab.check("never: a new file is followed", until(lambda: ke.key_ids()["current"] == ids["next"], 5), ke.log()[-300:])
    lab.check("never: and used", all(word.startswith("good 15 current") for word in judged(ke, ke.cookies())))
    ke.keys.write_text("\n".join(lines[:4]))
    lab.check("damaged: told", until(lambda: ke.observe()["state"] == "degraded", 5), ke.observe()["status"])
    lab.check("damaged: the last good ones stay", len(ke.cookies()) == 8 and ke.key_ids()["current"] == ids["next"])


def test_nts_ke_kill(lab):
    """kill -9 at any point of a rotation: the file is the old ring or the new one, whole, and cookies open."""
    ke, pick = Ke(lab), random.Random(4)
    whole, opened, rotations = 0, 0, 0
    rounds = 25
    for _ in range(rounds):
        ke.start(wait=False)
        until(ke.observe, 10, pause=0.01)
        issued = ke.cookies()
        before = ke.key_ids()["current"]
        asked = threading.Thread(target=lambda: [ke.ask_to("rotate"), ke.ask_to("rotate")], daemon=True)
        asked.start()
        time.sleep(pick.choice((0, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005)))
        ke.stop(signal.SIGKILL)
        asked.join()
        try:
            words = judged(ke, issued)
            whole += 1
        except subprocess.CalledProcessError:
            continue
        opened += len(issued) == 8 and all(word.startswith("good") for word in words)
        rotations += not words[0].endswith(f"current {before[0]}") if words else 0
    lab.note("kill -9", f"{rounds} times, {rotations} of them behind at least one rotation")
    lab.check("the file is always whole", whole == rounds, f"{whole} of {rounds}")
    lab.check("cookies always open", opened == rounds, f"{opened} of {rounds}")
    lab.check("there were rotations", rotations > 0, str(rotations))
    ke.start()
    lab.check("and it answers", len(ke.cookies()) == 8)
    left = sorted(path.name for path in ke.home.iterdir() if path.name.startswith(("ntskeys.", ".ntskeys")))
    lab.check("at most one leftover", len(left) <= 1, str(left))


def chronyd_server(lab, ke, rotate):
    """A chronyd in namespace `server`: NTP at port 123, key establishment at 4461, keys in ke.home."""
    home = lab.home / "chronyd-server"
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "conf").write_text(
        f"local stratum 1\nallow\nport 123\ncmdport 0\nbindcmdaddress {home}/sock\npidfile {home}/pid\n"
        f"ntsservercert {ke.chain}\nntsserverkey {ke.key}\nntsport 4461\nntsdumpdir {ke.home}\nntsrotate {rotate}\n")
    lab.spawn("chronyd-server", lab.peers / "chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf",
              server=True)
    until((home / "pid").exists)
    return home


def chronyc(lab, home, *command):
    return lab.run(lab.peers / "chrony/usr/bin/chronyc", "-c", "-N", "-h", home / "sock", *command, check=False)[1]


def accepted(lab, ke, name):
    """Whether a chronyd client with cookies of pollux-ke is answered with authentication; and what it says."""
    home = lab.home / name
    home.mkdir(mode=0o700)
    (home / "conf").write_text(
        f"server {NAME} nts iburst minpoll 1 maxpoll 1\nntstrustedcerts {ke.authority.file}\nport 0\ncmdport 0\n"
        f"bindcmdaddress {home}/sock\npidfile {home}/pid\n")
    lab.spawn(name, lab.peers / "chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf")
    until(lambda: "^,*," in chronyc(lab, home, "sources"), 15, pause=0.2)
    auth = chronyc(lab, home, "authdata").strip().split(",")
    # Column 8 counts NAKs, 9 is the number of cookies in hand.
    good = "^,*," in chronyc(lab, home, "sources") and auth[1:4] == ["NTS", "1", "15"] and auth[7:9] == ["0", "8"]
    return good, ",".join(auth)


def test_nts_ke_chronyd_server(lab):
    """A chronyd server accepts cookies of pollux-ke from the shared key file, also those of one rotation ahead."""
    if not (lab.peers / "chrony").is_dir():
        lab.skip("chronyd", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = Ke(lab).start()
    resolve_name(lab, SERVER4)
    home = chronyd_server(lab, ke, rotate=0)
    lab.check("cookies of pollux-ke are accepted", *accepted(lab, ke, "client1"))
    ke.ask_to("rotate")
    lab.check("sealed with what chronyd has as the next key", *accepted(lab, ke, "client2"))
    ke.ask_to("rotate")
    chronyc(lab, home, "rekey")
    lab.check("after another rotation and rekey", *accepted(lab, ke, "client3"))
    stats = chronyc(lab, home, "serverstats").strip().split(",")
    lab.check("chronyd counts authenticated packets", len(stats) > 7 and int(stats[7]) > 6, ",".join(stats))


def test_nts_ke_chronyd_keys(lab):
    """Cookies of a chronyd open with its key file, and pollux-ke follows and uses that file."""
    if not (lab.peers / "chrony").is_dir():
        lab.skip("chronyd", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = Ke(lab, nts='rotate = "never"')
    chronyd_server(lab, ke, rotate=20)
    lab.require("chronyd writes its keys", until(ke.keys.exists, 5), lab.log_of("chronyd-server")[-200:])

    def of_chronyd():
        with ke.connect(port=4461) as raw, ke.trust.wrap_socket(raw, server_hostname=NAME) as tls:
            tls.sendall(USUAL)
            return [body for _, kind, body in records(b"".join(iter(lambda: tls.recv(4096), b""))) if kind == COOKIE]

    issued = of_chronyd()
    words = judged(ke, issued)
    lab.check("cookies of chronyd open", len(words) == 8 and all(word.startswith("good 15 current") for word in words),
              str(words))
    ke.start()
    lab.check("pollux-ke has the same key", ke.key_ids()["current"] == [words[0].split()[-1]], str(ke.key_ids()))
    resolve_name(lab, SERVER4)
    lab.check("chronyd accepts cookies of pollux-ke", *accepted(lab, ke, "client1"))
    ids = ke.key_ids()
    lab.check("chronyd rotates, pollux-ke follows", until(lambda: ke.key_ids()["current"] == ids["next"], 25),
              ke.log()[-300:])
    lab.check("and chronyd accepts its cookies", *accepted(lab, ke, "client2"))
