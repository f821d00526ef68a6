"""A network card on vfio-pci behind an IOMMU, served by DPDK's driver for it, and the kernel's interface beside it."""

import pathlib
import re
import signal
import threading

import tcp_echo
from daemon_lab import SERVER4, SERVER6, until
from ntp_client import NtpClient

DRIVERS = {"e1000e": "net_e1000_em", "virtio": "net_virtio"}
OCTETS = 512 << 10


def pings(lab, target, *options):
    code, out = lab.run("ping", "-c", 5, "-i", 0.2, "-W", 10, *options, target, check=False)
    return code == 0 and " 0% packet loss" in out, out.strip().replace("\n", " | ")[-200:]


class Asking:
    """Asks for the time over and over while the block lasts."""

    def __init__(self, server):
        self.client, self.asked, self.lost, self.done = NtpClient(server), 0, 0, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.done.is_set():
            self.asked += 1
            self.lost += not self.client.ask(3)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def test_whole_port(lab, card=tuple(DRIVERS)):
    lab.connect_card()
    with lab.dpdk_card(card) as address:
        lab.configure(device=f'pci = "{address}"', port='host_stack = "kernel"', top='[workers]\nidle = "sleep"',
                      hugepages=True)
        lab.start()
        port = lab.observe()["ports"][0]
        lab.check("DPDK's driver", port["driver"] == DRIVERS[card], port["driver"])
        lab.check("link", until(lambda: lab.observe()["ports"][0]["link_up"], 10))
        lab.note("checksums", port["checksum"])
        _, shown = lab.run("ip", "address", "show", "plx0", server=True)
        lab.check("MAC address of the card", f"link/ether {port['mac']}" in shown, shown)
        lab.check("NTP", until(lambda: NtpClient(SERVER4).ask(0.5), 15))
        until(lambda: "tentative" not in lab.run("ip", "address", "show", "plx0", server=True)[1], 10)
        for target in (SERVER4, SERVER6):
            lab.check(f"ping {target}", *pings(lab, target))
            lab.check(f"ping {target} with full frames", *pings(lab, target, "-s", 1400))
        lab.spawn("echo", "/usr/bin/python3", tcp_echo.__file__, OCTETS, server=True)
        until(lambda: ":8080" in lab.run("ss", "-ltn", server=True, check=False)[1], 10)
        with Asking(SERVER4) as asking:
            for target in (SERVER4, SERVER6):
                good, detail = tcp_echo.transfer(target, OCTETS)
                lab.check(f"TCP to {target}", good, detail)
                lab.note(f"TCP to {target}", detail)
        lab.check("NTP is answered beside it", asking.asked > 20 and not asking.lost,
                  f"{asking.lost} of {asking.asked} lost")
        kernel = lab.observe()["ports"][0]["kernel"]
        lab.check("frames went both ways, none was dropped", kernel["to_kernel"] > 100 and kernel["from_kernel"] > 100
                  and not kernel["dropped_to"] and not kernel["dropped_from"], str(kernel))
        for number in (signal.SIGTERM, signal.SIGKILL):
            lab.stop(number)
            lab.check(f"gone after {number.name}", lab.run("ip", "link", "show", "plx0", server=True, check=False)[0])
            lab.start()
            lab.check(f"answers again after {number.name}", until(lambda: NtpClient(SERVER4).ask(0.5), 15))
        lab.check("ping again", *pings(lab, SERVER4))
        lab.stop()
        serve_as_user(lab, address)


def serve_as_user(lab, address):
    """The card alone, without an interface for the kernel: no thread needs any right once it is open."""
    lab.configure(device=f'pci = "{address}"', top='[workers]\nidle = "sleep"', hugepages=True)
    text = lab.config_path.read_text()
    lab.config_path.write_text(text.replace("[server]", '[server]\nuser = "nobody"'))
    lab.start()
    lab.check("NTP by a user", until(lambda: NtpClient(SERVER4).ask(0.5), 15))
    statuses = [path.read_text() for path in pathlib.Path(f"/proc/{lab.daemon.pid}/task").glob("*/status")]
    users = {re.search(r"^Uid:\s+(.*)", status, re.M)[1] for status in statuses}
    lab.check("every thread is the user's", users == {"\t".join(["65534"] * 4)}, str(users))
    rights = {re.search(r"^CapPrm:\s+(\w+)", status, re.M)[1] for status in statuses}
    lab.check("no thread has a capability", len(statuses) >= 4 and rights == {"0" * 16}, str(rights))
    lab.stop()
