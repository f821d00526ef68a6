"""What the benchmark scripts share: programs that run for a while, CPUs, the machine's name."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

CPU_TIME_OF_PROCESS = 2  # clock_getcpuclockid(3): ~pid << 3 | 2


class Failure(Exception):
    """Something that the person who ran this has to know."""


def run(command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise Failure(f'{" ".join(map(str, command))}: {result.stderr.strip() or result.stdout.strip()}')
    return result.stdout


def control_cpu():
    return min(os.sched_getaffinity(0))


def worker_cpu():
    return max(os.sched_getaffinity(0))


def chronyd_path():
    return peer_path('chrony/usr/sbin/chronyd')


def peer_path(program):
    """A program of another project, unpacked and not installed."""
    cache = pathlib.Path(os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache')
    path = cache / 'pollux/peers' / program
    if not path.exists():
        raise Failure(f'{path} is missing: scripts/lib/install peer unpacks it')
    return path


def with_children(pid):
    """A process and all that come from it."""
    found = [pid]
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        for child in (task / 'children').read_text().split():
            found += with_children(int(child))
    return found


def cpu_seconds(pid):
    """Processor time of a process and its children so far, all threads, user and kernel."""
    return sum(time.clock_gettime(~process << 3 | CPU_TIME_OF_PROCESS) for process in with_children(pid))


class Process:
    """A program that runs for a while and is ended by a signal."""

    def __init__(self, command, log, end=signal.SIGINT):
        self.log, self.end = pathlib.Path(log), end
        self.output = open(self.log, 'w')
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=self.output, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(self.end)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def check(self):
        if self.process.poll() is not None:
            raise Failure(f'{self.process.args[0]} ended: {self.log.read_text()[-600:]}')


def machine():
    model = re.search(r'model name\s*:\s*(.*)', pathlib.Path('/proc/cpuinfo').read_text())
    return {'cpu': model.group(1) if model else 'unknown', 'cpus': len(os.sched_getaffinity(0)),
            'kernel': os.uname().release}


def ended(main):
    """Runs `main` as the whole of a script: a Failure is its last line and exit code 1."""
    try:
        main()
    except Failure as failure:
        sys.exit(f'{pathlib.Path(sys.argv[0]).name}: {failure}')
