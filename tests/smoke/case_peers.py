"""What Pollux reads from a real chronyd and a real ptp4l: `ask_peers` polls them as the clock thread does."""

import json
import os
import pathlib

from lab import until

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
AHEAD = 0.25  # seconds by which the shifted server is ahead of this host
ANSWERED, ABSENT = 1, 2
SELECTED = 0
HEALTHY, NO_GRANDMASTER, SILENT_GRANDMASTER = 0, 1, 2


def ask(lab, *arguments):
    """(outcome, report or None)."""
    _, out = lab.run(lab.build / "tests/ask_peers", *arguments)
    result = json.loads(out)
    return result["outcome"], result["report"]


def has(lab, package):
    if (lab.peers / package).is_dir():
        return True
    lab.skip(package, f"{package} is not in {lab.peers}: scripts/lib/install peer")
    return False


def chronyd(lab, name, command_port, *lines, port=0):
    home = lab.home / name
    home.mkdir(mode=0o700)
    (home / "conf").write_text("\n".join((
        f"port {port}", f"cmdport {command_port}", "bindcmdaddress 127.0.0.1", "bindaddress 127.0.0.1",
        f"bindcmdaddress {home}/sock", f"pidfile {home}/pid", *lines, "")))
    return lab.spawn(name, lab.peers / "chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf")


def selected(lab, command_port):
    """A report in which a source is selected, or the last one."""
    last = []
    until(lambda: last.append(ask(lab, "chronyd", command_port, 2)[1])
          or (last[-1] and any(source["state"] == SELECTED for source in last[-1]["sources"])), 25)
    return last[-1] or {"sources": []}


def check_source(lab, name, report, stratum, offset):
    detail = json.dumps(report)
    lab.check(f"{name} has one source of two known", len(report["sources"]) == 1 and report.get("known") == 2, detail)
    source = (report["sources"] or [{}])[0]
    lab.check(f"{name}: stratum {stratum}", (source.get("stratum"), report.get("stratum")) == (stratum, stratum + 1),
              detail)
    lab.check(f"{name}: fit to vote", source.get("usable"), detail)
    lab.check(f"{name}: offset {offset}", abs(source.get("offset", 1e18) - offset * 1e9) < 2e6, detail)
    bound = source.get("error_bound", 0)
    lab.check(f"{name}: error bound covers it",
              0 < bound < 50e6 and abs(source["offset"] - offset * 1e9) <= bound, detail)


def test_peer_chronyd(lab):
    if not has(lab, "chrony"):
        return
    lab.connect()
    outcome, report = ask(lab, "chronyd", 3230, 2)
    lab.check("no chronyd, no report", (outcome, report) == (ABSENT, None), f"{outcome} {report}")
    server = "server 127.0.0.1 port {} iburst minpoll 0 maxpoll 0"
    # A name that never resolves is known to chronyd, but no source.
    unresolved = "server nowhere.invalid"
    lab.spawn("shifted", os.fspath(SUPPORT / "shifted_ntp.py"), "127.0.0.1", 1230, AHEAD)
    chronyd(lab, "level", 3231, "local stratum 5", "allow 127/8", port=1231)
    chronyd(lab, "follower", 3232, server.format(1231), unresolved)
    # Believes the shifted server, cannot set the clock, and serves what it believes.
    chronyd(lab, "shifter", 3233, server.format(1230), unresolved, "allow 127/8", port=1233)
    chronyd(lab, "far", 3234, server.format(1233), unresolved)

    outcome, report = ask(lab, "chronyd", 3231, 2)
    lab.check("a chronyd without sources", outcome == ANSWERED and report and report["sources"] == [] and
              report["stratum"] == 5 and report["synchronised"], f"{outcome} {report}")
    check_source(lab, "level source", selected(lab, 3232), 5, 0)
    shifter = selected(lab, 3233)
    check_source(lab, "source ahead", shifter, 1, AHEAD)
    lab.check("its correction is what it cannot set", abs(shifter.get("correction", 0) - AHEAD * 1e9) < 2e6,
              str(shifter))
    check_source(lab, "chronyd ahead", selected(lab, 3234), 2, AHEAD)


def ptp4l(lab, name, interface, *lines, server=False):
    conf = lab.home / f"{name}.conf"
    conf.write_text("\n".join(("[global]", f"uds_address {lab.home}/{name}", "free_running 1", *lines, "")))
    return lab.spawn(name, lab.peers / "linuxptp/usr/sbin/ptp4l", "-S", "-4", "-m", "-i", interface, "-f", conf,
                     server=server)


def test_peer_ptp4l(lab):
    if not has(lab, "linuxptp"):
        return
    lab.connect(server_addresses=("198.18.0.1/24",))
    own = lab.home / "asking"

    def answers(name, seconds):
        outcome, report = ask(lab, "ptp4l", lab.home / name, own, seconds)
        lab.check(f"{name}: own socket removed", not own.exists())
        return outcome, report

    outcome, report = answers("client", 2)
    lab.check("no ptp4l, no report", (outcome, report) == (ABSENT, None), f"{outcome} {report}")
    master = ptp4l(lab, "master", "s0", "priority1 10", "clockClass 6", "clockAccuracy 0x21", "timeSource 0x20",
                   "logAnnounceInterval 0", "logSyncInterval -2", server=True)
    ptp4l(lab, "client", "c0", "slaveOnly 1", "logAnnounceInterval 0")

    until(lambda: "SLAVE" in lab.log_of("client"), 30, pause=0.5)
    outcome, report = answers("client", 12)
    lab.require("the client answers", outcome == ANSWERED and report, f"{outcome} {report}")
    detail = json.dumps(report)
    lab.check("grandmaster present", report["gm_present"] and not report["gm_is_self"], detail)
    lab.check("healthy, with an error bound", report["verdict"] == HEALTHY and 100 < (report["source_error"] or 0) < 5e6,
              detail)
    lab.check("its quality", (report["clock_class"], report["clock_accuracy"]) == (6, 0x21), detail)
    lab.check("one step away", report["steps_removed"] == 1, detail)
    lab.check("offset of one clock from itself", abs(report["master_offset"]) < 5e6 and
              abs(report["offset_from_master"]) < 5e6, detail)
    lab.check("time source", report["time_source"] == 0x20, detail)

    outcome, report = answers("master", 3)
    lab.check("the grandmaster follows nobody", outcome == ANSWERED and report and not report["gm_present"] and
              report["gm_is_self"] and report["verdict"] == NO_GRANDMASTER, f"{outcome} {report}")

    master.kill()
    master.wait()
    until(lambda: "ANNOUNCE_RECEIPT_TIMEOUT" in lab.log_of("client"), 20, pause=0.5)
    outcome, report = answers("client", 3)
    lab.check("a client whose grandmaster is gone says so only by silence", outcome == ANSWERED and report and
              report["verdict"] in (NO_GRANDMASTER, SILENT_GRANDMASTER), f"{outcome} {report}")
