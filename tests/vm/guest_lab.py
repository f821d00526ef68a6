"""The world of one case in the virtual machine: that of a smoke test, and a PTP hardware clock in it."""

import mock_phc
from lab import Lab


class GuestLab(Lab):
    def __init__(self, build, peers, logs, module):
        super().__init__(build, peers, logs)
        self.module = module

    def load_phc(self, **parameters):
        """Makes the mock PHC; returns its path."""
        return mock_phc.load(self.module, **parameters)
