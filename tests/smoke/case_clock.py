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
