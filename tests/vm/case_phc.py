"""polluxd on a PTP hardware clock: what it serves when the clock is good, and when it is not. The clock runs a
quarter of a second ahead of the kernel's, so that time taken from the wrong one of them is seen.
"""

import errno
import json
import re
import time

import clients
import mock_phc
import phc
from daemon_lab import SERVER4, until
from ntp_client import ERA_END
from phc import Phc
from watch import Watch, check_served

AHEAD = 0.25
LOCK_SECONDS = 15
TAI = 37


def locked(lab, devices, *, ahead=AHEAD, timescale="utc", counter="tsc", **parameters):
    """Makes a PHC, starts polluxd on these devices and waits until it is locked; returns a client."""
    lab.load_phc(offset_ns=round(ahead * 1e9), **parameters)
    names = json.dumps([str(device) for device in devices])
    client = lab.serve(clock=f'phc = {names}\ntrust_phc = true\ntimescale = "{timescale}"', counter=counter)
    lab.require("locks", until(lambda: lab.clock_state() == "LOCKED", LOCK_SECONDS), str(lab.clock_state()))
    return client


def check_locked(lab, truth):
    """Serves the time of the PHC, as a locked clock does."""
    with Watch(lab) as watch:
        time.sleep(3)
    check_served(lab, watch, truth)
    lab.check("stratum 1", all(answer.synchronised and answer.stratum == 1 for answer in watch.answers),
              f"{len(watch.synchronised)} of {len(watch.answers)} synchronised")
    last, clock = watch.answers[-1], lab.observe()["clock"]
    lab.check("dispersion under 1 ms", last.root_dispersion < 1e-3, f"{last.root_dispersion} s")
    lab.check("stays locked", [state for _, state in watch.states] == ["LOCKED"], str(watch.states))
    lab.note("clock", f"offset {clock['offset_s']:.3g} s, bound {clock['error_bound_s']:.3g} s, "
                      f"{clock['frequency_ppm']:.3f} ppm, {clock['counter']}")


def test_phc_requests(lab, kind=("extended", "basic", "precise")):
    """Each request of the kernel for a clock's time."""
    locked(lab, ["/dev/ptp0"], extended=int(kind != "basic"), precise=int(kind == "precise"))
    check_locked(lab, AHEAD)


def test_phc_tai(lab):
    locked(lab, ["/dev/ptp0"], ahead=AHEAD + TAI, timescale="tai")
    check_locked(lab, AHEAD)


def test_phc_counter(lab):
    """With the kernel's raw clock in place of the CPU's counter."""
    locked(lab, ["/dev/ptp0"], counter="monotonic_raw")
    check_locked(lab, AHEAD)


def test_phc_poor(lab):
    """A clock that runs fast, is slow to read and noisy."""
    locked(lab, ["/dev/ptp0"], drift_ppb=100_000, read_delay_ns=8_000, jitter_ns=200)
    ahead, read = Phc("/dev/ptp0").ahead(), time.monotonic()
    check_locked(lab, lambda asked: ahead + (asked - read) * 100e-6)


def test_phc_step(lab, step=(1_000_000, 1_000_000_000)):
    """A step that nobody confirms: noticed, and then the bound covers both times; no bound of a second is served.
    When the clock steps back all is well.
    """
    client = locked(lab, ["/dev/ptp0"])
    after = AHEAD + step * 1e-9
    with Watch(lab) as watch:
        time.sleep(1)
        mock_phc.put("step_ns", step)
        begin = time.monotonic()
        time.sleep(5)
        end = time.monotonic()
    check_served(lab, watch, AHEAD, after)
    noticed = watch.left("LOCKED", begin)
    lab.check("noticed within 1 s", noticed is not None and noticed <= 1, f"after {noticed} s, {watch.states}")
    new = [answer.asked - begin for answer in watch.synchronised if not answer.agrees(AHEAD)]
    lab.check("the new time is never served as the truth", not new, f"{len(new)}, after {min(new, default=0)} s")
    late = [answer for answer in watch.answers if end - 2 < answer.asked]
    if after - AHEAD < 0.1:
        lab.check("served with a bound that covers both", len(late) > 20 and all(
            answer.synchronised and answer.agrees(AHEAD) and answer.agrees(after) for answer in late))
    else:
        lab.check("not served", len(late) > 20 and not any(answer.synchronised for answer in late))
    mock_phc.put("step_ns", -step)
    lab.check("steps back: served with a small bound", until(
        lambda: (answer := client.ask()) and answer.synchronised and answer.root_dispersion < 1e-3, LOCK_SECONDS),
        str(lab.clock_state()))
    lab.check("the right time", client.ask().agrees(AHEAD))


def test_phc_errors(lab):
    """Bursts of EBUSY do no harm; a quota like that of the ENA is kept."""
    locked(lab, ["/dev/ptp0"])
    with Watch(lab) as watch:
        for _ in range(4):
            with mock_phc.fault("error", errno.EBUSY):
                time.sleep(0.4)
            time.sleep(0.6)
        mock_phc.put("quota", 125)
        before = mock_phc.get("reads")
        time.sleep(3)
        reads = mock_phc.get("reads") - before
    check_served(lab, watch, AHEAD)
    lab.check("always synchronised", len(watch.synchronised) == len(watch.answers))
    lab.check("reads less than the quota", 3 <= reads < 3 * 125, f"{reads} in 3 s")
    lab.check("locked", until(lambda: lab.clock_state() == "LOCKED", LOCK_SECONDS), str(watch.states))


def test_phc_frozen(lab):
    """A clock that stands still is not believed; the time goes on without it."""
    locked(lab, ["/dev/ptp0"])
    with Watch(lab) as watch:
        with mock_phc.fault("frozen", 1) as fault:
            time.sleep(5)
            end = time.monotonic()
    noticed = watch.left("LOCKED", fault.begin)
    lab.check("noticed within 2 s", noticed is not None and noticed <= 2, f"after {noticed} s, {watch.states}")
    check_served(lab, watch, AHEAD)
    late = [answer for answer in watch.answers if end - 2 < answer.asked < end]
    lab.check("holdover", watch.states[-1][1] == "HOLDOVER" and len(late) > 20 and
              all(answer.synchronised for answer in late), str(watch.states))


def test_phc_unplugged(lab):
    """The device goes: holdover. It comes back under another name: locked."""
    locked(lab, ["mock_phc"])
    held = Phc(mock_phc.device())
    with Watch(lab) as watch:
        time.sleep(0.5)
        mock_phc.unload()
        begin = time.monotonic()
        lab.require("holdover", until(lambda: lab.clock_state() == "HOLDOVER", 10), str(lab.clock_state()))
        lab.check("within 4 s", time.monotonic() - begin < 4, f"{time.monotonic() - begin:.1f} s")
        first = lab.observe()["clock"]["error_bound_s"]
        time.sleep(2)
        last = lab.observe()["clock"]["error_bound_s"]
        lab.check("the bound grows", 1e-6 < last - first < 1e-4, f"{first} to {last} s")
        path = lab.load_phc(offset_ns=round(AHEAD * 1e9))
        lab.check("another name", path.name == "ptp1", str(path))
        lab.check("locked again", until(lambda: lab.clock_state() == "LOCKED", LOCK_SECONDS), str(watch.states))
    held.close()
    check_served(lab, watch, AHEAD)
    lab.check("always synchronised", len(watch.synchronised) == len(watch.answers), str(watch.states))


def test_phc_chronyd(lab):
    """A real client takes Pollux for a stratum 1 server and finds the time of the PHC."""
    lab.need_chronyd()
    locked(lab, ["/dev/ptp0"])
    client = clients.Chronyd(lab, (SERVER4,))
    lab.require("chronyd accepts it", until(lambda: client.accepts(SERVER4)[0], 30), client.accepts(SERVER4)[1])
    line = next(line for line in client.accepts(SERVER4)[1].splitlines() if SERVER4 in line)
    lab.check("stratum 1", line.split(",")[3] == "1", line)
    _, out = lab.run(client.root / "sbin/chronyd", "-Q", "-t", 20, "-u", "root", f"server {SERVER4} iburst",
                     "pidfile /run/once.pid", check=False)
    found = re.search(r"System clock wrong by (\S+) seconds", out)
    lab.check("offset", found and abs(float(found[1]) - AHEAD) < 0.01, out.strip().replace("\n", " | ")[-300:])


def test_phc_dead_first(lab):
    """The first of two PHCs never ticks (QEMU's e1000e): the second is taken."""
    lab.run("modprobe", "e1000e")
    try:
        dead = phc.find("000000000000")
        locked(lab, [dead, "mock_phc"])
        with Watch(lab) as watch:
            time.sleep(2)
        check_served(lab, watch, AHEAD)
        lab.stop()
    finally:
        lab.run("rmmod", "e1000e")


def test_phc_era(lab):
    """The NTP era ends while time is served."""
    begin = time.monotonic()
    locked(lab, ["/dev/ptp0"], ahead=0)
    lab.stop()
    with lab.system_time(ERA_END - 5 - 2 * (time.monotonic() - begin)) as stepped:
        mock_phc.put("step_ns", round(stepped * 1e9))
        lab.start()
        lab.require("locks", until(lambda: lab.clock_state() == "LOCKED", LOCK_SECONDS), str(lab.clock_state()))
        with Watch(lab) as watch:
            until(lambda: time.time() > ERA_END + 2, 60)
        check_served(lab, watch, Phc("/dev/ptp0").ahead())
    sides = {answer.transmit < 2**63 for answer in watch.synchronised}
    lab.check("served on both sides", sides == {False, True}, str(sides))
    lab.check("always synchronised", len(watch.synchronised) == len(watch.answers))
