"""Life of the daemon: start, stop, crash, second instance, reload, links, and polluxctl beside it."""

import json
import re
import signal
import threading
import time

from scapy.layers.l2 import ARP, Ether

from lab import CLIENT_MAC, DRIVERS, SERVER4, SERVER6, SERVER_MAC, SPARE4, SPARE6, Wire, until


def status_of(lab, name):
    return lab.observe()["ports"][0][name]


def test_stop(lab, driver=DRIVERS):
    """A signal ends it in under a second (of three, the middle one) and nothing is left behind."""
    wire = lab.serve(driver=driver)
    for number in (signal.SIGTERM, signal.SIGINT):
        name, took = number.name, []
        for _ in range(3):
            took.append(lab.stop(number) or 99)
            lab.check(f"{name}: exit code 0", lab.daemon.poll() == 0, f"{lab.daemon.poll()}")
            left = sorted(path.name for path in lab.run_dir.glob("*/*.sock"))
            lab.check(f"{name}: no socket stays", not left, " ".join(left))
            _, link = lab.run("ip", "link", "show", "s0", server=True)
            lab.check(f"{name}: no XDP program stays", "xdp" not in link, link.strip())
            lab.check(f"{name}: no more answers", not wire.ask(seconds=0.3))
            lab.start()
            lab.check(f"{name}: starts again", until(lambda: wire.ask(seconds=0.3), 5), lab.complaint())
        lab.check(f"{name}: under a second", sorted(took)[1] < 1, f"{took} s")


def test_crash(lab, driver=DRIVERS):
    """After kill -9 it starts again by itself: stale sockets, lock and XDP program do not matter."""
    wire = lab.serve(driver=driver)
    for number in (1, 2):
        lab.stop(signal.SIGKILL)
        lab.check(f"crash {number}: sockets are left", (lab.run_dir / "polluxd/observe.sock").exists())
        lab.start()
        lab.check(f"crash {number}: answers again", until(lambda: wire.ask(seconds=0.3), 5),
                  lab.complaint())


def test_second_instance(lab):
    """A second polluxd with the same run_dir is refused and does the first no harm."""
    wire = lab.serve()
    first = lab.daemon
    second = lab.start(wait=False)
    lab.check("the second ends", until(lambda: second.poll() is not None, 5))
    lab.check("exit code 1", second.poll() == 1, f"{second.poll()}")
    log = lab.log_of("polluxd").strip()
    said = f"another polluxd (pid {first.pid}) is running with run_dir {lab.run_dir}"
    lab.check("it says who is running", said in log, log)
    lab.daemon = first
    lab.check("the first lives", first.poll() is None)
    lab.check("and serves its status", bool(lab.observe()))
    lab.check("and answers", bool(wire.ask()))


def test_reload(lab, driver=DRIVERS):
    """Addresses change without losing a request; a bad file changes nothing."""
    wire = lab.serve(driver=driver)
    both = [SPARE4 + "/24", SERVER4 + "/24", SERVER6 + "/64", SPARE6 + "/64"]
    lab.check("the spare addresses are silent", not wire.ask(target=SPARE4, seconds=0.3))

    lost, asked, done = [], 0, threading.Event()

    def keep_asking():
        nonlocal asked
        own = Wire()
        while not done.is_set():
            asked += 1
            if not own.ask(source_port=41000):
                lost.append(asked)
            time.sleep(0.002)

    asker = threading.Thread(target=keep_asking, daemon=True)
    asker.start()
    for _ in range(5):
        lab.configure(driver=driver, addresses=both)
        code, out = lab.ctl("reload")
        time.sleep(0.1)
        lab.configure(driver=driver)
        code2, out2 = lab.ctl("reload")
        time.sleep(0.1)
    done.set()
    asker.join()
    lab.check("polluxctl reload succeeds", code == 0 and code2 == 0, f"{code} {out.strip()} | {code2} {out2.strip()}")
    lab.check("no request is lost over ten reloads", asked > 20 and not lost, f"{len(lost)} of {asked} lost")

    lab.configure(driver=driver, addresses=[SPARE4 + "/24", SPARE6 + "/64"])
    lab.check("reload to other addresses", lab.ctl("reload")[0] == 0)
    for target in (SPARE4, SPARE6):
        lab.check(f"answers at {target}", until(lambda: wire.ask(target=target, seconds=0.3), 3))
    for target in (SERVER4, SERVER6):
        lab.check(f"silent at {target}", not wire.ask(target=target, seconds=0.3))
    lab.check("status shows the new addresses", SPARE4 in str(status_of(lab, "addresses")),
              str(status_of(lab, "addresses")))

    bad = {
        "broken syntax": ({"top": "[ntp"}, "pollux.toml:"),
        "unknown key": ({"top": "[ntp]\nsymetric = true"}, "symmetric"),
        "value out of range": ({"top": "[ntp]\ndscp = 64"}, "dscp"),
        "multicast address": ({"addresses": ["224.0.0.1/24"]}, "224.0.0.1"),
        "key that needs a restart": ({"top": "[ntp]\nport = 124"}, "port"),
        "other clock settings and addresses": (
            {"clock": "trust = true\nstratum = 2", "addresses": [SERVER4 + "/24"]}, "stratum"),
    }
    for name, (settings, word) in bad.items():
        lab.configure(**{"driver": driver, "addresses": [SPARE4 + "/24", SPARE6 + "/64"], **settings})
        code, out = lab.ctl("reload")
        lab.check(f"{name}: refused", code == 1, f"exit {code}: {out.strip()}")
        lab.check(f"{name}: says why", word in out, out.strip())
        lab.check(f"{name}: nothing changes", wire.ask(target=SPARE4) and wire.ask(target=SPARE6)
                  and not wire.ask(target=SERVER4, seconds=0.2))
    lab.config_path.unlink()
    code, out = lab.ctl("reload")
    lab.check("missing file: refused", code == 1, f"exit {code}: {out.strip()}")
    lab.check("missing file: nothing changes", bool(wire.ask(target=SPARE4)))


def test_bad_configuration(lab):
    """A daemon that cannot start says why in one line for each fault and ends with 1."""
    lab.connect(client_addresses=False)
    lab.configure(top="[ntp]\nport = 0\nsymetric = 1")
    lab.start(wait=False)
    lab.check("bad file: exit code 1", until(lambda: lab.daemon.poll() is not None, 5) and lab.daemon.poll() == 1)
    log = lab.log_of("polluxd")
    lab.check("bad file: every fault with its line",
              len(re.findall(r"pollux\.toml:\d+: ", log)) >= 2, log.replace("\n", " | "))
    lab.configure(port="")
    lab.config_path.write_text(lab.config_path.read_text().replace('"s0"', '"nosuch0"'))
    lab.start(wait=False)
    lab.check("no such interface: exit code 1",
              until(lambda: lab.daemon.poll() is not None, 5) and lab.daemon.poll() == 1)
    log = lab.log_of("polluxd")
    lab.check("no such interface: named in the log", "nosuch0" in log, log.replace("\n", " | ")[-400:])


def test_links(lab, driver=DRIVERS):
    """A link that goes down and comes back is reported and is not fatal."""
    wire = lab.serve(driver=driver)
    for name, device, server in (("far", "c0", False), ("own", "s0", True)):
        lab.run("ip", "link", "set", device, "down", server=server)
        lab.check(f"{name} end down: seen", until(lambda: not status_of(lab, "link_up"), 5))
        code, _ = lab.ctl("status")
        lab.check(f"{name} end down: polluxctl says degraded", code == 2, f"exit {code}")
        lab.run("ip", "link", "set", device, "up", server=server)
        lab.check(f"{name} end up: seen", until(lambda: status_of(lab, "link_up"), 5))
        wire = Wire()
        lab.check(f"{name} end up: answers", until(lambda: wire.ask(seconds=0.3), 5))
        code, _ = lab.ctl("status")
        lab.check(f"{name} end up: polluxctl says good", code == 0, f"exit {code}")
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def test_polluxctl(lab):
    """Every verb as table and as JSON, and the exit codes."""
    wire = lab.serve()
    for _ in range(10):
        wire.ask()
    wire.ask(target=SERVER6)
    time.sleep(1.2)
    for verb, word in {"status": "synchronised", "serverstats": "reply_plain|answered", "workers": "cpu",
                       "ports": "net_af_packet"}.items():
        code, out = lab.ctl(verb)
        lab.check(f"{verb}: exit 0", code == 0, f"exit {code}: {out.strip()[-200:]}")
        lab.check(f"{verb}: shows '{word}'", re.search(word, out, re.IGNORECASE), out.replace("\n", " | "))
        code, out = lab.ctl("-o", "json", verb)
        try:
            lab.check(f"{verb}: JSON", code == 0 and json.loads(out))
        except ValueError as error:
            lab.check(f"{verb}: JSON", False, f"{error}: {out[:200]}")
    document = lab.observe()
    requests = document["requests"]
    lab.check("requests are counted", requests["answered"] >= 11 and
              requests["received"] == requests["answered"] + requests["dropped"], str(requests))
    families = document["serverstats"]["answered_by_family"]
    lab.check("families are counted", families["ipv4"] >= 10 and families["ipv6"] == 1, str(families))

    code, out = lab.ctl("validate", lab.config_path)
    lab.check("validate a good file: exit 0", code == 0, f"exit {code}: {out.strip()}")
    broken = lab.home / "broken.toml"
    lab.configure(top="[ntp]\nport = 70000\n[nonsense]\nx = 1", path=broken)
    code, out = lab.ctl("validate", broken)
    lab.check("validate a bad file: exit 1", code == 1, f"exit {code}")
    lab.check("validate a bad file: every fault with its line",
              len(re.findall(r"broken\.toml:\d+: ", out)) >= 2, out.replace("\n", " | "))
    lab.check("unknown verb: exit 1", lab.ctl("nonsense")[0] == 1, f"exit {lab.ctl('nonsense')[0]}")
    lab.stop()
    for verb in ("status", "serverstats", "workers", "ports", "reload"):
        code, out = lab.ctl(verb)
        lab.check(f"{verb} without polluxd: exit 1", code == 1, f"exit {code}")
        lab.check(f"{verb} without polluxd: one line", len(out.strip().splitlines()) == 1, out.strip())


def test_neighbours(lab, driver=DRIVERS):
    """A kernel finds Pollux by ARP and neighbour discovery and gets its pings answered."""
    lab.connect()
    lab.configure(driver=driver)
    lab.start()
    for target in (SERVER4, SERVER6):
        code, out = lab.run("ping", "-n", "-c", "5", "-i", "0.2", "-W", "2", target, check=False)
        good = code == 0 and "5 received" in out and "DUP" not in out and " 0% packet loss" in out
        lab.check(f"ping {target}", good, "" if good else out.strip()[-200:])
        code, out = lab.run("ping", "-n", "-c", "2", "-s", "1400", "-i", "0.2", "-W", "2", target, check=False)
        lab.check(f"ping {target} with 1400 octets", code == 0, "" if code == 0 else out.strip()[-200:])
        _, table = lab.run("ip", "neigh", "show", target)
        lab.check(f"{target} has the port's MAC address", SERVER_MAC in table, table.strip())
    for target in (SPARE4, SPARE6):
        code, _ = lab.run("ping", "-n", "-c", "1", "-W", "1", target, check=False)
        lab.check(f"{target} is nobody", code != 0)
    wire = Wire()
    probe = ARP(op="who-has", hwsrc=CLIENT_MAC, psrc="0.0.0.0", pdst=SERVER4)
    wire.send(bytes(Ether(src=CLIENT_MAC, dst="ff:ff:ff:ff:ff:ff") / probe))
    data = wire.receive(1)
    answer = Ether(data) if data else None
    good = answer and ARP in answer and answer[ARP].op == 2 and \
        (answer[ARP].hwsrc, answer[ARP].psrc) == (SERVER_MAC, SERVER4)
    lab.check("ARP probe (sender 0.0.0.0) is answered", good, answer.summary() if answer else "no answer")


def test_host_limit(lab):
    """Echo replies keep to [limits] host_replies; NTP is not limited by it."""
    lab.connect()
    lab.configure(top="[limits]\nhost_replies = 20")
    lab.start()
    lab.run("ping", "-n", "-c", "1", "-W", "2", SERVER4)
    time.sleep(1.1)
    _, out = lab.run("ping", "-n", "-c", "200", "-i", "0.002", "-W", "1", SERVER4, check=False)
    received = int(re.search(r"(\d+) received", out)[1])
    lab.check("about 20 of 200 pings are answered", 10 <= received <= 80, f"{received} answered")
    lab.check("NTP is answered meanwhile", bool(Wire().ask()))


def test_kernel_behind(lab):
    """With the address on the interface too, the kernel answers ARP and pings, once, and Pollux NTP."""
    lab.connect(server_addresses=(SERVER4 + "/24", SERVER6 + "/64"))
    lab.configure()
    lab.start()
    for target in (SERVER4, SERVER6):
        code, out = lab.run("ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", target, check=False)
        lab.check(f"ping {target}, answered once", code == 0 and "DUP" not in out, out.strip()[-300:])
    wire = Wire()
    for target in (SERVER4, SERVER6):
        lab.check(f"NTP at {target}", bool(wire.ask(target=target)))
    lab.check("status says kernel", status_of(lab, "host_stack") == "kernel", str(status_of(lab, "host_stack")))
