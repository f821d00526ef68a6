"""Plain requests on one core: processing alone, stage by stage, fed from a capture beside testpmd, and over memif. A part
of scripts/bench and scripts/bench-responder.
"""

import json
import re
import statistics
import subprocess
import time

from bench import Process, control_cpu, run, worker_cpu
from responder_bench import PCAP_MAC, ResponderBench, feed

BURST = 32


class PlainBench(ResponderBench):
    # --- processing alone -------------------------------------------------------------------------

    def process(self, family):
        program = self.build / 'tests/bench/process_bench'
        cycles = []
        for _ in range(self.repeats):
            lines = run(['taskset', '-c', str(worker_cpu()), program, family]).splitlines()
            cycles.append([float(line.split()[3]) for line in lines])
        hot, cold = (statistics.median(column) for column in zip(*cycles))
        return {'cycles': round(hot, 1), 'cycles_4096_buffers': round(cold, 1),
                'instructions': self.instructions(program, family)}

    def instructions(self, program, family):
        """Instructions for each packet, by the difference of two runs: what comes with a run cancels out."""
        def collected(packets):
            output = subprocess.run(
                ['valgrind', '--tool=callgrind', '--collect-atstart=no', '--toggle-collect=*process_burst*',
                 f'--callgrind-out-file={self.directory}/callgrind', program, family, str(packets)],
                capture_output=True, text=True, check=True).stderr
            return int(re.search(r'Collected : (\d+)', output).group(1))
        few, many = 32_000, 128_000  # rounds of 32 and of 4096 buffers: see process_bench
        packets = sum(((many // size) - (few // size)) * size for size in (32, 4096))
        return round((collected(many) - collected(few)) / packets, 1)

    def stages(self):
        """Nanoseconds of processor time for a packet in each stage; `turn_usual` without putting the requests back."""
        output = run(['taskset', '-c', worker_cpu(), self.build / 'tests/bench/stage_bench', '--benchmark_format=json',
                      '--benchmark_min_time=0.1', f'--benchmark_repetitions={max(3, self.repeats)}',
                      '--benchmark_report_aggregates_only=true', '--benchmark_enable_random_interleaving=true'])
        times = {entry['run_name']: entry['cpu_time'] / BURST for entry in json.loads(output)['benchmarks']
                 if entry['aggregate_name'] == 'median'}
        return {f'{stage}_ns_{short}': round(value, 2) for family, short in (('ipv4', 'v4'), ('ipv6', 'v6'))
                for stage, value in (
                    ('turn_usual', times[f'restore_and_turn_usual/{family}'] - times[f'restore/{family}']),
                    ('stamp', times[f'stamp/{family}']), ('classify', times[f'classify/{family}']))}

    # --- rates, in million packets a second ---------------------------------------------------------

    def pcap(self, *arguments):
        """Requests of write_pcap with these arguments."""
        device = feed(self.capture('-'.join(['requests', *arguments]).replace('--', ''), *arguments))
        return self.beside_testpmd(device, lambda: self.pollux_rate(device))

    def memif(self):
        path = self.directory / 'memif.sock'
        server = f'net_memif0,role=server,socket={path},socket-abstract=no,rsize=11,mac={PCAP_MAC}'
        devices = [feed(self.capture('requests')),
                   f'net_memif0,role=client,socket={path},socket-abstract=no,rsize=11']
        generator = self.testpmd('io', devices, 'generator', control_cpu(), ['--port-topology=paired'])
        rates = {'pollux': [], 'macswap': []}
        for _ in range(self.repeats):
            for name in rates:
                path.unlink(missing_ok=True)
                command = self.polluxd(server) if name == 'pollux' else self.testpmd(
                    'macswap', [server], 'testpmd', worker_cpu())
                rates[name].append(self.memif_rate(name, command, generator))
        medians = {name: statistics.median(values) for name, values in rates.items()}
        return {'mpps': round(medians['pollux'], 2),
                'ratio_macswap': round(medians['pollux'] / medians['macswap'], 3),
                'pollux_mpps_runs': [round(rate, 2) for rate in rates['pollux']],
                'macswap_mpps_runs': [round(rate, 2) for rate in rates['macswap']]}

    def memif_rate(self, name, command, generator):
        """Replies that come back to the generator, which shares the other CPU with every control thread."""
        log = self.directory / 'generator.log'
        with Process(command, self.directory / f'{name}.log') as server:
            time.sleep(2)
            server.check()
            with Process(generator, log) as client:
                # Port 1 of the generator is the link.
                return self.rate_in_log(f'the generator for {name}', client, ports=2)
