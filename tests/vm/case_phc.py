"""polluxd on a PTP hardware clock: what it serves when the clock is good, and when it is not. The clock runs a
quarter of a second ahead of the kernel's, so that time taken from the wrong one of them is seen.
"""

import errno
import json
import time

import clients
import mock_phc
import phc
from lab import SERVER4, Wire, until
from phc import Phc
from watch import ERA_END, Watch, check_era, check_served, state_of

AHEAD = 0.25
LOCK_SECONDS = 15
TAI = 37


def locked(lab, devices, *, ahead=AHEAD, timescale="utc", client_addresses=False, **parameters):
    """Makes a PHC, starts polluxd on these devices and waits until it is locked. False where polluxd cannot."""
    lab.connect(client_addresses=client_addresses)
    lab.configure(clock=f'phc = {json.dumps([str(device) for device in devices])}\ntrust_phc = true\n'
                        f'timescale = "{timescale}"\ncounter_check = false')
    _, out = lab.ctl("validate", lab.config_path)
    if "unknown key 'phc'" in out:
        lab.skip("polluxd on a PHC", "this polluxd has no clock.phc")
        return False
    lab.load_phc(offset_ns=round(ahead * 1e9), **parameters)
    lab.start()
    begin = time.monotonic()
    lab.require("locks", until(lambda: state_of(lab) == "LOCKED", LOCK_SECONDS), f"state {state_of(lab)}")
    lab.check("within 3 s", time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s")
    return True


def test_phc_lock(lab, kind=("extended", "basic", "precise", "tai")):
    """Each request of the kernel, and a clock that shows TAI."""
    shown = AHEAD + (TAI if kind == "tai" else 0)
    if not locked(lab, ["/dev/ptp0"], ahead=shown, timescale="tai" if kind == "tai" else "utc",
                  extended=int(kind != "basic"), precise=int(kind == "precise")):
        return
    with Watch(lab) as watch:
        time.sleep(5)
    check_served(lab, watch, AHEAD)
    first = watch.answers[0].reply
    lab.check("stratum 1", len(watch.synchronised) == len(watch.answers) and first.stratum == 1, f"{first.stratum}")
    lab.check("dispersion under 1 ms", first.root_dispersion < 1e-3, f"{first.root_dispersion} s")
    lab.check("stays locked", [state for _, state in watch.states] == ["LOCKED"], str(watch.states))


def test_phc_step(lab, step=(1_000_000, 1_000_000_000)):
    """A step is noticed, and time is never served that is neither that of before nor that of after."""
    if not locked(lab, ["/dev/ptp0"]):
        return
    after = AHEAD + step * 1e-9
    with Watch(lab) as watch:
        time.sleep(1)
        mock_phc.put("step_ns", step)
        begin = time.monotonic()
        time.sleep(6)
    noticed = watch.left("LOCKED", begin)
    lab.check("noticed within 1 s", noticed is not None and noticed <= 1, f"after {noticed} s, {watch.states}")
    check_served(lab, watch, AHEAD, after)
    new = [answer.asked - begin for answer in watch.synchronised if not answer.agrees(AHEAD)]
    old = [answer.asked - begin for answer in watch.synchronised if not answer.agrees(after)]
    lab.check("the new time is not served before the step is noticed", not new or min(new) >= (noticed or 99),
              f"after {min(new, default=0)} s")
    lab.check("nor the old one after the new one", not new or max(old, default=-99) < min(new),
              f"{min(new, default=0)} s, {max(old, default=0)} s")
    lab.check("answers tell the two apart", len(old) > 20, f"{len(old)} old, {len(new)} new")
    lab.check("locked again", until(lambda: state_of(lab) == "LOCKED", LOCK_SECONDS), str(state_of(lab)))


def test_phc_errors(lab):
    """Bursts of EBUSY do no harm; a quota like that of the ENA is kept."""
    if not locked(lab, ["/dev/ptp0"]):
        return
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
    lab.check("reads less than a quarter of the quota", 3 <= reads < 3 * 125 / 4, f"{reads} in 3 s")
    lab.check("locked", until(lambda: state_of(lab) == "LOCKED", LOCK_SECONDS), str(watch.states))


def test_phc_frozen(lab):
    """A clock that stands still is not believed."""
    if not locked(lab, ["/dev/ptp0"]):
        return
    with Watch(lab) as watch:
        with mock_phc.fault("frozen", 1) as fault:
            time.sleep(5)
        lab.check("locked again", until(lambda: state_of(lab) == "LOCKED", LOCK_SECONDS), str(watch.states))
    noticed = watch.left("LOCKED", fault.begin)
    lab.check("noticed within 2 s", noticed is not None and noticed <= 2, f"after {noticed} s, {watch.states}")
    check_served(lab, watch, AHEAD)


def test_phc_unplugged(lab):
    """The device goes: holdover. It comes back under another name: locked."""
    if not locked(lab, ["mock_phc"]):
        return
    held = Phc(mock_phc.device())
    with Watch(lab) as watch:
        time.sleep(0.5)
        mock_phc.unload()
        begin = time.monotonic()
        lab.check("holdover", until(lambda: state_of(lab) == "HOLDOVER", 5), str(state_of(lab)))
        lab.check("within 3 s", time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s")
        time.sleep(3)
        path = lab.load_phc(offset_ns=round(AHEAD * 1e9))
        lab.check("another name", path.name == "ptp1", str(path))
        lab.check("locked again", until(lambda: state_of(lab) == "LOCKED", LOCK_SECONDS), str(watch.states))
    held.close()
    check_served(lab, watch, AHEAD)
    gone = [answer.reply.root_dispersion for answer in watch.synchronised if 0.5 < answer.asked - begin < 3]
    lab.check("served on with a growing error", len(gone) > 20 and gone[-1] > gone[0],
              f"{len(gone)}, {gone[:1]} to {gone[-1:]}")


def test_phc_chronyd(lab):
    """A real client takes Pollux on a PHC for a stratum 1 server with the right time."""
    if not locked(lab, ["/dev/ptp0"], ahead=0, client_addresses=True):
        return
    client = clients.Chronyd(lab, (SERVER4,))
    lab.require("chronyd accepts it", until(lambda: client.accepts(SERVER4)[0], 30), client.accepts(SERVER4)[1])
    line = next(line for line in client.accepts(SERVER4)[1].splitlines() if SERVER4 in line).split(",")
    offset, error = float(line[8]), float(line[9])
    lab.check("stratum 1", line[3] == "1", str(line))
    lab.check("offset", abs(offset) <= error and error < 0.01, f"{offset} +- {error} s")


def test_phc_dead_first(lab):
    """The first of two PHCs never ticks (QEMU's e1000e): the second is taken."""
    lab.run("modprobe", "e1000e")
    try:
        dead = phc.find("000000000000")
        if locked(lab, [dead, "mock_phc"]):
            with Watch(lab) as watch:
                time.sleep(2)
            check_served(lab, watch, AHEAD)
            lab.stop()
    finally:
        lab.run("rmmod", "e1000e")


def test_phc_era(lab):
    """The NTP era ends while time is served. Both clocks are set shortly before."""
    if not locked(lab, ["/dev/ptp0"], ahead=0):
        return
    now = time.time_ns()
    with lab.system_time(ERA_END - 12):
        mock_phc.put("step_ns", time.time_ns() - now)
        lab.require("locked again", until(lambda: state_of(lab) == "LOCKED" and Wire().ask().synchronised, 10))
        check_era(lab)
