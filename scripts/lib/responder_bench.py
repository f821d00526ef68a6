"""polluxd and testpmd side by side on one core: what the parts of scripts/bench and scripts/bench-responder share."""

import json
import math
import os
import pathlib
import re
import socket
import statistics
import time

from bench import Failure, Process, control_cpu, run, worker_cpu

HUGEPAGES = pathlib.Path('/proc/sys/vm/nr_hugepages')
PAGES_NEEDED = 512
FRAMES = 1024
PCAP_MAC = '02:70:63:61:70:00'  # of the first net_pcap port; the sample requests are sent to it
TESTPMD_MEMORY = ['-m', '192']
NO_NTS = '[nts]\nenabled = false'


class Hugepages:
    """Enough hugepages for the time of the run, where they are wanted; the number before is put back."""

    def __init__(self, wanted):
        self.wanted = wanted

    def __enter__(self):
        self.before = HUGEPAGES.read_text().strip()
        if self.wanted and int(self.before) < PAGES_NEEDED:
            HUGEPAGES.write_text(str(PAGES_NEEDED))
        self.available = self.wanted and int(HUGEPAGES.read_text()) >= PAGES_NEEDED
        return self

    def __exit__(self, *_):
        HUGEPAGES.write_text(self.before)


class ResponderBench:
    def __init__(self, options, directory, hugepages):
        self.build = options.build
        self.seconds = options.seconds
        self.repeats = options.repeats
        self.directory = pathlib.Path(directory)
        self.hugepages = hugepages

    def capture(self, name, *arguments, count=FRAMES):
        """A capture of requests, with the arguments of write_pcap; its path."""
        path = self.directory / f'{name}.pcap'
        run([self.build / 'tests/bench/write_pcap', '--count', count, *arguments, path])
        return path

    def memory(self):
        return ['--in-memory'] if self.hugepages else ['--no-huge', '--no-shconf']

    def testpmd(self, mode, devices, prefix, cpu, extra=()):
        main = cpu if prefix == 'generator' else control_cpu()
        return (['dpdk-testpmd', '--lcores', f'0@{main},1@{cpu}', '--no-pci', '--no-telemetry',
                 f'--file-prefix={prefix}{os.getpid()}', *self.memory(), *TESTPMD_MEMORY]
                + [f'--vdev={device}' for device in devices]
                + ['--', f'--forward-mode={mode}', '-a', '--stats-period', '1', '--total-num-mbufs=16384', *extra])

    def polluxd(self, device, nts=NO_NTS, cores=None):
        config = self.directory / 'pollux.toml'
        config.write_text(f'''
[server]
run_dir = "{self.directory}"
log_level = "warning"
[clock]
trust = true
stratum = 1
[workers]
cores = {cores or [worker_cpu()]}
idle = "poll"
[memory]
hugepages = {str(self.hugepages).lower()}
megabytes = 192
{nts}
[[port]]
device = "{device}"
addresses = ["198.18.0.1/15", "2001:db8::1/64"]
''')
        return [self.build / 'control/polluxd', '--config', config]

    def observed(self):
        with socket.socket(socket.AF_UNIX) as observe:
            observe.settimeout(5)
            observe.connect(str(self.directory / 'polluxd/observe.sock'))
            parts = []
            while part := observe.recv(65536):
                parts.append(part)
        return json.loads(b''.join(parts))

    def wait_for(self, daemon):
        """Until polluxd answers its socket, and a second for its beginnings."""
        patience = time.monotonic() + 20
        while True:
            daemon.check()
            try:
                self.observed()
            except OSError:
                if time.monotonic() > patience:
                    raise Failure(f'polluxd does not start: {daemon.log.read_text()[-600:]}') from None
                time.sleep(0.1)
            else:
                break
        time.sleep(1)

    def verdicts(self, device, nts=NO_NTS):
        """How many requests of the feed polluxd gave each verdict, and the seconds that it took."""
        with Process(self.polluxd(device, nts), self.directory / 'polluxd.log') as daemon:
            self.wait_for(daemon)
            before, start = self.observed(), time.monotonic()
            time.sleep(self.seconds)
            after, seconds = self.observed(), time.monotonic() - start
        older, newer = counts_of(before), counts_of(after)
        return {name: newer[name] - older[name] for name in newer}, seconds

    def pollux_rate(self, device):
        counts, seconds = self.verdicts(device)
        answered, received = counts['reply_plain'], sum(counts.values())
        if answered == 0 or answered != received:
            raise Failure(f'polluxd answered {answered} of {received} requests')
        return answered / seconds / 1e6

    def beside_testpmd(self, device, pollux_rate):
        """Turns of Pollux, whose million answers a second `pollux_rate` gives, and of testpmd on the same device."""
        rates = {'pollux': [], 'macswap': [], '5tswap': []}
        for _ in range(self.repeats):
            rates['pollux'].append(pollux_rate())
            rates['5tswap'].append(self.testpmd_rate('5tswap', device))
            rates['macswap'].append(self.testpmd_rate('macswap', device))
        medians = {name: statistics.median(values) for name, values in rates.items()}
        return {'mpps': round(medians['pollux'], 3),
                'ratio_5tswap': round(medians['pollux'] / medians['5tswap'], 3),
                'ratio_macswap': round(medians['pollux'] / medians['macswap'], 3),
                'testpmd_5tswap_mpps': round(medians['5tswap'], 2),
                'testpmd_macswap_mpps': round(medians['macswap'], 2),
                'pollux_mpps_runs': [round(rate, 3) for rate in rates['pollux']]}

    def testpmd_rate(self, mode, device):
        log = self.directory / 'testpmd.log'
        with Process(self.testpmd(mode, [device], 'testpmd', worker_cpu()), log) as testpmd:
            return self.rate_in_log(f'testpmd {mode}', testpmd)

    def rate_in_log(self, name, testpmd, ports=1):
        """The median of what the last port of a testpmd received in each of `seconds`, from the third report on, or the
        second one after it received anything.
        """
        wanted = math.ceil(self.seconds)
        patience = time.monotonic() + 20 + 2 * wanted
        rates = []
        while len(rates) < wanted:
            if time.monotonic() > patience:
                raise Failure(f'{name} gave {len(rates)} rates of {wanted}: {testpmd.log.read_text()[-600:]}')
            time.sleep(0.2)
            testpmd.check()
            told = [int(rate) for rate in re.findall(r'Rx-pps:\s+(\d+)\s', testpmd.log.read_text())][ports - 1::ports]
            silent = next((i for i, rate in enumerate(told) if rate), len(told))
            rates = told[max(2, silent + 1):][:wanted]
        rate = statistics.median(rates) / 1e6
        if rate == 0:
            raise Failure(f'{name} received nothing; other work may have kept it from its CPU')
        return rate


def feed(capture):
    """The device that gives the requests of a capture over and over, and drops replies."""
    return f'net_pcap0,rx_pcap={capture},infinite_rx=1'


def counts_of(document):
    return {verdict['name']: verdict['count'] for verdict in document['serverstats']['verdicts']}
