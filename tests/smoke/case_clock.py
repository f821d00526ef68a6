"""What Pollux says about its time: good, unsynchronised, and when the clock thread stands still."""

import os
import signal
import threading
import time

import freeze
import kernel_clock
import packets
from lab import Wire, request, until

FREEZE_SECONDS = 6.0
VOID_SECONDS = 5.5
TOLERANCE = 10e-6


def wait_for_links(lab):
    """Linux takes up to a second to call a new link up; until then polluxctl says degraded."""
    lab.require("polluxctl says good", until(lambda: lab.ctl("status")[0] == 0, 5), lab.ctl("status")[1])


def test_time(lab):
    """T2 and T3 lie between the sending and the arrival; a T2 before the sending would give the client a
    negative delay, which openntpd answers by turning away for an hour.
    """
    wire = lab.serve()
    early, late, stamps = [], [], []
    for number in range(400):
        time.sleep(number % 40 * 0.0002)
        before = packets.ntp_now()
        reply = wire.ask()
        early.append(before - reply.receive)
        late.append(reply.transmit - wire.arrival)
        stamps.append(reply.transmit)
    lab.check("T2 is not before the sending", max(early) < TOLERANCE,
              f"by up to {max(early) * 1e6:.1f} us, {sum(error > TOLERANCE for error in early)} of {len(early)}")
    lab.check("T3 is not after the arrival", max(late) < TOLERANCE,
              f"by up to {max(late) * 1e6:.1f} us, {sum(error > TOLERANCE for error in late)} of {len(late)}")
    lab.check("T3 is close to the arrival", sorted(late)[len(late) // 2] > -200e-6,
              f"median {sorted(late)[len(late) // 2] * 1e6:.1f} us")
    lab.check("time goes forward", stamps == sorted(stamps))
    lab.check("dispersion is honest and small", 0 < reply.root_dispersion < 1, f"{reply.root_dispersion} s")


def test_raw_clock(lab):
    """counter = "monotonic_raw": clock thread and workers both read it."""
    wire = lab.serve(clock='trust = true\nstratum = 1\ncounter = "monotonic_raw"')
    early, late = [], []
    for _ in range(100):
        before = packets.ntp_now()
        reply = wire.ask()
        early.append(before - reply.receive)
        late.append(reply.transmit - wire.arrival)
    lab.check("the reply is synchronised", reply.synchronised, f"leap {reply.leap}, stratum {reply.stratum}")
    lab.check("T2 is not before the sending", max(early) < TOLERANCE, f"by up to {max(early) * 1e6:.1f} us")
    lab.check("T3 is not after the arrival", max(late) < TOLERANCE, f"by up to {max(late) * 1e6:.1f} us")
    lab.check("T3 is close to the arrival", sorted(late)[len(late) // 2] > -200e-6,
              f"median {sorted(late)[len(late) // 2] * 1e6:.1f} us")


def test_compensation(lab):
    """rx_comp_ns makes T2 earlier, tx_comp_ns T3 later."""
    wire = lab.serve(clock="trust = true\nstratum = 1\nrx_comp_ns = 900000\ntx_comp_ns = 600000")
    stays, late = [], []
    for _ in range(100):
        reply = wire.ask()
        stays.append(reply.transmit - reply.receive)
        late.append(reply.transmit - wire.arrival)
    stay, lateness = sorted(stays)[50], sorted(late)[50]
    lab.check("T3 is later by tx_comp_ns", 400e-6 < lateness < 650e-6, f"median {lateness * 1e6:.1f} us")
    lab.check("T2 is earlier by rx_comp_ns", 1400e-6 < stay < 1800e-6, f"median stay {stay * 1e6:.1f} us")


def test_stratum(lab):
    """stratum and reference_id of [clock] are served."""
    lab.connect(client_addresses=False)
    for settings, stratum, reference in (
            ("stratum = 1", 1, b"LOCL"), ("stratum = 4", 4, bytes((127, 127, 1, 1))),
            ('stratum = 1\nreference_id = "GPS"', 1, b"GPS\0"),
            ('stratum = 2\nreference_id = "192.0.2.9"', 2, bytes((192, 0, 2, 9)))):
        lab.configure(clock="trust = true\n" + settings)
        lab.start()
        wire = Wire()
        reply = until(lambda: wire.ask(seconds=0.3), 5)
        name = settings.replace("\n", ", ")
        lab.check(f"{name}: served", reply and (reply.stratum, reply.reference_id) == (stratum, reference),
                  f"{reply.stratum} {reply.reference_id}" if reply else "no answer")
        lab.stop()


def test_untrusted(lab):
    """Without trust the kernel's word counts."""
    good = kernel_clock.is_synchronised()
    lab.connect(client_addresses=False)
    lab.configure(clock="")
    lab.start()
    wire = Wire()
    lab.require("answers", until(lambda: wire.ask(seconds=0.3), 5))
    time.sleep(1)
    reply, document = wire.ask(), lab.observe()
    code, out = lab.ctl("status")
    said = f"leap {reply.leap} stratum {reply.stratum}, state {document['state']}, polluxctl {code}"
    if good:
        lab.check("kernel clock synchronised: stratum 10", reply.leap == 0 and reply.stratum == 10, said)
        lab.check("status warns of the default stratum", bool(document["warnings"]), str(document["warnings"]))
        lab.check("exit code 0", code == 0 and document["state"] == "synchronised", said)
    else:
        lab.check("kernel clock unsynchronised: leap 3 stratum 0", reply.says_unsynchronised, said)
        lab.check("status says so", document["state"] == "unsynchronised", said)
        lab.check("polluxctl says degraded", code == 2 and "unsynchronised" in out, said)
        lab.check("the clock says so", document["clock"]["leap"] == "unsynchronised", str(document["clock"]))


def test_frozen_clock(lab):
    """The thread that keeps the clock stands still; the workers notice by themselves."""
    wire = lab.serve()
    threads = freeze.threads(lab.daemon.pid)
    lab.require("there is a thread pollux-clock", "pollux-clock" in threads, " ".join(sorted(threads)))
    lab.check("synchronised before", wire.ask().synchronised)
    history = []
    with freeze.frozen(threads["pollux-clock"]):
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < FREEZE_SECONDS:
            history.append((now, wire.ask()))
            time.sleep(0.05)
    lab.check("every request is answered meanwhile", all(reply for _, reply in history),
              f"{sum(not reply for _, reply in history)} of {len(history)} lost")
    history = [(now, reply) for now, reply in history if reply]
    turned = next((now for now, reply in history if reply.says_unsynchronised), None)
    lab.check(f"leap 3, stratum 0 within {VOID_SECONDS} s", turned is not None and turned <= VOID_SECONDS,
              f"after {turned} s")
    back = [now for now, reply in history if reply.synchronised and turned and now > turned]
    lab.check("and stays so", not back, f"synchronised again at {back[:3]} s")
    lab.check("synchronised again after", until(lambda: (reply := wire.ask()) and reply.synchronised, 5))
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def test_stopped_process(lab):
    """The whole process is stopped and goes on: no answer may claim to be synchronised from old data."""
    wire = lab.serve()
    replies, done = [], threading.Event()

    def keep_receiving():
        while not done.is_set():
            if data := wire.receive(0.2):
                message = packets.Reply(data).message
                if message:
                    replies.append((wire.arrival, message))

    receiver = threading.Thread(target=keep_receiving, daemon=True)
    receiver.start()
    sender = Wire()

    def keep_sending(seconds, pause):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sender.send(request(packets.ntp(), source_port=42000))
            time.sleep(pause)

    os.kill(lab.daemon.pid, signal.SIGSTOP)
    time.sleep(0.2)
    replies.clear()
    keep_sending(FREEZE_SECONDS - 0.1, 0.1)
    lab.check("no answer while stopped", not replies, f"{len(replies)}")
    os.kill(lab.daemon.pid, signal.SIGCONT)
    keep_sending(3, 0.002)
    time.sleep(0.5)
    done.set()
    receiver.join()
    lab.require("answers after", len(replies) > 100, f"{len(replies)}")
    good = [(at, reply) for at, reply in replies if reply.synchronised]
    old = [reply.receive - reply.reference for _, reply in good if reply.receive - reply.reference > VOID_SECONDS]
    lab.check("none is synchronised by an old clock reading", not old,
              f"{len(old)} of {len(replies)}, reference time {max(old, default=0):.1f} s old")
    for name in ("receive", "transmit"):
        ages = [at - getattr(reply, name) for at, reply in good]
        wrong = [age for age in ages if not -0.001 < age < 0.1]
        lab.check(f"every synchronised answer has the right {name} time", not wrong,
                  f"{len(wrong)} of {len(ages)} wrong by up to {max(map(abs, wrong), default=0):.3f} s")
    lab.check("synchronised in the end", replies[-1][1].synchronised)
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def test_tracking(lab):
    """tracking, sources and waitsync of a running polluxd on the system clock."""
    lab.connect(client_addresses=False)
    lab.configure(clock="trust = true\nstratum = 3\nchronyd = false")
    code, out = lab.ctl("waitsync", 0.2)
    lab.check("waitsync: nobody there", code == 1 and "is polluxd running" in out, f"{code} {out}")
    begin = time.monotonic()
    lab.start(wait=False)
    code, out = lab.ctl("waitsync", 10)
    took = time.monotonic() - begin
    lab.check("waitsync: good once it is", code == 0 and out.startswith("synchronised: stratum 3"), f"{code} {out}")
    lab.note("start to synchronised", f"{took:.2f} s")
    wait_for_links(lab)
    code, out = lab.ctl("tracking")
    lines = dict(line.split(":", 1) for line in out.splitlines())
    values = {key.strip(): value.strip() for key, value in lines.items()}
    lab.check("tracking", code == 0 and values.get("Reference ID") == "7F7F0101 (127.127.1.1)" and
              values.get("Stratum") == "3" and values.get("State") == "LOCKED", out)
    code, out = lab.ctl("sources")
    lab.check("sources", code == 0 and out.splitlines()[1].split()[:3] == ["*", "system", "tracking"], out)
    lab.stop()


def test_waitsync_degraded(lab):
    """A clock that nobody keeps."""
    if kernel_clock.is_synchronised():
        lab.skip("waitsync: degraded", "this machine's clock is synchronised")
        return
    lab.connect(client_addresses=False)
    lab.configure(clock="chronyd = false")
    lab.start()
    code, out = lab.ctl("waitsync", 1)
    lab.check("waitsync: degraded", code == 2 and "nothing disciplines the system clock" in out, f"{code} {out}")


def test_drift_file(lab):
    """The counter's rate is kept over a restart; a damaged file is told and ignored."""
    lab.connect(client_addresses=False)
    folder = lab.home / "drift"
    folder.mkdir(mode=0o700)
    drift = folder / "drift"
    lab.configure(clock=f'trust = true\nstratum = 3\nchronyd = false\ndrift_file = "{drift}"')
    lab.config_path.write_text(lab.config_path.read_text().replace("[server]", '[server]\nuser = "nobody"'))
    drift.write_text("pollux drift 1\nnan 1\n")
    lab.run("chown", "-R", "nobody", folder)
    lab.start()
    lab.check("damaged: told and ignored", f"{drift}: line 2 does not begin with the counter's rate in Hz: ignored"
              in lab.log_of("polluxd"), lab.log_of("polluxd"))
    lab.check("damaged: synchronised", until(lambda: (lab.observe() or {}).get("state") == "synchronised", 5))
    # A rate is kept after a minute of readings.
    until(lambda: lab.observe()["clock"]["sources"][-1]["samples"] > 490, 75, pause=1)
    hertz = lab.observe()["clock"]["counter_hz"]
    lab.stop()
    words = drift.read_text().split()
    lab.check("kept at the end", words[:3] == ["pollux", "drift", "1"] and
              abs(float(words[3]) / hertz - 1) < 500e-6, str(words))
    lab.check("belongs to the user", drift.stat().st_uid == 65534)
    lab.check("nothing else is left", os.listdir(folder) == ["drift"], str(os.listdir(folder)))
    lab.start()
    lab.check("taken at the next start", "drift" not in lab.log_of("polluxd"), lab.log_of("polluxd"))
    lab.stop()
    drift.write_text("pollux drift 1\n1000000.0 1\n")
    lab.start()
    lab.check("another counter's", "the rate of another counter, ignored" in lab.log_of("polluxd"),
              lab.log_of("polluxd"))


def test_missing_hardware_clock(lab):
    """A hardware clock that is not there: told, and a trusted system clock serves."""
    lab.connect(client_addresses=False)
    lab.configure(clock='phc = ["no-such-clock"]\ntrust = true\nstratum = 4\nchronyd = false')
    lab.start()
    wire = Wire()
    reply = until(lambda: (reply := wire.ask(seconds=0.3)) and reply.synchronised and reply, 8)
    lab.check("served from the system clock", reply and reply.stratum == 4, str(reply and reply.stratum))
    document = lab.observe()
    lab.check("state FALLBACK", document["clock"]["state"] == "FALLBACK", document["status"])
    lab.check("status says why", "for want of a hardware clock" in document["status"], document["status"])
    lab.check("warned", any("hardware clock no-such-clock: absent, no PTP hardware clock and no interface is called"
                            in warning for warning in document["warnings"]), str(document["warnings"]))
    wait_for_links(lab)
    code, out = lab.ctl("sources")
    lab.check("sources names it", code == 0 and "no-such-clock" in out and "absent" in out, out)


def test_chronyd_beside(lab):
    """chronyd in polluxd's own namespace: its reference id is served, its sources are listed as voters."""
    if not (lab.peers / "chrony").is_dir():
        lab.skip("chronyd beside", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    lab.connect(client_addresses=False)

    def chronyd(name, command_port, *lines):
        home = lab.home / name
        home.mkdir(mode=0o700)
        (home / "conf").write_text("\n".join((
            f"cmdport {command_port}", "bindcmdaddress 127.0.0.1", f"bindcmdaddress {home}/sock",
            "bindaddress 127.0.0.1", f"pidfile {home}/pid", *lines, "")))
        return lab.spawn(name, lab.peers / "chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf",
                         server=True)

    chronyd("level", 3231, "local stratum 5", "allow 127/8", "port 1231")
    lab.configure(clock="trust = true\nstratum = 7")
    lab.start()
    wire = Wire()
    lab.check("alone: 127.127.1.1", until(lambda: (reply := wire.ask(seconds=0.3)) and
                                          reply.reference_id == bytes((127, 127, 1, 1)), 5))
    keeper = chronyd("keeper", 323, "port 0", "server 127.0.0.1 port 1231 iburst minpoll 0 maxpoll 0")
    reply = until(lambda: (reply := wire.ask(seconds=0.3)) and reply.reference_id == bytes((127, 0, 0, 1)) and reply, 25)
    lab.check("chronyd's reference id", bool(reply), str(lab.observe()["clock"]["peers"]))
    lab.check("the configured stratum", reply and reply.stratum == 7, str(reply and reply.stratum))
    voter = until(lambda: next((voter for voter in lab.observe()["clock"]["voters"] if voter["usable"]), None), 20)
    lab.check("its source votes and agrees", voter and voter["address"] == "127.0.0.1" and voter["agrees"] and
              abs(voter["offset_s"]) < 0.01, str(voter))
    code, out = lab.ctl("sources")
    lab.check("sources shows it", code == 0 and "127.0.0.1" in out and "agrees" in out and "chronyd: answered" in out,
              out)
    lab.note("sources", out.replace("\n", " | "))
    keeper.terminate()
    keeper.wait(10)
    lab.check("without chronyd its voters go", until(lambda: not lab.observe()["clock"]["voters"], 15),
              str(lab.observe()["clock"]["voters"]))
