"""Rights: polluxd as root that becomes a user, as a plain user, and with file capabilities."""

import json
import pathlib
import re
import signal

from ke import put
from lab import DRIVERS, SERVER4, SPARE4, Wire, until

NOBODY = 65534
NET_BIND_SERVICE, NET_ADMIN = 1 << 10, 1 << 12
# What is kept once everything is open; the table of docs/operating.md, "Privileges".
KEPT = {"af_packet": NET_BIND_SERVICE, "af_xdp": NET_BIND_SERVICE | NET_ADMIN}
DEVICES = ("net_null0", "net_ring0", "net_memif0,role=server,socket=/run/nobody/memif.sock")


def private_home(lab):
    """A directory of the user's own, and one that the user may not write to."""
    home = lab.home / "nobody"
    home.mkdir()
    lab.run("chown", "nobody", home)
    return home


def check_threads(lab, uid, capabilities, bounding=0):
    """Every thread of polluxd has the user and exactly these capabilities, and can get no others."""
    task = pathlib.Path(f"/proc/{lab.daemon.pid}/task")
    threads = [path.read_text() for path in task.glob("*/status")]
    names = [re.search(r"Name:\s*(\S+)", thread)[1] for thread in threads]
    lab.check("threads of DPDK and of the clock are among them", len(threads) >= 4 and "pollux-clock" in names
              and any(name.startswith("rte-worker") for name in names), str(names))
    for name, thread in zip(names, threads):
        for kind in ("Uid", "Gid"):
            ids = [int(word) for word in re.search(rf"^{kind}:\s+(.*)", thread, re.M)[1].split()]
            lab.check(f"{name}: {kind}", ids == [uid] * 4, str(ids))
        sets = {which: int(found, 16) for which, found in re.findall(r"^Cap(\w+):\s+(\w+)", thread, re.M)}
        wanted = {"Inh": 0, "Prm": capabilities, "Eff": capabilities, "Bnd": bounding, "Amb": 0}
        if bounding is None:  # without a right to empty it
            sets.pop("Bnd"), wanted.pop("Bnd")
        lab.check(f"{name}: capabilities", sets == wanted, str(sets))
        lab.check(f"{name}: no new privileges", re.search(r"^NoNewPrivs:\s+1", thread, re.M))
    limits = (task.parent / "limits").read_text()
    lab.check("no core files", re.search(r"^Max core file size\s+0\s+0", limits, re.M))


def make_keys(lab, path, letter):
    """A key file of nobody's."""
    keys = "".join(f"{letter}000000{i} {letter * 64}\n" for i in range(4))
    put(path, f"NKS0\n15 0.0\n{keys}")
    lab.run("chown", "nobody", path)


def test_rights_user(lab, driver=DRIVERS):
    """Root opens everything, then the user serves: every thread has the rights of the table, and all goes on."""
    lab.connect(client_addresses=False)
    home = private_home(lab)
    top = f'[nts]\nenabled = true\nkey_file = "{home}/ntskeys"'

    def configure(addresses):
        lab.configure(driver=driver, addresses=addresses, top=top,
                      clock=f'trust = true\nstratum = 1\ndrift_file = "{home}/drift"')
        text = lab.config_path.read_text().replace("[server]", '[server]\nuser = "nobody"')
        lab.config_path.write_text(text)

    configure([SERVER4 + "/24"])
    lab.start()
    wire = Wire()
    lab.require("answers", until(lambda: wire.ask(seconds=0.3), 5), lab.complaint())
    check_threads(lab, NOBODY, KEPT[driver])
    lab.check("run_dir stays root's", lab.run_dir.stat().st_uid == 0)
    sockets = {path.name: path.stat() for path in lab.run_dir.glob("polluxd/*.sock")}
    lab.check("sockets are the user's", {name: (found.st_uid, found.st_mode & 0o777) for name, found in
                                         sockets.items()} == {"observe.sock": (NOBODY, 0o666),
                                                              "control.sock": (NOBODY, 0o660)}, str(sockets))
    configure([SERVER4 + "/24", SPARE4 + "/24"])
    code, out = lab.ctl("reload")
    lab.check("reloads", code == 0 and until(lambda: wire.ask(target=SPARE4, seconds=0.3), 3), out)
    for letter in "AB":
        make_keys(lab, home / "ntskeys", letter)
        lab.check(f"follows key file {letter}", until(
            lambda: any(key["id"].startswith(letter) for key in lab.observe()["nts"]["keys"]), 3),
            str(lab.observe()["nts"]))
    (home / "ntskeys").chmod(0o600)
    lab.run("chown", "root", home / "ntskeys")
    lab.check("a key file that the user may not read is told", until(
        lambda: "cannot be read: Permission denied" in (lab.observe()["nts"]["trouble"] or ""), 12),
        str(lab.observe()["nts"]["trouble"]))
    ended = lab.stop()
    lab.check("SIGTERM: exit code 0", ended and lab.daemon.poll() == 0, lab.log_of("polluxd")[-300:])
    left = sorted(str(path) for path in lab.run_dir.glob("**/*.sock"))
    lab.check("no socket stays", not left, " ".join(left))
    _, link = lab.run("ip", "link", "show", "s0", server=True)
    lab.check("no XDP program stays", "xdp" not in link, link.strip())
    for number in (signal.SIGKILL, signal.SIGTERM):
        lab.start()
        lab.check("starts again in its own directory", until(lambda: wire.ask(seconds=0.3), 5), lab.complaint())
        lab.stop(number)


def test_rights_faults(lab):
    """What is missing is told at the start: the user, the drift file's directory, root's own user."""
    lab.connect(client_addresses=False)
    (lab.home / "roots").mkdir()
    drift = f'trust = true\nstratum = 1\ndrift_file = "{lab.home}/roots/drift"'
    lab.configure(clock=drift)
    text = lab.config_path.read_text()
    lab.config_path.write_text(text.replace("[server]", '[server]\nuser = "nobody-here"'))
    lab.start(wait=False)
    ended = until(lambda: lab.daemon.poll() is not None, 5)
    lab.check("no such user: exit code 1", ended and lab.daemon.poll() == 1)
    log = lab.log_of("polluxd")
    lab.check("no such user: one line says so", log == "error: polluxd: server.user: there is no user 'nobody-here'\n",
              log)
    lab.config_path.write_text(text.replace("[server]", '[server]\nuser = "nobody"'))
    lab.start()
    log = lab.log_of("polluxd")
    lab.check("directory of the drift file: told", f"{lab.home}/roots: the counter's rate is not kept" in log, log)
    code, out = lab.ctl("reload")
    lab.check("the same user: reloads", code == 0, out)
    lab.config_path.write_text(text.replace("[server]", '[server]\nuser = "daemon"'))
    code, out = lab.ctl("reload")
    lab.check("another user: needs a restart", code == 1 and "server.user" in out, out)
    lab.stop()
    lab.config_path.write_text(text)
    lab.start()
    log = lab.log_of("polluxd")
    lab.check("root without a user: told", "runs as root: server.user names a user for it" in log, log)
    lab.stop()


def test_rights_control_group(lab):
    """The control socket is for the group `pollux`, where there is one and the user is a member."""
    lab.connect(client_addresses=False)
    for name, line in (("passwd", "pollux:x:777:777::/:/bin/false"), ("group", "pollux:x:777:")):
        made = lab.home / name
        made.write_text(pathlib.Path(f"/etc/{name}").read_text() + line + "\n")
        lab.run("mount", "--bind", made, f"/etc/{name}")
    lab.configure()
    text = lab.config_path.read_text()
    for user, owners in (("", (0, 777)), ("pollux", (777, 777)), ("nobody", (NOBODY, NOBODY))):
        lab.config_path.write_text(text.replace("[server]", f'[server]\nuser = "{user}"') if user else text)
        lab.run("rm", "-rf", lab.run_dir)
        lab.start()
        found = (lab.run_dir / "polluxd/control.sock").stat()
        lab.check(f"user '{user}'", ((found.st_uid, found.st_gid), found.st_mode & 0o777) == (owners, 0o660), str(found))
        lab.stop()


def as_user(lab, *command):
    """polluxd, started by nobody without a capability."""
    lab.daemon = lab.spawn("polluxd", "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                           "--inh-caps=-all", *command, "--config", lab.config_path, server=True)
    until(lambda: lab.observe() or lab.daemon.poll() is not None, lab.start_seconds)
    lab.require("polluxd starts", lab.daemon.poll() is None and lab.observe(), lab.complaint())


def test_rights_plain_user(lab, device=DEVICES):
    """A plain user without any capability, on a device that needs none."""
    lab.connect(client_addresses=False)
    home = private_home(lab)
    lab.run_dir = home / "run"
    lab.configure(clock=f'trust = true\nstratum = 1\ndrift_file = "{home}/drift"')
    text = lab.config_path.read_text()
    text = re.sub(r'interface = .*\ndriver = .*', f'device = {json.dumps(device)}', text)
    lab.config_path.write_text(text)
    as_user(lab, lab.build / "control/polluxd")
    check_threads(lab, NOBODY, 0, bounding=None)
    lab.check("runs", lab.observe()["workers"][0]["running"])
    lab.check("reloads", lab.ctl("reload")[0] == 0)
    lab.check("SIGTERM: exit code 0", lab.stop() is not None and lab.daemon.poll() == 0, lab.log_of("polluxd")[-300:])
    lab.check("no socket stays", not list(lab.run_dir.glob("**/*.sock")))


def test_rights_file_capabilities(lab, driver=DRIVERS):
    """A plain user, and a polluxd whose file has the capabilities: they are gone once everything is open."""
    lab.connect(client_addresses=False)
    home = private_home(lab)
    lab.run_dir = home / "run"
    lab.configure(driver=driver, clock=f'trust = true\nstratum = 1\ndrift_file = "{home}/drift"')
    program = lab.home / "polluxd"
    lab.run("cp", lab.build / "control/polluxd", program)
    needed = "cap_net_raw,cap_net_admin,cap_net_bind_service" + (",cap_sys_admin,cap_ipc_lock" if driver == "af_xdp" else "")
    code, out = lab.run("setcap", f"{needed}=ep", program, check=False)
    if code:
        lab.skip("file capabilities", out.strip())
        return
    as_user(lab, program)
    check_threads(lab, NOBODY, KEPT[driver], bounding=None)
    wire = Wire()
    lab.check("answers", until(lambda: wire.ask(seconds=0.3), 5), lab.complaint())
    lab.check("SIGTERM: exit code 0", lab.stop() is not None and lab.daemon.poll() == 0, lab.log_of("polluxd")[-300:])
    _, link = lab.run("ip", "link", "show", "s0", server=True)
    lab.check("no XDP program stays", "xdp" not in link, link.strip())
    lab.check("no socket stays", not list(lab.run_dir.glob("**/*.sock")))
