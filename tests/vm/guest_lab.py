"""The world of one case in the virtual machine: polluxd behind a veth pair, and a PTP hardware clock. Here a
case may set the kernel's clock.
"""

import contextlib
import os
import pathlib
import time

import mock_phc
from cases import Stop
from daemon_lab import CLIENT4, CLIENT6, SERVER4, DaemonLab, until
from machine import CARD_SLOTS, PEER_SLOT
from ntp_client import NtpClient


FIRST_NETWORK = pathlib.Path("/dev/first-network")
PCI = pathlib.Path("/sys/bus/pci")
HUGEPAGES = pathlib.Path("/proc/sys/vm/nr_hugepages")


def pci_address(slot):
    return f"0000:00:{slot:02x}.0"


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

    # A wire to a card that DPDK has as a whole.

    def connect_card(self):
        """The kernel's end of the wire is c0 here, with the client's addresses; polluxd gets namespace `server`."""
        self.run("mount", "-t", "tmpfs", "tmpfs", "/run")
        self.run("ip", "netns", "add", "server")
        self.run("ip", "link", "set", "lo", "up", server=True)
        self.run("modprobe", "virtio_net")
        found = until(lambda: list((PCI / "devices" / pci_address(PEER_SLOT)).glob("virtio*/net/*")), 10)
        if not found:  # another namespace's card shows no name here
            _, out = self.run("nsenter", f"--net={FIRST_NETWORK}", "ls", "/sys/class/net", check=False)
            raise RuntimeError(f"the kernel has no card for the other end of the wire: {out}")
        self.run("nsenter", f"--net={FIRST_NETWORK}", "ip", "link", "set", found[0].name, "name", "c0", "netns",
                 os.getpid())
        self.run("sysctl", "-qw", "net.ipv6.conf.c0.accept_dad=0")
        for text in (CLIENT4 + "/24", CLIENT6 + "/64"):
            self.run("ip", "address", "add", text, "dev", "c0")
        self.run("ip", "link", "set", "c0", "up")

    @contextlib.contextmanager
    def dpdk_card(self, kind):
        """Binds a card of machine.py to vfio-pci while the block lasts. Gives its PCI address."""
        address = pci_address(CARD_SLOTS[kind])
        device = PCI / "devices" / address
        # With small pages the IOMMU would have to be told of each, which takes minutes here.
        HUGEPAGES.write_text("72")
        self.run("modprobe", "vfio-pci")
        self.run("modprobe", "tun")

        def bind(driver):
            (device / "driver_override").write_text(driver + "\n")
            if (device / "driver").exists():
                (device / "driver/unbind").write_text(address)
            if driver:
                (PCI / "drivers_probe").write_text(address)

        bind("vfio-pci")
        try:
            yield address
        finally:
            # The kernel would wait for ever for a card that somebody has open.
            if self.daemon and self.daemon.poll() is None:
                self.daemon.kill()
                self.daemon.wait()
            bind("")
            HUGEPAGES.write_text("0")
