"""The world of one case in the virtual machine: polluxd behind a veth pair, and a PTP hardware clock. Here a
case may set the kernel's clock.
"""

import contextlib
import time

import mock_phc
from cases import Stop
from daemon_lab import SERVER4, DaemonLab, until
from ntp_client import NtpClient


def realtime_ahead():
    """CLOCK_REALTIME - CLOCK_MONOTONIC in s, of the readings that took least."""
    readings = []
    for _ in range(20):
        before, now, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        readings.append((after - before, now - (before + after) // 2))
    return min(readings)[1] * 1e-9


class GuestLab(DaemonLab):
    start_seconds = 30  # emulated, beside a busy host

    def __init__(self, build, peers, logs, module):
        super().__init__(build, peers, logs)
        self.module = module

    def load_phc(self, **parameters):
        """Makes the mock PHC; returns its path."""
        return mock_phc.load(self.module, **parameters)

    def configure(self, *, clock="trust = true\nstratum = 1", counter="tsc", **settings):
        """The emulated counter is good, but has no bit that says so: it has to be asked for."""
        super().configure(clock=f'{clock}\ncounter = "{counter}"\ndrift_file = "none"', **settings)

    def serve(self, **settings):
        """The network, polluxd in it, and a client that it answers."""
        self.connect()
        self.configure(**settings)
        self.start()
        client = NtpClient(SERVER4)
        self.require("answers", until(lambda: client.ask(0.3), 10))
        return client

    def need_chronyd(self):
        """Ends the case where chronyd is not unpacked."""
        if not (self.peers / "chrony").is_dir():
            self.skip("chronyd", f"chrony is not in {self.peers}: scripts/lib/install peer")
            raise Stop()

    def clock_state(self):
        """What polluxd says of its clock: INIT, LOCKED and so on; None when it says nothing."""
        return ((self.observe() or {}).get("clock") or {}).get("state")

    @contextlib.contextmanager
    def system_time(self, seconds):
        """Sets the kernel's clock, to go on from `seconds` since 1970; back to the right time at the end. Gives
        the step that this was, in s.
        """
        ahead = realtime_ahead()
        time.clock_settime(time.CLOCK_REALTIME, seconds)
        try:
            yield realtime_ahead() - ahead
        finally:
            time.clock_settime(time.CLOCK_REALTIME, time.monotonic() + ahead)
