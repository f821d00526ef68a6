#!/usr/bin/python3 -B
"""scripts/bind-nic on a made-up host: its own sysfs, and a kernel that answers what is written there."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/bind-nic"
loader = importlib.machinery.SourceFileLoader("bind_nic", str(SCRIPT))
bind_nic = importlib.util.module_from_spec(importlib.util.spec_from_loader("bind_nic", loader))
loader.exec_module(bind_nic)

A, B, C, DISK = "0000:06:00.0", "0000:06:00.1", "0000:07:00.0", "0000:08:00.0"
NOIOMMU = "module/vfio/parameters/enable_unsafe_noiommu_mode"


class Host:
    """sysfs of a host with network cards; `fails` are writes (path's last part, text) that the kernel refuses."""

    def __init__(self, folder):
        self.root, self.state = folder / "sys", folder / "state"
        self.modules, self.fails, self.loaded, self.writes = {"vfio-pci"}, set(), [], []
        self.commands, self.ssh = {}, ""
        for part in ("bus/pci/devices", "bus/pci/drivers", "class/net", "kernel/iommu_groups"):
            (self.root / part).mkdir(parents=True)
        self.choice = {}  # device -> the driver that the kernel would choose

    def file(self, path, text=""):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text + "\n")

    def driver(self, name):
        (self.root / "bus/pci/drivers" / name).mkdir(exist_ok=True)
        self.file(f"bus/pci/drivers/{name}/unbind")

    def add(self, address, driver, interface=None, group=None, kind="0x020000", below=""):
        real = self.root / "devices/pci0000:00" / address
        real.mkdir(parents=True)
        (self.root / "bus/pci/devices" / address).symlink_to(real)
        for name, text in (("class", kind), ("driver_override", "(null)"), ("vendor", "0x8086")):
            self.file(f"bus/pci/devices/{address}/{name}", text)
        if group:
            home = self.root / "kernel/iommu_groups" / group / "devices"
            home.mkdir(parents=True, exist_ok=True)
            (home / address).symlink_to(real)
            (real / "iommu_group").symlink_to(home.parent)
        self.choice[address] = driver
        if driver:
            self.driver(driver)
            (real / "driver").symlink_to(self.root / "bus/pci/drivers" / driver)
        if interface:
            (real / below).mkdir(exist_ok=True)
            (self.root / "class/net" / interface).mkdir()
            (self.root / "class/net" / interface / "device").symlink_to(real / below)

    def above(self, lower, upper):
        (self.root / "class/net" / upper).mkdir(exist_ok=True)
        (self.root / "class/net" / lower / f"upper_{upper}").symlink_to(self.root / "class/net" / upper)

    def default_route(self, interface, family="-4", **more):
        route = [{"dst": "default", "dev": interface, **more}] if interface else [{"dst": "default", **more}]
        self.commands[("ip", "-j", family, "route", "show", "table", "all", "default")] = json.dumps(route)

    def address(self, interface, local):
        self.commands[("ip", "-j", "address", "show")] = json.dumps(
            [{"ifname": interface, "addr_info": [{"local": local}]}])

    def driver_of(self, address):
        link = self.root / "bus/pci/devices" / address / "driver"
        return link.resolve().name if link.is_symlink() else ""

    def override_of(self, address):
        return (self.root / "bus/pci/devices" / address / "driver_override").read_text().strip()

    # The kernel's part.

    def written(self, path, text):
        name = path.rsplit("/", 1)[-1]
        self.writes.append((name, text.strip()))
        if (name, text.strip()) in self.fails:
            raise bind_nic.Refused(f"{path}: cannot write {text.strip()!r}")
        if name == "driver_override" or path == NOIOMMU:
            (self.root / path).write_text(text)
        elif name == "unbind":
            (self.root / "bus/pci/devices" / text / "driver").unlink()
        elif name == "drivers_probe":
            wanted = self.override_of(text)
            driver = self.choice[text] if wanted in ("", "(null)") else wanted
            link = self.root / "bus/pci/devices" / text / "driver"
            if driver and ("probe", text, driver) not in self.fails and not link.is_symlink():
                link.symlink_to(self.root / "bus/pci/drivers" / driver)


class FakeSystem(bind_nic.System):
    def __init__(self, host, dry_run=False):
        super().__init__(dry_run)
        self.host, self.sys, self.state = host, host.root, host.state

    def write(self, path, text):
        if self.dry_run:
            return super().write(path, text)
        return self.host.written(str(path), text)

    def run(self, *command):
        return self.host.commands.get(command, "")

    def load(self, *module):
        if self.dry_run:
            return super().load(*module)
        self.host.loaded.append(module)
        if module[0] not in self.host.modules:
            return False
        self.host.driver(module[0])
        return True

    def ssh_connection(self):
        return self.host.ssh


class BindNic(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.host = Host(pathlib.Path(folder.name))
        self.host.add(A, "ixgbe", "eth0", group="7")
        self.host.add(C, "ena", "eth1", group="8")
        self.host.add(DISK, "nvme", group="9", kind="0x010802")

    def call(self, *arguments):
        """(exit code, all that it says)."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = bind_nic.main(arguments, lambda dry_run: FakeSystem(self.host, dry_run))
        return code, said.getvalue()

    def good(self, *arguments):
        code, said = self.call(*arguments)
        self.assertEqual(code, 0, said)
        return said

    def refused(self, words, *arguments):
        before = {address: self.host.driver_of(address) for address in (A, C)}
        code, said = self.call(*arguments)
        self.assertEqual((code, len(said.strip().splitlines()[-1:])), (1, 1), said)
        for word in words:
            self.assertIn(word, said)
        self.assertEqual({address: self.host.driver_of(address) for address in (A, C)}, before)
        return said

    def test_bind_and_unbind(self):
        said = self.good("bind", "06:00.0")
        self.assertEqual((self.host.driver_of(A), self.host.override_of(A)), ("vfio-pci", "vfio-pci"))
        self.assertIn(f'pci = "{A}"', said)
        self.assertIn("interface eth0 goes away", said)
        self.assertEqual((self.host.state / A).read_text(), "ixgbe\n")
        writes = len(self.host.writes)
        self.assertIn("already", self.good("bind", A))
        self.assertEqual(len(self.host.writes), writes)
        self.assertIn("had ixgbe", self.good("status"))
        self.good("unbind", A)
        self.assertEqual((self.host.driver_of(A), self.host.override_of(A)), ("ixgbe", ""))
        self.assertFalse((self.host.state / A).exists())
        self.assertIn("already", self.good("unbind", A))

    def test_interface_names_and_virtio(self):
        self.good("bind", "eth1")
        self.assertEqual(self.host.driver_of(C), "vfio-pci")
        self.host.add("0000:00:03.0", "virtio-pci", "eth5", group="3", below="virtio0")
        self.assertIn("eth5", self.good("status", "eth5"))
        self.host.default_route("eth5")
        self.refused(["eth5", "default route"], "bind", "0000:00:03.0")

    def test_another_driver_in_between(self):
        self.host.modules.add("uio_pci_generic")
        self.good("bind", A)
        self.good("bind", "--driver", "uio_pci_generic", A)
        self.assertEqual((self.host.driver_of(A), (self.host.state / A).read_text()), ("uio_pci_generic", "ixgbe\n"))
        self.good("unbind", A)
        self.assertEqual(self.host.driver_of(A), "ixgbe")

    def test_no_such_device(self):
        self.refused(["there is no device 0000:0f:00.0"], "bind", "0f:00.0")
        self.refused(["there is no interface eth9"], "bind", "eth9")
        self.refused([f"{DISK} is no network device"], "bind", DISK)
        self.host.file("class/net/br0/mtu", "1500")
        self.refused(["br0 is not an interface of a PCI device"], "bind", "br0")

    def test_default_route(self):
        for family in ("-4", "-6"):
            self.host.commands.clear()
            self.host.default_route("eth0", family)
            self.refused(["eth0", f"default route (IPv{family[1]})", "--force"], "bind", A)
        self.host.commands.clear()
        self.host.default_route(None, nexthops=[{"dev": "eth3"}, {"dev": "eth0"}])
        self.refused(["default route"], "bind", A)
        self.good("bind", C)
        self.good("bind", "--force", A)
        self.assertEqual(self.host.driver_of(A), "vfio-pci")

    def test_default_route_above(self):
        self.host.above("eth0", "bond0")
        self.host.above("bond0", "vlan7")
        self.host.above("vlan7", "bond0")  # a ring ends
        self.host.default_route("vlan7")
        self.refused(["eth0", "below vlan7", "default route"], "bind", A)
        self.host.default_route("lo", type="unreachable")
        self.good("bind", A)

    def test_ssh(self):
        self.host.address("eth0", "192.0.2.7")
        self.host.ssh = "198.51.100.1 5000 192.0.2.7 22"
        self.refused(["eth0", "SSH session at 192.0.2.7"], "bind", A)
        self.host.ssh = ""
        sockets = ("ss", "-H", "-t", "-n", "-p", "state", "established")
        for local, address in (("192.0.2.7:22", "192.0.2.7"), ("[2001:db8::7]:22", "2001:db8::7"),
                               ("[::ffff:192.0.2.7]:22", "192.0.2.7"), ("[fe80::7%eth0]:22", "fe80::7")):
            self.host.address("eth0", address)
            for program in ("sshd", "sshd-session"):
                self.host.commands[sockets] = f'0 0 {local} 198.51.100.1:5000 users:(("{program}",pid=7,fd=4))\n'
                self.refused(["SSH session"], "bind", A)
        self.host.commands[sockets] = '0 0 [fe80::7]:22 198.51.100.1:5000 users:(("ssh",pid=7,fd=4))\n'
        self.good("bind", A)

    def test_shares_with_the_kernel(self):
        self.host.add(B, "mlx5_core", "eth2", group="10")
        self.refused([B, "mlx5_core", f'pci = "{B}"'], "bind", B)

    def test_virtual_functions(self):
        self.host.file(f"bus/pci/devices/{A}/sriov_numvfs", "2")
        self.refused(["2 virtual functions", "echo 0 >"], "bind", A)

    def test_group(self):
        self.host.add(B, "ixgbe", "eth2", group="7")
        self.host.add("0000:00:01.0", "pcieport", group="7", kind="0x060400")
        self.refused([B, "IOMMU group 7", f"bind-nic bind {A} {B}"], "bind", A)
        self.good("bind", A, B)
        self.assertEqual([self.host.driver_of(A), self.host.driver_of(B)], ["vfio-pci"] * 2)

    def test_no_iommu(self):
        self.host.add(B, "ena", "eth2")
        self.refused([B, "no IOMMU group", "--noiommu", "dpdk-kmods-dkms", "wc_activate=1"], "bind", B)
        self.refused(["no mode without IOMMU"], "bind", "--noiommu", B)
        self.host.file(NOIOMMU, "N")
        self.good("bind", "--noiommu", B)
        self.assertEqual((self.host.driver_of(B), (self.host.root / NOIOMMU).read_text()), ("vfio-pci", "Y"))

    def test_driver_is_missing(self):
        self.refused([A, "no driver igb_uio", "dpdk-kmods-dkms"], "bind", "--driver", "igb_uio", A)
        self.assertEqual(self.host.loaded[-1], ("igb_uio", "wc_activate=1"))
        self.host.modules.add("igb_uio")
        self.host.file(f"bus/pci/devices/{C}/vendor", "0x1d0f")
        self.host.file("module/igb_uio/parameters/wc_activate", "0")
        self.refused([C, "wc_activate=1"], "bind", "--driver", "igb_uio", C)
        self.host.file("module/igb_uio/parameters/wc_activate", "1")
        self.good("bind", "--driver", "igb_uio", C)

    def test_half_done_is_undone(self):
        for fault in (("driver_override", "vfio-pci"), ("unbind", C), ("probe", C, "vfio-pci")):
            with self.subTest(fault=fault):
                self.host.fails = {fault}
                said = self.refused(["Everything is as it was"], "bind", A, C)
                self.assertNotIn("not taken by ixgbe", said)
                self.assertFalse(list(self.host.state.glob("*")))
                self.assertNotIn("vfio-pci", [self.host.override_of(A), self.host.override_of(C)])
        self.host.fails = set()
        self.good("bind", A, C)

    def test_cannot_be_undone(self):
        self.host.fails = {("probe", C, "vfio-pci"), ("probe", A, "ixgbe")}
        code, said = self.call("bind", A, C)
        self.assertEqual(code, 1)
        self.assertIn(f"{A} is not taken by ixgbe again", said)
        self.assertIn(f"echo {A} > /sys/bus/pci/drivers/ixgbe/bind", said)

    def test_dry_run(self):
        said = self.good("bind", "-n", A)
        for words in (f"would write vfio-pci to {self.host.root}/bus/pci/devices/{A}/driver_override",
                      f"would write {A} to {self.host.root}/bus/pci/drivers_probe", "would run modprobe vfio-pci"):
            self.assertIn(words, said)
        self.assertEqual((self.host.driver_of(A), self.host.writes, self.host.loaded), ("ixgbe", [], []))
        self.assertFalse(self.host.state.exists())

    def test_never_bound_by_us(self):
        self.host.driver("vfio-pci")
        link = self.host.root / "bus/pci/devices" / A / "driver"
        link.unlink()
        link.symlink_to(self.host.root / "bus/pci/drivers/vfio-pci")
        self.good("unbind", A)
        self.assertEqual(self.host.driver_of(A), "ixgbe")


if __name__ == "__main__":
    unittest.main()
