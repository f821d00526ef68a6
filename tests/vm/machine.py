"""The virtual machine: QEMU without KVM, a kernel from `scripts/lib/install guest`, and this computer's own
files as its root. Its first serial line is its console, the second carries what guest.py says: a line of
JSON when it is up and one for each case.
"""

import json
import os
import pathlib
import platform
import re
import select
import shlex
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
MEMORY_MB, CPUS = 1024, 2
PEER_SLOT, CARD_SLOTS = 0x10, {"e1000e": 0x11, "virtio": 0x12}  # of network cards on the machine's PCI bus


def missing(guest):
    """Why there can be no virtual machine here, or None. `guest` is where the guest's packages are unpacked."""
    if platform.machine() != "x86_64":
        return f"the virtual machine is an x86_64 one, this computer is {platform.machine()}"
    for program in ("qemu-system-x86_64", "modprobe", "make"):
        if not shutil.which(program):
            return f"{program} is not installed: scripts/lib/install vm"
    if not guest.is_dir():
        return f"there is no kernel in {guest}: scripts/lib/install guest"
    return None


def kernel_version(guest):
    return next((guest / "lib/modules").iterdir()).name


def build_module(guest, folder):
    """Builds mock_phc.ko for that kernel in the folder; returns its path."""
    target = folder / "mock_phc"
    shutil.copytree(HERE / "mock_phc", target, dirs_exist_ok=True)
    headers = guest / "usr/src" / f"linux-headers-{kernel_version(guest)}"
    done = subprocess.run(["make", "-s", "-C", headers, f"M={target}", "KCFLAGS=-Werror", "modules"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"mock_phc cannot be built: {done.stdout}")
    return target / "mock_phc.ko"


def pack_first_files(guest, folder, command):
    """The archive that the kernel starts from: busybox, init, the modules of the root; returns its path."""
    tree, archive = folder / "first", folder / "first.cpio"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "dev", "host", "memory", "modules", "proc", "root", "sys"):
        (tree / name).mkdir(parents=True)
    shutil.copy(guest / "bin/busybox", tree / "bin/busybox")
    shutil.copy(HERE / "init", tree / "init")
    (tree / "settings").write_text(f"set -- {shlex.join(str(part) for part in command)}\n")
    wanted = []
    for name in ROOT_MODULES:
        listing = subprocess.run(["modprobe", "-d", guest, "-S", kernel_version(guest), "--show-depends", name],
                                 stdout=subprocess.PIPE, text=True, check=True).stdout
        wanted += [line.split()[1] for line in listing.splitlines() if line.startswith("insmod ")]
    for number, path in enumerate(dict.fromkeys(wanted)):
        shutil.copy(path, tree / "modules" / f"{number:02}.ko")
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with open(archive, "wb") as output:
        subprocess.run([guest / "bin/busybox", "cpio", "-o", "-H", "newc"], cwd=tree, input=names.encode(),
                       stdout=output, stderr=subprocess.PIPE, check=True)
    return archive


def wire(name, device):
    """Arguments for a network card on the machine's only wire."""
    return "-netdev", f"hubport,id={name},hubid=0", "-device", f"{device},netdev={name}"


class Machine:
    """Runs while in a with block. `shared` is the only folder of this computer that it can write to."""

    def __init__(self, guest, folder, shared, command):
        self.console = folder / "console.log"
        archive = pack_first_files(guest, folder, command)
        image = guest / "boot" / f"vmlinuz-{kernel_version(guest)}"
        self.command = [
            "setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-M", "q35",
            "-cpu", "max", "-smp", CPUS, "-m", MEMORY_MB, "-nodefaults", "-no-user-config", "-no-reboot",
            "-display", "none", "-kernel", image, "-initrd", archive,
            # TCG's counter is good, but has no bit that says so. The check of the timer fails on a busy host, whose
            # ticks come late, and then the machine hangs.
            "-append", "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check intel_iommu=on",
            "-serial", f"file:{self.console}", "-serial", "stdio",
            "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
            "-fsdev", f"local,id=shared,path={shared},security_model=none",
            "-device", "virtio-9p-pci,fsdev=shared,mount_tag=shared",
            # A wire: the kernel's end of it, and the cards that a case may give to DPDK.
            "-device", "intel-iommu,intremap=on,caching-mode=on",
            *wire("kernel", f"virtio-net-pci,addr={PEER_SLOT:#x}"),
            *wire("e1000e", f"e1000e,addr={CARD_SLOTS['e1000e']:#x}"),
            *wire("virtio", f"virtio-net-pci,addr={CARD_SLOTS['virtio']:#x},disable-legacy=on,iommu_platform=on"),
        ]
        self.errors = folder / "qemu.log"
        self.process, self.text = None, b""

    def __enter__(self):
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([str(part) for part in self.command], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=errors)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def receive(self, seconds):
        """The next thing that the guest says, or None when it ends or keeps silent for so long."""
        end = time.monotonic() + seconds
        while b"\n" not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            self.text += data
        line, self.text = self.text.split(b"\n", 1)
        return json.loads(line)

    def last_words(self):
        """What the console says of the kernel's end, else the ends of the console and of QEMU's own messages."""
        texts = [path.read_text(errors="replace") for path in (self.console, self.errors) if path.exists()]
        lines = [line.strip() for text in texts for line in text.splitlines()[-6:]]
        return " | ".join(re.findall(r".*(?:BUG|Oops|panic).*", texts[0]) or lines)
