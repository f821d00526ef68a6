"""The world of one case in the virtual machine: that of a smoke test, and a PTP hardware clock in it."""

import contextlib
import time

import mock_phc
from lab import Lab


class GuestLab(Lab):
    start_seconds = 30  # emulated, beside a busy host

    def __init__(self, build, peers, logs, module):
        super().__init__(build, peers, logs)
        self.module = module

    def load_phc(self, **parameters):
        """Makes the mock PHC; returns its path."""
        return mock_phc.load(self.module, **parameters)

    @contextlib.contextmanager
    def system_time(self, seconds):
        """Sets the kernel's clock, to go on from `seconds` since 1970; back to the right time at the end."""
        true_time, begin = time.time(), time.monotonic()
        time.clock_settime(time.CLOCK_REALTIME, seconds)
        try:
            yield
        finally:
            time.clock_settime(time.CLOCK_REALTIME, true_time + time.monotonic() - begin)
