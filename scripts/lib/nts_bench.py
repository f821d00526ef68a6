"""NTS on one core: cryptography alone, a feed of requests with valid cookies, plain requests beside a flood of NTS, and
chronyd over veth. A part of scripts/bench and scripts/bench-responder.
"""

import json
import os
import re
import secrets
import signal
import statistics
import time

from bench import Failure, Process, chronyd_path, control_cpu, cpu_seconds, run, worker_cpu
from responder_bench import PCAP_MAC, ResponderBench, counts_of, feed

COOKIES = (1, 8)
LOCKSTEP = ['lockstep_vaes', 'lockstep_aesni']
# Cases of aead_bench by what `nts.aead` says, the first that there is.
CASES = {'auto': [*LOCKSTEP, 'ipsec_mb', 'reference'], 'lockstep': LOCKSTEP, 'ipsec_mb': ['ipsec_mb'],
         'reference': ['reference']}
SERVER, CLIENT = '198.18.0.1', '198.18.0.2'
FLOOD = 2_000_000  # NTS requests a second, about what a core answers with the fastest back end
PLAIN = 100_000    # plain ones beside them


class NtsBench(ResponderBench):
    def __init__(self, options, directory, hugepages):
        super().__init__(options, directory, hugepages)
        self.skip_memif = options.skip_memif
        self.state = self.directory / 'chronyd'  # chronyd's own folder, and of the keys that both servers have
        self.state.mkdir(mode=0o700)
        self.keys = self.state / 'ntskeys'
        ids = [secrets.randbits(30) << 2 | place for place in range(4)]  # their low bits follow one another
        lines = ['NKS0', '15 0.0', *(f'{key:08x} {secrets.token_hex(32)}' for key in ids)]
        self.keys.write_text('\n'.join(lines) + '\n')
        self.keys.chmod(0o600)
        self.section = f'[nts]\nenabled = true\nkey_file = "{self.keys}"'
        self.captures = {n: self.capture(f'nts{n}', '--keys', self.keys, '--cookies', n) for n in COOKIES}

    def measure(self):
        result = self.crypto()
        result.update(self.feeds())
        result.update(self.chronyd_rate())
        result['ratio_chronyd'] = round(result['mrps_1_cookie'] * 1e6 / result['chronyd_for_a_core_second'], 1)
        if not self.skip_memif:
            result['flood'] = self.flood()
        return result

    # --- cryptography -------------------------------------------------------------------------------

    def crypto(self, back_end='auto'):
        """ns for a request: all that the back end does, in the batches of eight that the worker makes of a burst of 32.
        Empty where this build or processor has no such back end.
        """
        program = self.build / 'tests/bench/aead_bench'
        names = [f'request/{case}/aead:15/batch:8/' for case in CASES[back_end]]
        known = run([program, '--benchmark_list_tests'])
        name = next((name for name in names if name in known), None)
        if name is None:
            return {}
        output = run(['taskset', '-c', worker_cpu(), program, '--benchmark_format=json',
                      f'--benchmark_filter=^{name}', '--benchmark_min_time=0.2',
                      f'--benchmark_repetitions={max(5, self.repeats)}', '--benchmark_report_aggregates_only=true',
                      '--benchmark_enable_random_interleaving=true'])
        medians = {entry['run_name']: entry for entry in json.loads(output)['benchmarks']
                   if entry['aggregate_name'] == 'median'}
        result = {}
        for cookies in COOKIES:
            entry = medians[f'{name}cookies:{cookies}']
            result[f'crypto_ns_{cookies}_cookie{"s" * (cookies > 1)}'] = round(entry['each'] * 1e9)
            result['back_end'] = entry['label']
        return result

    # --- one core fed from a capture ----------------------------------------------------------------

    def feeds(self):
        """Million answers a second; the worker always has a full burst before it and drops what exceeds NTS' share."""
        plain = feed(self.capture('plain'))
        rates = {'plain': [], **{cookies: [] for cookies in COOKIES}}
        busy = {cookies: [] for cookies in COOKIES}
        for _ in range(self.repeats):
            rates['plain'].append(self.pollux_rate(plain))
            for cookies, capture in self.captures.items():
                answered, shed = self.nts_rates(feed(capture), self.section)
                rates[cookies].append(answered)
                busy[cookies].append(shed)
        return {'mrps_1_cookie': round(statistics.median(rates[1]), 3),
                'mrps_8_cookies': round(statistics.median(rates[8]), 3),
                'mrps_1_cookie_runs': [round(rate, 3) for rate in rates[1]],
                'mrps_8_cookies_runs': [round(rate, 3) for rate in rates[8]],
                'shed_mrps_1_cookie': round(statistics.median(busy[1]), 3),
                'shed_mrps_8_cookies': round(statistics.median(busy[8]), 3),
                'plain_mpps': round(statistics.median(rates['plain']), 2)}

    def nts_rates(self, device, section):
        """Million NTS requests a second that polluxd answers, and that it drops for want of time."""
        counts, seconds = self.verdicts(device, section)
        answered = counts['reply_nts']
        if answered == 0 or answered + counts['drop_nts_busy'] != sum(counts.values()):
            raise Failure(f'polluxd did not answer NTS requests: {named(counts)}')
        return answered / seconds / 1e6, counts['drop_nts_busy'] / seconds / 1e6

    # --- plain requests beside a flood of NTS ---------------------------------------------------------

    def flood(self):
        """What comes back over memif when one core is offered more NTS than it can answer and PLAIN plain requests."""
        path = self.directory / 'memif.sock'
        server = f'net_memif0,role=server,socket={path},socket-abstract=no,rsize=11,mac={PCAP_MAC}'
        client = f'net_memif0,role=client,socket={path},socket-abstract=no,rsize=11'
        plain = self.capture('beside', '--first', 2 * 1024)
        runs = []
        for _ in range(self.repeats):
            path.unlink(missing_ok=True)
            with Process(self.polluxd(server, self.section), self.directory / 'polluxd.log') as daemon:
                time.sleep(2)
                daemon.check()
                command = [self.build / 'tests/bench/load_generator', '--device', client, '--cpu', control_cpu(),
                           '--seconds', self.seconds, *['--hugepages'] * self.hugepages,
                           f'nts={FLOOD}={self.captures[1]}', f'plain={PLAIN}={plain}']
                result = json.loads(run(command))
                counts = counts_of(self.observed())
            for stream in (result['nts'], result['plain']):
                if stream['wrong'] or stream['naks']:
                    raise Failure(f'wrong answers: {result}')
            runs.append({'nts_offered_mrps': round(result['nts']['sent'] / result['seconds'] / 1e6, 3),
                         'nts_answered_mrps': round(result['nts']['answered'] / result['seconds'] / 1e6, 3),
                         'nts_shed_mrps': round(counts['drop_nts_busy'] / result['seconds'] / 1e6, 3),
                         'plain_offered': result['plain']['offered'], 'plain_sent': result['plain']['sent'],
                         'plain_answered': result['plain']['answered']})
        return runs

    # --- chronyd --------------------------------------------------------------------------------------

    def chronyd_command(self):
        certificate, key = self.directory / 'ke.pem', self.directory / 'ke.key'
        run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
             '-subj', '/CN=ke.test', '-keyout', key, '-out', certificate])
        config = self.directory / 'chrony.conf'
        config.write_text(f'''
local
allow
cmdport 0
bindcmdaddress /
pidfile {self.state}/pid
ntsserverkey {key}
ntsservercert {certificate}
ntsdumpdir {self.state}
ntsrotate 0
ntsprocesses 0
''')
        return [chronyd_path(), '-d', '-x', '-u', 'root', '-f', config]

    def chronyd_rate(self):
        """Answers to the same requests for a second of chronyd's processor time, and for a second that it has a core."""
        space = f'pollux-bench-{os.getpid()}'
        run(['ip', 'netns', 'add', space])
        try:
            run(['ip', 'link', 'add', 'bench0', 'type', 'veth', 'peer', 'name', 'bench1', 'netns', space])
            for arguments in (['address', 'add', f'{CLIENT}/24', 'dev', 'bench0'], ['link', 'set', 'bench0', 'up']):
                run(['ip', *arguments])
            for arguments in (['address', 'add', f'{SERVER}/24', 'dev', 'bench1'], ['link', 'set', 'bench1', 'up'],
                              ['link', 'set', 'lo', 'up']):
                run(['ip', '-n', space, *arguments])
            command = ['ip', 'netns', 'exec', space, 'taskset', '-c', worker_cpu(), *self.chronyd_command()]
            with Process(command, self.directory / 'chronyd.log', signal.SIGTERM) as chronyd:
                self.wait_for_chronyd(chronyd)
                turns = [self.chronyd_turn(chronyd) for _ in range(self.repeats)]
        finally:
            run(['ip', 'netns', 'delete', space])
        for_core, rates = zip(*turns)
        return {'chronyd_for_a_core_second': round(statistics.median(for_core)),
                'chronyd_rps': round(statistics.median(rates)),
                'chronyd': re.search(r'version \S+', run([chronyd_path(), '--version']))[0]}

    def ask_chronyd(self, seconds):
        return json.loads(run(['taskset', '-c', control_cpu(), self.build / 'tests/bench/udp_load', SERVER,
                               self.captures[1], '--seconds', seconds]))

    def wait_for_chronyd(self, chronyd):
        patience = time.monotonic() + 10
        while not (result := self.ask_chronyd(0.3))['answered']:
            chronyd.check()
            if time.monotonic() > patience:
                raise Failure(f'chronyd does not answer NTS: {result}; {chronyd.log.read_text()[-600:]}')

    def chronyd_turn(self, chronyd):
        before, begin = cpu_seconds(chronyd.process.pid), time.monotonic()
        result = self.ask_chronyd(self.seconds)
        spent, seconds = cpu_seconds(chronyd.process.pid) - before, time.monotonic() - begin
        if result['answered'] == 0 or result['wrong'] > 0:
            raise Failure(f'chronyd does not answer NTS: {result}; {chronyd.log.read_text()[-600:]}')
        return result['answered'] / spent, result['answered'] / seconds


def named(counts):
    return {name: count for name, count in counts.items() if count}


def show_nts(nts):
    print(f"cryptography ({nts['back_end']}): {nts['crypto_ns_1_cookie']} ns a request for 1 cookie, "
          f"{nts['crypto_ns_8_cookies']} for 8")
    print(f"one core from a capture, million answers/s: {nts['mrps_1_cookie']} for 1 cookie (runs "
          f"{nts['mrps_1_cookie_runs']}, {nts['shed_mrps_1_cookie']} shed), {nts['mrps_8_cookies']} for 8 (runs "
          f"{nts['mrps_8_cookies_runs']}, {nts['shed_mrps_8_cookies']} shed), plain {nts['plain_mpps']}")
    print(f"chronyd over veth ({nts['chronyd']}), 1 cookie: {nts['chronyd_for_a_core_second']} answers for a second of a "
          f"core, {nts['chronyd_rps']} a second; Pollux' ratio {nts['ratio_chronyd']}")
    for flood in nts.get('flood', []):
        print(f"over memif, million/s: {flood['nts_offered_mrps']} NTS offered, {flood['nts_answered_mrps']} answered, "
              f"{flood['nts_shed_mrps']} shed; {flood['plain_answered']} of {flood['plain_offered']} plain requests answered, "
              f"{flood['plain_sent']} of which found room in the link")
