"""One interface for polluxd and the kernel, as on a host with a single NIC and SSH on it."""

import signal
import time

from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment, fragment6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import packets
import shared
from case_agreement import seconds_waited
from cases import alone
from ke import Ke
from lab import CLIENT4, CLIENT6, CLIENT_MAC, SERVER4, SERVER6, SERVER_MAC, SPARE4, SPARE6, Wire, until
from shared import WAYS

TARGETS = (SERVER4, SERVER6)
RATE, SECONDS, LEAST = 50_000, 6, 0.99


def answered(target, seconds=1.0):
    """Whether Pollux answers a client of this host's kernel."""
    said = shared.ask_service(target, packets.ntp(), seconds=seconds)
    return bool(said) and not shared.from_kernel(said) and packets.Message(said).mode == 4


def addresses(lab):
    return lab.observe()["ports"][0]["addresses"]


@alone
def test_shared(lab, way=WAYS):
    """TCP, pings and key establishment go their way while NTP is flooded; nobody calls it unreachable."""
    lab.connect(server_addresses=shared.BOTH)
    ke = Ke(lab, connect=False)
    shared.configure(lab, way, top=f"""[nts]
enabled = true
key_file = "{ke.keys}"
[ke]
certificate = "{ke.chain}"
private_key = "{ke.key}"
sessions_per_address = 0
""")
    lab.start()
    ke.start()
    lab.spawn("echo", shared.PYTHON, "-c", shared.ECHO, server=True)
    unreachable = shared.Unreachable()
    for target in TARGETS:
        lab.check(f"answers {target}", until(lambda: answered(target, 0.3), 5))
    lab.require("the echo server is there", until(lambda: shared.transfers(SERVER4, 1), 5))
    waited = seconds_waited(lab.daemon.pid, "rte-worker")
    floods = [shared.Flood(lab, RATE // 2, SECONDS, target) for target in TARGETS]
    time.sleep(0.5)
    for target in TARGETS:
        lab.check(f"TCP transfer with {target}", shared.transfers(target))
        code, out = lab.run("ping", "-n", "-c", "5", "-i", "0.2", "-W", "2", target, check=False)
        lab.check(f"ping {target}, answered once", code == 0 and "5 received" in out and "DUP" not in out, out[-200:])
        cookies = ke.cookies(server=target)
        lab.check(f"key establishment with {target}", len(cookies) == 8, f"{len(cookies)} cookies")
    rates = [flood.result() for flood in floods]
    sent, got = (sum(rate[name] for rate in rates) for name in ("sent", "answered"))
    lab.note("flood", f"{sent / rates[0]['seconds']:.0f} requests a second sent, {100 * got / sent:.2f} % answered")
    waited = (seconds_waited(lab.daemon.pid, "rte-worker") - waited) / rates[0]["seconds"]
    if got < LEAST * sent and waited > 0.05:
        lab.skip("the flood is answered", f"other work kept the worker from its CPU {waited:.0%} of the time")
    else:
        lab.check("the flood is answered", got >= LEAST * sent, f"{rates}, kept from the CPU {waited:.1%}")
    lab.check("by nobody else", not sum(rate["other"] for rate in rates), str(rates))
    lab.check("its sockets are told no error", not sum(rate["refused"] for rate in rates), str(rates))
    lab.check("no ICMP unreachable on the wire", unreachable.count() == 0)
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())
    # That a missing guard would be seen.
    lab.stop()
    shared.ask_service(SERVER4, packets.ntp(), seconds=0.3)
    lab.check("without polluxd it is unreachable", unreachable.count() > 0)


def test_shared_addresses(lab, way=WAYS):
    """Addresses of the interface are followed; what stays is answered without a gap."""
    shared.share(lab, way)
    lab.check("starts with those of the interface", until(lambda: answered(SERVER4, 0.3), 5), str(addresses(lab)))
    flood = shared.Flood(lab, 200, 10)  # few enough for a queue to keep them while a worker waits for its CPU
    for round_ in range(5):
        for text in (SPARE4 + "/24", SPARE6 + "/64"):
            lab.run("ip", "address", "add", text, "dev", "s0", server=True)
        good = [until(lambda: answered(target, 0.3), 10) for target in (SPARE4, SPARE6)]
        for text in (SPARE4 + "/24", SPARE6 + "/64"):
            lab.run("ip", "address", "delete", text, "dev", "s0", server=True)
        gone = until(lambda: SPARE4 not in str(addresses(lab)) and SPARE6 not in str(addresses(lab)), 3)
        if not lab.check(f"round {round_}: come and go", all(good) and gone, f"{good} {gone} {addresses(lab)}"):
            break
    result = flood.result()
    lost = result["sent"] - result["answered"]
    lab.check("no answer of the other address is lost", result["sent"] > 1000 and lost == 0, str(result))
    lab.check("the one that is gone is silent", not answered(SPARE4, 0.3))
    lab.run("ip", "link", "set", "s0", "down", server=True)
    lab.check("interface down: seen", until(lambda: SERVER6 not in str(addresses(lab)), 5), str(addresses(lab)))
    lab.run("ip", "link", "set", "s0", "up", server=True)
    lab.run("ip", "address", "add", SERVER6 + "/64", "dev", "s0", server=True)
    for target in TARGETS:
        lab.check(f"interface up: answers {target}", until(lambda: answered(target, 0.3), 5))
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def test_shared_moved(lab, way=("af_xdp-auto", "af_packet")):
    """An address that the kernel loses is not taken over: it may be on another host now. A reload decides anew."""
    shared.share(lab, way, addresses=shared.BOTH)
    lab.require("answers", until(lambda: answered(SERVER4, 0.3), 5))
    lab.run("ip", "address", "delete", SERVER4 + "/24", "dev", "s0", server=True)
    time.sleep(0.5)
    lab.run("ip", "neigh", "flush", "dev", "c0")
    code, _ = lab.run("ping", "-n", "-c", "1", "-W", "1", SERVER4, check=False)
    lab.check("nobody answers ARP for it", code != 0)
    lab.check("reload", lab.ctl("reload")[0] == 0)
    if way == "af_packet":
        return  # one address is the kernel's, so that all are
    code, out = lab.run("ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", SERVER4, check=False)
    lab.check("now Pollux does", code == 0 and "DUP" not in out, out[-200:])
    code, out = lab.run("ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", SERVER6, check=False)
    lab.check("the kernel's other address goes on", code == 0 and "DUP" not in out, out[-200:])
    lab.run("ip", "address", "add", SERVER4 + "/24", "dev", "s0", server=True)
    code, out = lab.run("ping", "-n", "-c", "3", "-i", "0.3", "-W", "2", SERVER4, check=False)
    lab.check("and the kernel again", code == 0 and "DUP" not in out, out[-200:])
    lab.check("NTP all the time", answered(SERVER4))


def test_shared_service(lab, way=("af_xdp-native", "af_xdp-generic")):
    """A time service of the host behind Pollux: has what is not a request, and everything after kill -9."""
    shared.share(lab, way)
    lab.require("answers", until(lambda: answered(SERVER4, 0.3), 5))
    shared.service(lab)
    for target in TARGETS:
        lab.check(f"requests to {target} are Pollux's", not shared.from_kernel(shared.ask_service(target, packets.ntp())))
        for mode in (2, 4, 6, 7):
            said = shared.ask_service(target, packets.ntp(mode=mode))
            lab.check(f"mode {mode} to {target} is the service's", shared.from_kernel(said), str(said))
    for round_ in (1, 2):
        lab.stop(signal.SIGKILL)
        kind = "xdpgeneric" if way.endswith("generic") else "xdp"
        lab.check(f"crash {round_}: the program stays", f"{kind} " in shared.link(lab), shared.link(lab))
        for target in TARGETS:
            said = shared.ask_service(target, packets.ntp())
            lab.check(f"crash {round_}: requests to {target} are the service's", shared.from_kernel(said), str(said))
        lab.start()
        for target in TARGETS:
            lab.check(f"crash {round_}: answers {target} again", until(
                lambda: not shared.from_kernel(shared.ask_service(target, packets.ntp(), seconds=0.3)), 5))
    lab.stop()
    lab.check("no program stays", "xdp" not in shared.link(lab), shared.link(lab))
    lab.check("requests are the service's", shared.from_kernel(shared.ask_service(SERVER4, packets.ntp())))


def test_shared_before(lab, way=("af_xdp-auto", "af_packet")):
    """A service that was there first keeps its packets; with af_packet a warning says that both answer."""
    lab.connect(server_addresses=shared.BOTH)
    shared.service(lab)
    shared.configure(lab, way)
    lab.start()
    told = [text for text in lab.observe()["warnings"] if "another program" in text]
    lab.check("warnings", len(told) == (2 if way == "af_packet" else 0), str(lab.observe()["warnings"]))
    lab.check("mode 6 is the service's", shared.from_kernel(shared.ask_service(SERVER4, packets.ntp(mode=6))))


def test_shared_refusals(lab):
    """A second polluxd and a stranger's XDP program: refused in a sentence, and nothing is disturbed."""
    shared.share(lab, "af_xdp-auto")
    first = lab.daemon
    lab.require("answers", until(lambda: answered(SERVER4, 0.3), 5))
    before = shared.link(lab)
    second_dir = lab.home / "second"
    text = lab.config_path.read_text()
    for driver in ("af_xdp", "af_packet"):
        lab.config_path.write_text(text.replace(str(lab.run_dir), str(second_dir)).replace("af_xdp", driver).replace(
            'xdp_mode = "auto"', ""))
        second = lab.start(wait=False)
        lab.check(f"a second one by {driver} ends", until(lambda: second.poll() is not None, 5) and second.poll() == 1)
        log = lab.log_of("polluxd")
        lab.check(f"{driver}: says who serves", f"(pid {first.pid}, user id 0) serves the interface s0" in log, log)
    lab.check("the first goes on", first.poll() is None and answered(SERVER4) and shared.link(lab) == before)
    lab.daemon = first
    lab.stop()

    lab.config_path.write_text(text)
    stranger = lab.build / "tests/smoke/stranger.bpf.o"
    for place in ("xdpdrv", "xdpgeneric"):
        lab.run("ip", "link", "set", "dev", "s0", place, "obj", stranger, "sec", "xdp", server=True)
        before = shared.link(lab)
        lab.start(wait=False)
        lab.check(f"{place}: refused", until(lambda: lab.daemon.poll() is not None, 5) and lab.daemon.poll() == 1)
        log = lab.log_of("polluxd").strip()
        lab.check(f"{place}: one line names it and the command",
                  len(log.splitlines()) == 1 and "stranger" in log and f"ip link set dev s0 {place} off" in log, log)
        lab.check(f"{place}: untouched", shared.link(lab) == before, shared.link(lab))
        lab.run("ip", "link", "set", "dev", "s0", place, "off", server=True)
    lab.start()
    lab.check("without it polluxd starts", until(lambda: answered(SERVER4, 0.3), 5))


def ntp_fragments(target):
    message = Raw(packets.ntp() + bytes(80))
    if ":" in target:
        packet = IPv6(src=CLIENT6, dst=target) / IPv6ExtHdrFragment(id=7) / UDP(sport=40001, dport=123) / message
        parts = fragment6(packet, 1280 if len(packet) > 1280 else 104)
    else:
        parts = fragment(IP(src=CLIENT4, dst=target, flags=0, id=7) / UDP(sport=40001, dport=123) / message, 64)
    return [bytes(Ether(src=CLIENT_MAC, dst=SERVER_MAC) / part) for part in parts]


def test_shared_rest(lab, way=("af_xdp-native", "af_xdp-generic")):
    """Fragments, other UDP ports and other VLANs are the kernel's; VLANs of ours are answered with their tag."""
    shared.share(lab, way, port="vlans = [100]")
    lab.require("answers", until(lambda: answered(SERVER4, 0.3), 5))
    shared.service(lab)
    shared.service(lab, shared.PORT_UDP)
    for target in TARGETS:
        said = shared.ask_service(target, packets.ntp(), shared.PORT_UDP)
        lab.check(f"UDP port {shared.PORT_UDP} of {target}", shared.from_kernel(said), str(said))
        wire, parts = Wire(), ntp_fragments(target)
        for part in parts:
            wire.send(part)
        answers = []
        while data := wire.receive(0.5):
            if b"kernel" in data:
                answers.append(data)
        lab.check(f"a request in {len(parts)} fragments to {target} is the service's",
                  len(parts) > 1 and len(answers) == 1, str([data.hex() for data in answers]))
        for port, (tag, count) in enumerate((((packets.VLAN, 100), 1), ((packets.VLAN, 0x6000), 1),
                                             ((packets.VLAN, 101), 0)), 40002):
            answers = tagged_answers(wire, target, tag, port, 3.0 if count else 0.5)
            good = len(answers) == count and all(reply.tags == [tag] and not reply.faults for reply in answers)
            lab.check(f"tag {tag[1]:#x} to {target}: {count} answers, tagged", good,
                      str([(reply.tags, reply.faults) for reply in answers]))


def tagged_answers(wire, target, tag, port, seconds):
    """Sends a request with a tag; the replies until the first, or until the time is over."""
    packet = packets.packet(packets.ntp(), CLIENT6 if ":" in target else CLIENT4, target, port)
    wire.send(packets.frame(packet, CLIENT_MAC, SERVER_MAC, tags=(tag,)))
    end = time.monotonic() + seconds
    while data := wire.receive(end - time.monotonic()):
        reply = packets.Reply(data)
        if reply.message and reply.target_port == port:
            return [reply]
    return []


def test_shared_queues(lab):
    """Frames of a receive queue that no worker serves are the kernel's."""
    lab.connect(server_addresses=shared.BOTH)
    lab.run("ip", "link", "delete", "c0")
    lab.run("ip", "link", "add", "c0", "address", CLIENT_MAC, "numtxqueues", 2, "numrxqueues", 2, "type", "veth", "peer",
            "name", "s0", "address", SERVER_MAC, "numrxqueues", 2, "numtxqueues", 2, "netns", "server")
    for at, text, server in (("c0", CLIENT4, False), ("s0", SERVER4, True)):
        lab.run("ip", "link", "set", at, "up", server=server)
        lab.run("ip", "address", "add", text + "/24", "dev", at, server=server)
    _, channels = lab.run("ethtool", "-L", "c0", "rx", 2, "tx", 2, check=False)
    lab.run("ethtool", "-L", "s0", "rx", 2, "tx", 2, server=True, check=False)
    shared.configure(lab, "af_xdp-auto")
    lab.start()
    told = [text for text in lab.observe()["warnings"] if "2 receive queues" in text]
    lab.check("a warning tells of the second queue", len(told) == 1, f"{lab.observe()['warnings']} {channels}")
    shared.service(lab, addresses=[SERVER4])
    said = [shared.from_kernel(shared.ask_service(SERVER4, packets.ntp())) for _ in range(40)]
    lab.check("both answer, each its queue", 0 < sum(said) < 40, f"{sum(said)} of 40 by the service")
