"""A port that DPDK has as a whole, and the kernel's interface beside it: ping, neighbours, TCP, key establishment
and the host's own NTP client go through the kernel while polluxd answers NTP.
"""

import collections
import re
import signal
import threading
import time

import packets
import rows_network
import tcp_echo
from case_packets import counters
from case_rights import NET_ADMIN, NOBODY, check_threads
from ke import Ke
from lab import CLIENT4, CLIENT6, SERVER4, SERVER6, SERVER_MAC, SPARE4, SPARE6, Wire, request, until

OF_THE_KERNEL = {"drop_port", "drop_station", "drop_destination", "drop_fragment", "drop_ipv6_extension",
                 "drop_protocol", "drop_ether_type", "drop_vlan", "drop_host_packet"}
OCTETS = 4 << 20


def serve(lab, *, client_addresses=True, **settings):
    """polluxd with s0 as a whole. To the kernel s0 is a port of a bridge that is down, so it gets nothing of it."""
    lab.connect(offload=False, client_addresses=client_addresses)
    lab.run("ip", "link", "add", "br0", "type", "bridge", server=True)
    lab.run("ip", "link", "set", "s0", "master", "br0", server=True)
    configure(lab, **settings)
    lab.start()
    wire = Wire()
    lab.require("answers", until(lambda: wire.ask(seconds=0.3), 5), lab.complaint())
    return wire


def configure(lab, port="", **settings):
    lab.configure(device='device = "net_af_packet0,iface=s0,qdisc_bypass=1,framecnt=1024"',
                  port=f'host_stack = "kernel"\n{port}', **settings)


def of_kernel(lab):
    return lab.observe()["ports"][0]["kernel"]


def interface(lab, name="plx0"):
    """What ip(8) says of the kernel's interface, with its addresses; empty where there is none."""
    code, out = lab.run("ip", "address", "show", name, server=True, check=False)
    return "" if code else out


def pings(lab, target, *options):
    # Until three are back: without -w the last ones have 0.2 s.
    code, out = lab.run("ping", "-c", 3, "-i", 0.2, "-w", 10, *options, target, check=False)
    return code == 0, f"{out.strip()[-200:]} {of_kernel(lab)}".replace("\n", " | ")


class Flood:
    """Thousands of requests a second from raw frames, as long as the block lasts."""

    def __enter__(self):
        self.frames = [request(packets.ntp(), target, 40000 + port) for port in range(16)
                       for target in (SERVER4, SERVER6)]
        self.sent, self.done = 0, threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _run(self):
        wire = Wire()
        while not self.done.is_set():
            for frame in self.frames:
                wire.send(frame)
            self.sent += len(self.frames)
            time.sleep(0.004)

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def test_whole_port_interface(lab):
    """The interface: MAC and IP addresses of the port, up, follows reloads, gone with polluxd however that ends."""
    serve(lab, port='kernel_interface = "wan0"')
    shown = interface(lab, "wan0")
    lab.check("MAC address of the port", f"link/ether {SERVER_MAC}" in shown, shown)
    lab.check("up", "state UP" in shown or "LOWER_UP" in shown, shown)
    lab.check("MTU of the port", "mtu 1500" in shown, shown)
    lab.check("addresses of the port", f"{SERVER4}/24" in shown and f"{SERVER6}/64" in shown, shown)
    lab.run("ip", "address", "add", "203.0.113.5/24", "dev", "wan0", server=True)
    configure(lab, 'kernel_interface = "wan0"', addresses=(SPARE4 + "/24", SPARE6 + "/64"))
    code, out = lab.ctl("reload")
    lab.check("reload", code == 0, out)
    shown = interface(lab, "wan0")
    lab.check("has the new addresses", f"{SPARE4}/24" in shown and f"{SPARE6}/64" in shown, shown)
    lab.check("and not the old ones", f"{SERVER4}/" not in shown and f"{SERVER6}/" not in shown, shown)
    lab.check("those of others stay", "203.0.113.5/24" in shown, shown)
    lab.check("ping to a new one", *pings(lab, SPARE4))
    lab.check("no warning of it", "wan0" not in str(lab.observe()["warnings"]), str(lab.observe()["warnings"]))
    code, out = lab.ctl("ports")
    lab.check("polluxctl ports", re.search(r"Kernel +wan0: \d+ to it, 0 dropped; \d+ from it, 0 dropped", out), out)
    configure(lab, 'kernel_interface = "wan1"', addresses=(SPARE4 + "/24", SPARE6 + "/64"))
    code, out = lab.ctl("reload")
    lab.check("another name needs a restart", code == 1 and "port.kernel_interface" in out, out)
    for number in (signal.SIGTERM, signal.SIGKILL):
        lab.stop(number)
        lab.check(f"gone after {number.name}", not interface(lab, "wan0"))
        lab.check(f"starts again after {number.name}", lab.start() and interface(lab, "wan1"))
    lab.run("ip", "link", "delete", "wan1", server=True)
    lab.check("an interface that somebody removes is told", until(
        lambda: any("wan1: it has been removed" in warning for warning in lab.observe()["warnings"]), 3),
        str(lab.observe()["warnings"]))
    wire = Wire()
    lab.check("and NTP goes on", wire.ask(target=SPARE4))


def test_whole_port_refused(lab):
    """A name that is taken, by a TAP or another interface: one sentence, exit code 1."""
    serve(lab)
    lab.stop()
    lab.run("ip", "tuntap", "add", "plx1", "mode", "tap", server=True)
    for port, why in (('kernel_interface = "plx1"', "the interface plx1 cannot be made: Device or resource busy"),
                      ('kernel_interface = "br0"', "the interface br0 cannot be made: Device or resource busy")):
        configure(lab, port)
        lab.start(wait=False)
        lab.check(f"{port}: ends", until(lambda: lab.daemon.poll() is not None, 10))
        lab.check(f"{port}: says why", lab.daemon.poll() == 1 and why in lab.log_of("polluxd"),
                  lab.log_of("polluxd")[-300:])


def test_whole_port_host(lab):
    """Ping, neighbours, TCP and key establishment through the kernel, with an NTP flood beside them."""
    serve(lab)
    lab.spawn("echo", "/usr/bin/python3", tcp_echo.__file__, OCTETS, server=True)
    ke = Ke(lab, connect=False)
    # One file for both would do; here pollux-ke has one of its own.
    lab.config_path = lab.home / "ke.toml"
    lab.run_dir.mkdir(exist_ok=True)
    ke.configure()
    ke.start()
    for target in (SERVER4, SERVER6):
        lab.check(f"ping {target}", *pings(lab, target))
        lab.check(f"ping {target} with full frames", *pings(lab, target, "-s", 1400))
    lab.check("IPv6 fragments", *pings(lab, SERVER6, "-s", 4000))
    lab.run("ip", "-6", "neigh", "flush", "dev", "c0")
    lab.check("neighbour discovery", *pings(lab, SERVER6))
    _, out = lab.run("ip", "neigh", "show", "dev", "c0")
    lab.check("neighbours have the MAC address of the port", all(
        f"{target} lladdr {SERVER_MAC}" in out for target in (SERVER4, SERVER6)), out)
    for target in (SERVER4, SERVER6):
        good, detail = tcp_echo.transfer(target, OCTETS)
        lab.check(f"TCP to {target}", good, detail)
        lab.note(f"TCP to {target}, alone", detail)
        lab.check(f"key establishment at {target}", len(ke.cookies(server=target)) == 8)

    before = lab.observe()["requests"]
    with Flood() as flood:
        lab.check("ping beside a flood", *pings(lab, SERVER4))
        for target in (SERVER4, SERVER6):
            good, detail = tcp_echo.transfer(target, OCTETS)
            lab.check(f"TCP to {target} beside a flood", good, detail)
            lab.check(f"key establishment at {target} beside a flood", len(ke.cookies(server=target)) == 8)
    until(lambda: lab.observe()["requests"]["answered"] - before["answered"] >= flood.sent, 3)
    answered = lab.observe()["requests"]["answered"] - before["answered"]
    # Its socket may lose some when this computer does other things; what polluxd has it answers.
    lab.check("the flood is answered", 0.9 * flood.sent <= answered <= flood.sent, f"{answered} of {flood.sent}")
    dropped = sum(verdict["count"] for verdict in lab.observe()["serverstats"]["verdicts"] if verdict["kind"] == "drop")
    lab.check("polluxd drops nothing", dropped == 0 and not lab.observe()["ports"][0]["tx_full"], f"{dropped}")
    kernel = of_kernel(lab)
    # TCP fills the queue when this computer keeps the kernel's thread from a CPU.
    lab.check("little is dropped between polluxd and the kernel", kernel["to_kernel"] and kernel["from_kernel"] and
              kernel["dropped_to"] <= kernel["to_kernel"] / 20 and kernel["dropped_from"] <= kernel["from_kernel"] / 20,
              str(kernel))


def test_whole_port_packets(lab):
    """The table of what is below NTP: what would be nobody's is the kernel's, the rest is as on any other port."""
    wire = serve(lab, client_addresses=False)
    configure(lab, "vlans = [100]")
    lab.require("reload", lab.ctl("reload")[0] == 0)
    before, expected = counters(lab), collections.Counter()
    for row in rows_network.all_rows():
        sender_is_group = row.frame[6] & 1
        verdict = "to_kernel" if row.verdict in OF_THE_KERNEL and not sender_is_group else row.verdict
        answers = wire.exchange(row.frame)
        ntp = [answer for answer in answers or [] if answer.message]
        lab.check(row.name, answers is not None and len(ntp) == int(row.answered), f"{len(ntp)} answers")
        expected.update((verdict, "reply_plain"))
        if row.verdict == "drop_fragment" and row.frame[12:14] == b"\x08\0":
            expected[verdict] -= 1  # the port's socket lets the kernel put IPv4 fragments together first
    until(lambda: +(counters(lab) - before) == +expected, 3)
    grown = +(counters(lab) - before)
    for verdict in sorted(expected | grown):
        lab.check(f"counter {verdict}", grown[verdict] == expected[verdict],
                  f"grew by {grown[verdict]}, expected {expected[verdict]}")
    kernel = of_kernel(lab)
    lab.check("the kernel has them all", kernel["to_kernel"] >= expected["to_kernel"] and not kernel["dropped_to"],
              str(kernel))


def test_whole_port_client(lab):
    """chronyd of the host follows a server at the other end, through the kernel's interface."""
    serve(lab)
    program = lab.peers / "chrony/usr/sbin/chronyd"
    if not program.is_file():
        lab.skip("the host's own NTP client", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    home = lab.home / "far"
    home.mkdir(mode=0o700)
    (home / "conf").write_text(f"local stratum 1\nallow\ncmdport 0\nbindcmdaddress {home}/sock\npidfile {home}/pid\n")
    lab.spawn("far", program, "-x", "-d", "-u", "root", "-f", home / "conf")
    until((home / "pid").exists)
    for server in (CLIENT4, CLIENT6):
        code, out = lab.run(program, "-Q", "-t", 10, "-u", "root", f"server {server} iburst maxsamples 4",
                            f"pidfile {home}/once", server=True, check=False)
        lab.check(f"follows {server}", code == 0 and "System clock wrong by" in out, out[-200:])


def test_whole_port_rights(lab):
    """As a user: every thread keeps the right to change the interface's addresses, and no other."""
    serve(lab)
    lab.stop()

    def configure_user(addresses):
        configure(lab, addresses=addresses)
        text = lab.config_path.read_text()
        lab.config_path.write_text(text.replace("[server]", '[server]\nuser = "nobody"'))

    configure_user((SERVER4 + "/24",))
    lab.start()
    wire = Wire()
    lab.require("answers", until(lambda: wire.ask(seconds=0.3), 5), lab.complaint())
    check_threads(lab, NOBODY, NET_ADMIN)
    configure_user((SPARE4 + "/24",))
    code, out = lab.ctl("reload")
    lab.check("reload", code == 0, out)
    shown = interface(lab)
    lab.check("the interface has the new address alone", f"{SPARE4}/24" in shown and f"{SERVER4}/" not in shown, shown)
    lab.check("NTP at the new address", until(lambda: wire.ask(target=SPARE4, seconds=0.3), 3))
    lab.check("ping to it", *pings(lab, SPARE4))
    lab.check("SIGTERM: exit code 0", lab.stop() is not None and lab.daemon.poll() == 0, lab.log_of("polluxd")[-300:])
    lab.check("the interface is gone", not interface(lab))
