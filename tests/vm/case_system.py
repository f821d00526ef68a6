"""polluxd without a PHC, on a kernel of its own, and what other programs say of it and of the mock PHC."""

import pathlib
import time

import clients
from daemon_lab import SERVER4, until
from watch import Watch, check_served


def test_system_source(lab):
    """The kernel's clock is served; a real client accepts it."""
    lab.need_chronyd()
    lab.connect()
    lab.configure()
    lab.start()
    client = clients.Chronyd(lab, (SERVER4,))
    lab.check("chronyd accepts it", until(lambda: client.accepts(SERVER4)[0], 30), client.accepts(SERVER4)[1])
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def test_system_step(lab, step=(0.02, -30)):
    """The kernel's clock is stepped: noticed, and never a time that is neither the old nor the new one."""
    lab.serve()
    with Watch(lab) as watch:
        time.sleep(1)
        begin = time.monotonic()
        with lab.system_time(time.time() + step) as stepped:
            time.sleep(4)
            end = time.monotonic()
    # An answer on its way during a step has stamps of both times.
    watch.answers = [answer for answer in watch.answers
                     if answer.asked < end and not begin - 0.1 < answer.asked < begin + 0.05]
    before = [answer for answer in watch.answers if answer.asked < begin]
    after = [answer for answer in watch.answers if answer.asked > begin]
    check_served(lab, watch, 0, -stepped)
    lab.check("synchronised before", before and all(answer.synchronised for answer in before))
    old = [answer.asked - begin for answer in after if answer.synchronised and not answer.agrees(0)]
    lab.check("the old time is served for less than 1 s", max(old, default=0) < 1, f"{max(old, default=0)} s")
    doubt = [answer.asked - begin for answer in after if not answer.synchronised]
    lab.check("unsynchronised for 1 s", doubt and 0.7 < doubt[-1] - doubt[0] < 1.5,
              f"from {doubt[0]} to {doubt[-1]} s" if doubt else "never")
    lab.check("synchronised again", after[-1].synchronised and after[-1].agrees(0))


def test_chronyd_on_mock_phc(lab):
    """To chronyd the mock is a PHC like others."""
    lab.need_chronyd()
    path = lab.load_phc()
    home = pathlib.Path("/run/chrony")
    home.mkdir(mode=0o700)
    (home / "conf").write_text(f"refclock PHC {path} poll 0 dpoll -2 refid MOCK\nport 0\ncmdport 0\n"
                               f"bindcmdaddress {home}/sock\npidfile {home}/pid\n")
    root = lab.peers / "chrony/usr"
    lab.spawn("chronyd", root / "sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf")

    def tracking():
        _, out = lab.run(root / "bin/chronyc", "-c", "-h", home / "sock", "tracking", check=False)
        return out.strip().split(",")

    lab.require("selected", until(lambda: tracking()[1:2] == ["MOCK"], 30), str(tracking()))
    offset = float(tracking()[4])
    lab.check("offset", abs(offset) < 1e-4, f"{offset} s")
