"""What scripts/bind-nic knows of this host: PCI devices, their drivers and interfaces, in sysfs."""

import os
import pathlib
import re
import subprocess

DRIVERS = ("vfio-pci", "igb_uio", "uio_pci_generic")
ADDRESS = re.compile(r"([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
NETWORK, BRIDGE = "0x02", "0x06"  # how the class of a device begins


class Refused(Exception):
    """A sentence for the operator that names the device and what mends it."""


class System:
    """This host. Roots other than / are for tests."""

    def __init__(self, dry_run=False):
        self.sys = pathlib.Path(os.environ.get("POLLUX_SYS_ROOT", "/sys"))
        self.state = pathlib.Path(os.environ.get("POLLUX_STATE_ROOT", "/run/pollux-bind-nic"))
        self.dry_run = dry_run

    def read(self, path):
        """A file's text without the space around it, "" where there is none."""
        try:
            return (self.sys / path).read_text().strip()
        except OSError:
            return ""

    def link(self, path):
        """The last part of where a link leads, "" where there is none."""
        try:
            return os.path.basename(os.readlink(self.sys / path))
        except OSError:
            return ""

    def names(self, path):
        try:
            return sorted(os.listdir(self.sys / path))
        except OSError:
            return []

    def device_of(self, interface):
        """The PCI device nearest to it, "" where there is none; a virtio interface has one in between."""
        parts = pathlib.Path(os.path.realpath(self.sys / f"class/net/{interface}/device")).parts
        return next((part for part in reversed(parts) if ADDRESS.fullmatch(part)), "")

    def write(self, path, text):
        if self.dry_run:
            print(f"would write {text.strip() or 'an empty line'} to {self.sys / path}")
            return
        try:
            (self.sys / path).write_text(text)
        except OSError as error:
            raise Refused(f"{self.sys / path}: cannot write {text.strip()!r}: {error.strerror}") from error

    def remember(self, address, driver):
        if not self.dry_run:
            self.state.mkdir(mode=0o755, parents=True, exist_ok=True)
            (self.state / address).write_text(driver + "\n")

    def remembered(self, address):
        try:
            return (self.state / address).read_text().strip()
        except OSError:
            return None

    def forget(self, address):
        if not self.dry_run:
            (self.state / address).unlink(missing_ok=True)

    def run(self, *command):
        """What a program says; "" where it fails or is not there."""
        try:
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return ""

    def load(self, *module):
        """Whether the kernel has the module after this."""
        if self.dry_run:
            print(f"would run modprobe {' '.join(module)}")
            return True
        return subprocess.run(["modprobe", *module], capture_output=True, check=False).returncode == 0

    def ssh_connection(self):
        return os.environ.get("SSH_CONNECTION", "")


class Card:
    """A network device on the PCI bus."""

    def __init__(self, system, name):
        self.system = system
        self.address = self.find(system, name)
        self.path = f"bus/pci/devices/{self.address}"
        if not system.read(f"{self.path}/class").startswith(NETWORK):
            raise Refused(f"{self.address} is no network device; 'bind-nic status' lists them")

    @staticmethod
    def find(system, name):
        if ADDRESS.fullmatch(name.lower()):
            address = name.lower() if name.count(":") == 2 else "0000:" + name.lower()
        elif "/" not in name and system.names(f"class/net/{name}"):
            address = system.device_of(name)
            if not address:
                raise Refused(f"{name} is not an interface of a PCI device, so DPDK cannot take it as one: use "
                              f"interface = \"{name}\" in the configuration")
        else:
            raise Refused(f"there is no interface {name}; 'bind-nic status' lists the devices")
        if not system.names(f"bus/pci/devices/{address}"):
            raise Refused(f"there is no device {address}; 'bind-nic status' lists them")
        return address

    @property
    def driver(self):
        return self.system.link(f"{self.path}/driver")

    @property
    def interfaces(self):
        return [name for name in self.system.names("class/net") if self.system.device_of(name) == self.address]

    @property
    def group(self):
        return self.system.link(f"{self.path}/iommu_group")

    def neighbours(self):
        """(address, driver) of what else is in the group and could use its memory; bridges do not count."""
        for other in self.system.names(f"kernel/iommu_groups/{self.group}/devices") if self.group else ():
            if other != self.address and not self.system.read(f"bus/pci/devices/{other}/class").startswith(BRIDGE):
                yield other, self.system.link(f"bus/pci/devices/{other}/driver")

    def set_driver(self, driver):
        """Binds it to this driver alone; without one, to the one that the kernel chooses."""
        if self.driver and self.driver == driver:
            return
        self.system.write(f"{self.path}/driver_override", driver + "\n")
        if self.driver:
            self.system.write(f"{self.path}/driver/unbind", self.address)
        self.system.write("bus/pci/drivers_probe", self.address)
