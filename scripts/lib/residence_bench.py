"""How long requests stay with a worker at several loads, and the round trip that a client sees. A part of scripts/bench.

The load comes over memif from load_generator on the other CPU. What it can offer at most is 100 %: it looks at every
reply, so that it is slower than the worker. A capture that never ends has full bursts for the worker all the time.
"""

import json
import pathlib
import time

from bench import Failure, Process, control_cpu, run, worker_cpu
from histogram import quantile
from responder_bench import PCAP_MAC, ResponderBench, feed

LOADS = (10, 50, 90, 100)  # per cent
MORE_THAN_ENOUGH = 50_000_000
FIRST_REQUESTS = 1000  # load_generator is at work
CLIENTS = 16_384  # none has two requests under way, whatever the load: a round trip is that of its own request
SHARES = {'p50': 0.5, 'p90': 0.9, 'p99': 0.99, 'p999': 0.999, 'max': 1}


def micros(steps, ticks_a_second):
    return {name: round(quantile(steps, share) / ticks_a_second * 1e6, 3) for name, share in SHARES.items()}


def worker_waited(pid):
    """Seconds that the worker was kept from its CPU by this kernel's other work."""
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        if (task / 'comm').read_text().startswith('rte-worker'):
            return int((task / 'schedstat').read_text().split()[1]) / 1e9
    raise Failure('polluxd has no worker')


def stolen():
    """Seconds for which the hypervisor has kept the worker's CPU from this kernel, as far as it tells."""
    for line in pathlib.Path('/proc/stat').read_text().splitlines():
        if line.startswith(f'cpu{worker_cpu()} '):
            return int(line.split()[8]) / 100
    return 0


class ResidenceBench(ResponderBench):
    def measure(self):
        requests = self.capture('many', count=CLIENTS)
        loads = {100: self.at_rate(requests, MORE_THAN_ENOUGH)}
        for load in LOADS[:-1]:
            loads[load] = self.at_rate(requests, int(loads[100]['answered_per_second'] * load / 100))
        gaps = json.loads(run(['taskset', '-c', worker_cpu(), self.build / 'tests/bench/gap_bench', self.seconds]))
        return {'loads': {str(load): loads[load] for load in LOADS}, 'full_bursts': self.from_capture(), 'gaps': gaps}

    def at_rate(self, requests, rate):
        path = self.directory / 'memif.sock'
        path.unlink(missing_ok=True)
        server = f'net_memif0,role=server,socket={path},socket-abstract=no,rsize=11,mac={PCAP_MAC}'
        client = f'net_memif0,role=client,socket={path},socket-abstract=no,rsize=11'
        with Process(self.polluxd(server), self.directory / 'polluxd.log') as daemon:
            self.wait_for(daemon)
            command = [self.build / 'tests/bench/load_generator', '--device', client, '--cpu', control_cpu(), '--seconds',
                       self.seconds + 1, *['--hugepages'] * self.hugepages, f'plain={rate}={requests}']
            with Process(command, self.directory / 'generator.log') as generator:
                steps, ticks, kept = self.watch(daemon, generator)
                generator.process.wait(20)
            try:
                result = json.loads(generator.log.read_text())
            except ValueError:
                raise Failure(f'no figures of load_generator: {generator.log.read_text()[-600:]}') from None
        plain = result['plain']
        if plain['wrong'] or plain['naks'] or not plain['answered']:
            raise Failure(f'wrong answers: {result}')
        return {'answered_per_second': round(plain['answered'] / result['seconds']),
                'lost_share': round(1 - plain['answered'] / plain['sent'], 6),
                'residence_us': micros(steps, ticks), 'residence': in_micros(steps, ticks),
                'round_trip_us': micros(plain['round_trip_ns'], 1e9),
                'round_trip': in_micros(plain['round_trip_ns'], 1e9),
                'kept_from_cpu_s': round(kept[0], 3), 'stolen_s': round(kept[1], 3)}

    def watch(self, daemon, generator):
        """The residence of what comes in `seconds` from half a second after the first requests: those meet memory that the
        worker has not touched yet. Steps, ticks a second, and for how long the worker was kept from its CPU.
        """
        patience = time.monotonic() + 20
        while self.observed()['requests']['answered'] < FIRST_REQUESTS:
            generator.check()
            if time.monotonic() > patience:
                raise Failure('no requests come over memif')
            time.sleep(0.05)
        time.sleep(0.5)
        before, waited = self.observed(), (worker_waited(daemon.process.pid), stolen())
        time.sleep(self.seconds - 0.5)
        after, waits = self.observed(), (worker_waited(daemon.process.pid), stolen())
        return (*residence_between(before, after), [new - old for old, new in zip(waited, waits)])

    def from_capture(self):
        with Process(self.polluxd(feed(self.capture('requests'))), self.directory / 'polluxd.log') as daemon:
            self.wait_for(daemon)
            before = self.observed()
            time.sleep(self.seconds)
            steps, ticks = residence_between(before, self.observed())
        return {'residence_us': micros(steps, ticks), 'residence': in_micros(steps, ticks)}


def residence_between(before, after):
    """Steps and the ticks of a second."""
    older, newer = (dict(map(tuple, document['workers'][0]['residence']['steps_ticks'])) for document in (before, after))
    steps = [(floor, count - older.get(floor, 0)) for floor, count in newer.items()]
    return [step for step in steps if step[1]], after['clock']['counter_hz']


def in_micros(steps, ticks_a_second):
    return [[round(floor / ticks_a_second * 1e6, 4), count] for floor, count in steps]
