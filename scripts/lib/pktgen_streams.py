"""The streams of requests for Pktgen, and Pktgen itself without a terminal. What scripts/bench-pktgen and
scripts/pktgen-captures share.
"""

import os
import pathlib
import random
import secrets
import shlex
import shutil

import request_frames
from bench import Failure, run

SERVER_MAC, SERVER_IPV4, SERVER_IPV6 = '02:00:00:00:00:02', '198.18.0.1', '2001:db8::1'
CLIENTS = 1024
MEGABYTES = 2048  # less is not enough for Pktgen's buffers
REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
LUA = REPOSITORY / 'tests/pktgen/ntp.lua'
STREAMS = ('pattern', 'plain-v4', 'plain-v6', 'nts-v4', 'nts-v6', 'nts8-v4', 'mixed', 'forged', 'malformed')

HOW_TO_GET_IT = '''Pktgen is not installed, and Debian has no package of it. It is at github.com/pktgen/Pktgen-DPDK; for DPDK 22.11
take the tag pktgen-23.06.1 (22.07.1 and older, and 23.10.0 and newer, do not build against it):
  apt-get install libdpdk-dev liblua5.4-dev meson
  git clone --branch pktgen-23.06.1 https://github.com/pktgen/Pktgen-DPDK && cd Pktgen-DPDK
  CFLAGS="$(pkg-config --cflags-only-I libdpdk)" meson setup build -Denable_lua=true && ninja -C build
then PKTGEN=$PWD/build/app/pktgen, or put it into the search path.'''


def find_pktgen():
    """The program, or None."""
    return shutil.which(os.environ.get('PKTGEN', 'pktgen'))


def write_keys(path):
    """A key file with four keys as chronyd writes it."""
    ids = [secrets.randbits(30) << 2 | place for place in range(4)]
    path.touch(mode=0o600)
    path.write_text('\n'.join(['NKS0', '15 0.0', *(f'{key:08x} {secrets.token_hex(32)}' for key in ids)]) + '\n')
    return path


def write_captures(build, directory, keys, mac, ipv4, ipv6):
    """Name -> file, of all streams but `pattern`."""
    keys = keys or write_keys(directory / 'ntskeys')

    def requests(first, *arguments):
        path = directory / 'part'
        run([build / 'tests/bench/write_pcap', '--count', CLIENTS, '--first', first * CLIENTS, *arguments, path])
        frames = [request_frames.readdressed(frame, mac, ipv4, ipv6) for frame in request_frames.read_capture(path)]
        path.unlink()
        return frames

    nts, random_ = ['--keys', keys], random.Random(1)
    streams = {'plain-v4': requests(0), 'plain-v6': requests(1, '--ipv6'), 'nts-v4': requests(2, *nts),
               'nts-v6': requests(3, *nts, '--ipv6'), 'nts8-v4': requests(4, *nts, '--cookies', 8)}
    streams['mixed'] = request_frames.mixed([streams[name][:CLIENTS // 4]
                                             for name in ('plain-v4', 'plain-v6', 'nts-v4', 'nts-v6')])
    streams['forged'] = [request_frames.forged(frame, random_) for frame in requests(5, *nts)]
    streams['malformed'] = request_frames.malformed(requests(6) + requests(7, '--ipv6'))
    for name, frames in streams.items():
        request_frames.write_capture(directory / f'{name}.pcap', frames)
    return {name: directory / f'{name}.pcap' for name in streams}


def run_pktgen(program, device, cpus, stream, capture, rates, seconds, directory, addresses, burst):
    """Pktgen's own counts: a list of (rate, seconds, sent, received). `device`: EAL arguments; `cpus`: of its main thread
    and of the one that sends and receives. Pktgen wants a terminal, which script(1) gives it.
    """
    result, log = directory / 'pktgen.result', directory / 'pktgen.log'
    result.unlink(missing_ok=True)
    command = [program, '--lcores', f'0@{cpus[0]},1@{cpus[1]}', '-n', '1', f'--file-prefix=pktgen{os.getpid()}', '-m',
               MEGABYTES, *device, '--', '-P', '-m', '1.0', '-f', LUA]
    if capture:
        command += ['-s', f'0:{capture}']
    mac, server, client = addresses
    environment = {**os.environ, 'POLLUX_RESULT': str(result), 'POLLUX_RATES': ' '.join(map(str, rates)),
                   'POLLUX_SECONDS': str(seconds), 'POLLUX_STREAM': 'pcap' if capture else 'pattern', 'POLLUX_MAC': mac,
                   'POLLUX_SERVER': server, 'POLLUX_CLIENT': client, 'POLLUX_BURST': str(burst)}
    line = ' '.join(shlex.quote(str(word)) for word in command)
    with open('/dev/null', encoding='utf-8') as nothing:
        run(['timeout', 60 + len(rates) * (seconds + 5), 'script', '-qec', line, log], env=environment, stdin=nothing)
    if not result.exists():
        raise Failure(f'Pktgen gave no result for {stream}: {log.read_text(errors="replace")[-800:]}')
    return [(float(rate), *map(int, rest)) for rate, *rest in
            (text.split() for text in result.read_text().splitlines())]
