"""What scripts/bench says of its figures: tables, the comparison with recorded ones, and plots. A part of scripts/bench."""

import json
import pathlib

from svg_plot import bars, lines

RECORDED = pathlib.Path(__file__).resolve().parent.parent.parent / 'tests/bench/recorded.json'
TOLERANCE = 0.1
# What is compared: ratios and instruction counts, which hold from run to run. True: more is better.
COMPARED = {'plain.pcap_ratio_5tswap': True, 'plain.pcap_ratio_5tswap_v6': True, 'plain.instructions_v4': False,
            'plain.instructions_v6': False, 'ratio_chronyd.plain': True, 'ratio_chronyd.nts': True}
FRAME = 90 + 24  # octets of a plain IPv4 request on a link of Ethernet: with checksum, preamble and gap
LINKS = (10, 25, 40, 100)  # Gbit/s


def figure(result, key):
    for name in key.split('.'):
        result = result.get(name) if result else None
    return result


def record(result):
    RECORDED.write_text(json.dumps({'machine': result['machine'],
                                    'figures': {key: figure(result, key) for key in COMPARED}}, indent=1) + '\n')


def compare(result):
    """Sentences on what is worse than recorded by more than TOLERANCE, and others worth a line."""
    if not RECORDED.exists():
        return [f'{RECORDED} is missing: --record writes it'], []
    recorded = json.loads(RECORDED.read_text())
    worse, remarks = [], []
    if recorded['machine']['cpu'] != result['machine']['cpu']:
        remarks.append(f"recorded on another processor, {recorded['machine']['cpu']}: ratios may differ by more")
    for key, more_is_better in COMPARED.items():
        old, new = recorded['figures'].get(key), figure(result, key)
        if old is None or new is None:
            remarks.append(f'{key}: {old} recorded, {new} now; not compared')
            continue
        change = new / old - 1 if more_is_better else old / new - 1
        words = f'{key}: {old} recorded, {new} now'
        if change < -TOLERANCE:
            worse.append(words)
        elif change > TOLERANCE:
            remarks.append(f'{words}: better, worth to be recorded')
    return worse, remarks


def model(mpps):
    """Rates beyond the CPUs that were measured. A model: workers share nothing that any of them writes."""
    return {'cores': {str(cores): round(cores * mpps, 1) for cores in (2, 4, 8, 16)},
            'cores_for_line_rate': {f'{link}G': max(1, -(-int(link * 1e9 / 8 / FRAME) // int(mpps * 1e6)))
                                    for link in LINKS}}


# --- text -----------------------------------------------------------------------------------------------


def table(head, rows):
    rows = [head, *([('-' if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print('  '.join(cell.ljust(width) if i == 0 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
    print()


def show(result):
    machine, plain = result['machine'], result['plain']
    print(f"{machine['cpu']}, {machine['cpus']} CPUs, Linux {machine['kernel']}, DPDK {machine['dpdk']}, "
          f"{'hugepages' if result['hugepages'] else 'no hugepages'}; load before: {machine['load']}; "
          f"{result['options']['repeats']} turns of {result['options']['seconds']} s\n")
    print('Processing alone, for a packet')
    stages = plain['stages']
    table(['', 'cycles', 'instructions', 'turn_usual ns', 'stamp ns', 'classify ns'],
          [[family, plain[f'process_cycles_{short}'], plain[f'instructions_{short}'], stages[f'turn_usual_ns_{short}'],
            stages[f'stamp_ns_{short}'], stages[f'classify_ns_{short}']]
           for family, short in (('IPv4', 'v4'), ('IPv6', 'v6'))])
    print('One core fed from a capture, million answers/s')
    table(['', 'Pollux', '5tswap', 'macswap', 'ratio to 5tswap', 'to macswap'],
          [[name, feed['mpps'], feed['testpmd_5tswap_mpps'], feed['testpmd_macswap_mpps'], feed['ratio_5tswap'],
            feed['ratio_macswap']] for name, feed in {**plain['pcap'], **result['nts']['pcap']}.items()])
    show_nts(result['nts'])
    show_interfaces(result)
    show_residence(result['residence'])
    show_model(plain)


def show_nts(nts):
    print('NTS by back end (AEAD 15, 1 cookie)')
    table(['', 'crypto ns', 'million answers/s'],
          [[name, nts[f'{name}_crypto_ns'], nts[f'{name}_mrps']] for name in ('lockstep', 'ipsec_mb', 'reference')])


def show_interfaces(result):
    print('Through a veth pair and a kernel interface, plain IPv4')
    table(['', 'answers/s', 'best', 'for a CPU second', 'with receiving'],
          [[name, round(server['answered_per_second']), max(server['runs']),
            *(round(1e6 / server[key]) if server[key] else None for key in ('cpu_us', 'cpu_us_with_receiving'))]
           for name, server in result['interfaces'].items()])
    ratio = result['ratio_chronyd']
    print(f"Pollux' best transport on one core is {ratio['plain']} times chronyd's answers for a second of a core, "
          f"NTS {ratio['nts']} times\n")


def show_residence(residence):
    print('Residence with the worker and round trip of the client over memif, us')
    keys = ('p50', 'p90', 'p99', 'p999', 'max')
    table(['load', 'answers/s', *keys, *(f'trip {key}' for key in keys[:4]), 'kept s', 'stolen s'],
          [[f'{load} %', turn['answered_per_second'], *(turn['residence_us'][key] for key in keys),
            *(turn['round_trip_us'][key] for key in keys[:4]), turn['kept_from_cpu_s'], turn['stolen_s']]
           for load, turn in residence['loads'].items()] +
          [['full bursts', None, *(residence['full_bursts']['residence_us'][key] for key in keys), *[None] * 6]])
    gaps = residence['gaps']
    over = {limit: sum(count for floor, count in gaps['gaps_ns'] if floor >= limit * 1000) for limit in (1, 10, 100)}
    print(f"What this machine takes from a program that polls on the worker's CPU, in {gaps['seconds']} s: "
          f"{over[1]} gaps over 1 us, {over[10]} over 10 us, {over[100]} over 100 us; {gaps['lost_share']:.3%} of the time\n")


def show_model(plain):
    scaling = plain['model']
    print('More cores: a model, not measured: one core times their number.',
          ', '.join(f'{cores} cores {rate}' for cores, rate in scaling['cores'].items()), 'million/s;',
          'cores for line rate of plain requests:',
          ', '.join(f'{link} {cores}' for link, cores in scaling['cores_for_line_rate'].items()))


# --- plots ----------------------------------------------------------------------------------------------


def plot(result, directory):
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    residence = result['residence']
    curves = {f'{load} %': turn['residence'] for load, turn in residence['loads'].items()}
    curves['full bursts'] = residence['full_bursts']['residence']
    (directory / 'residence.svg').write_text(lines('Requests that stay longer with the worker than', 'us', curves))
    rates = {f'{server} (veth)': figures['answered_per_second'] / 1e6 for server, figures in result['interfaces'].items()}
    for name, feed in {**result['plain']['pcap'], **result['nts']['pcap']}.items():
        rates[f'{name}, Pollux'] = feed['mpps']
        rates[f'{name}, 5tswap'] = feed['testpmd_5tswap_mpps']
    (directory / 'rates.svg').write_text(bars('Million answers a second, one core', rates))
