"""pollux-ke under clients that are many, slow or both, and under changes meanwhile."""

import contextlib
import pathlib
import signal
import socket
import threading
import time

from ke import Ke
from lab import SERVER4, SERVER6, alone, until

HELLO = bytes.fromhex("160301")  # the beginning of a TLS record, and no more


class Load:
    """Threads that begin one session after the other, until the end of the block."""

    def __init__(self, ke, threads=2, servers=(SERVER4, SERVER6), pause=0.0):
        self.ke, self.servers, self.pause = ke, servers, pause
        self.good, self.bad, self.longest, self.done = 0, [], 0.0, threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]

    def _run(self, number):
        while not self.done.is_set():
            begin = time.monotonic()
            try:
                count = sum(kind == 5 for _, kind, _ in self.ke.session(server=self.servers[number % 2]))
                fault = None if count == 8 else f"{count} cookies"
            except (OSError, ValueError) as error:
                fault = f"{type(error).__name__}: {error}"
            with self.lock:
                self.longest = max(self.longest, time.monotonic() - begin)
                self.good += not fault
                self.bad += [fault] if fault else []
            time.sleep(self.pause)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def __str__(self):
        return f"{self.good} good, {len(self.bad)} bad {sorted(set(self.bad))[:3]}, longest {self.longest:.2f} s"


class Idlers:
    """Connections on which nothing happens. The half of them has got as far as TLS; those that the server closes are
    made anew, until the end of the block.
    """

    def __init__(self, ke, number):
        self.ke, self.number = ke, number
        self.open, self.made, self.done = [], 0, threading.Event()
        self.thread = threading.Thread(target=self._keep, daemon=True)

    def _make(self):
        raw = self.ke.connect(SERVER6 if self.made % 3 == 0 else SERVER4)
        self.made += 1
        if self.made % 2:
            raw.sendall(HELLO)
            return raw
        return self.ke.trust.wrap_socket(raw, server_hostname="ke.example")

    def _fill(self):
        while len(self.open) < self.number and not self.done.is_set():
            with contextlib.suppress(OSError):
                self.open.append(self._make())

    def _keep(self):
        while not self.done.is_set():
            self.open = [one for one in self.open if self._lives(one)]
            self._fill()
            time.sleep(0.05)

    @staticmethod
    def _lives(one):
        try:
            one.setblocking(False)
            return bool(one.recv(100))
        except (BlockingIOError, ConnectionAbortedError):
            return True
        except OSError as error:  # ssl.SSLWantReadError is one
            return "did not complete" in str(error)

    def __enter__(self):
        self._fill()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        for one in self.open:
            one.close()


def settled(ke):
    return until(lambda: (ke.observe() or {}).get("open_sessions") == 0, 8)


@alone
def test_nts_ke_slow_loris(lab):
    """500 idle connections fill the cap, all the time; sessions go on, and none starves."""
    ke = Ke(lab).start()
    with Idlers(ke, 500) as idle:
        time.sleep(1)  # until the oldest of them may be displaced
        before = ke.observe()
        with Load(ke, pause=0.02) as load:
            time.sleep(8)
        after = ke.observe()
    lab.check("the cap is full", before["open_sessions"] == 500, str(before["open_sessions"]))
    lab.check("the cap holds", after["open_sessions"] <= 500, str(after["open_sessions"]))
    lab.check("sessions go on", load.good > 50, str(load))
    lab.check("none starves", not load.bad and load.longest < 3, str(load))
    lab.check("idle ones give up their places", after["sessions"]["displaced"] > 0, str(after["sessions"]))
    lab.note("slow loris", f"{load}; {idle.made} idle connections made, {after['sessions']['displaced']} displaced")
    lab.check("all is closed afterwards", settled(ke), str(ke.observe()["open_sessions"]))


@alone
def test_nts_ke_flood(lab):
    """10 000 connections at once against a cap of 500."""
    ke = Ke(lab, ke="sessions_per_address = 0\nworkers = 2").start()
    most, held, done = [0], [], threading.Event()

    def watch():
        while not done.is_set():
            most[0] = max(most[0], (ke.observe() or {}).get("open_sessions", 0))
            time.sleep(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    for number in range(10000):
        one = socket.socket(socket.AF_INET)
        one.setblocking(False)
        one.connect_ex((SERVER4, 4460))
        held.append(one)
        if number >= 200:  # it is connected by now, or will never be
            with contextlib.suppress(OSError):
                held[number - 200].send(HELLO)
    time.sleep(1)
    done.set()
    watcher.join()
    seen = ke.sessions()
    resident = int(pathlib.Path(f"/proc/{ke.daemon.pid}/statm").read_text().split()[1]) * 4 // 1024
    lab.note("flood", f"most open {most[0]}, {resident} MiB, {seen}")
    lab.check("the cap is reached and holds", 400 <= most[0] <= 500, str(most[0]))
    lab.check("the rest is refused", seen["accepted"] > 5000 and seen["refused_connections"] > 1000, str(seen))
    lab.check("memory stays small", resident < 200, f"{resident} MiB")
    for one in held:
        one.close()
    lab.check("all is closed afterwards", settled(ke), str(ke.observe()))
    lab.check("and it answers", all(len(ke.cookies()) == 8 for _ in range(5)))


@alone
def test_nts_ke_descriptors(lab):
    """Without descriptors nothing is accepted and nothing spins; with them all goes on."""
    ke = Ke(lab).start()
    own = len(list(pathlib.Path(f"/proc/{ke.daemon.pid}/fd").iterdir()))
    lab.run("prlimit", f"--pid={ke.daemon.pid}", f"--nofile={own + 20}:")
    with Idlers(ke, 60):
        time.sleep(1)
        begin = ke.processor_seconds()
        time.sleep(2)
        used = ke.processor_seconds() - begin
    lab.run("prlimit", f"--pid={ke.daemon.pid}", "--nofile=1000:")
    lab.check("it does not spin", used < 0.5, f"{used:.2f} s of 2 s")
    lab.check("it lives", ke.daemon.poll() is None, ke.complaint())
    lab.check("pauses are counted", until(lambda: ke.sessions().get("accept_pauses", 0) > 0, 5), str(ke.sessions()))
    lab.check("all is closed afterwards", settled(ke), str(ke.observe()))
    lab.check("and it answers", all(len(ke.cookies()) == 8 for _ in range(5)))


def test_nts_ke_reload_under_load(lab):
    """Certificates, keys and settings change; no session is lost."""
    ke = Ke(lab, ke="sessions_per_address = 0\nworkers = 2").start()
    pairs = [ke.authority.issue(f"pair{number}") for number in range(4)]
    replies, current = [], set()
    with Load(ke) as load:
        for number in range(24):
            ke.install(*pairs[number % 4])
            ke.configure(ke=f"sessions_per_address = 0\nworkers = 2\nconnections = {400 + number}")
            replies.append(ke.ask_to("reload" if number % 2 else "rotate"))
            current.update(ke.key_ids()["current"])
            time.sleep(0.15)
    lab.check("all are done", all(reply.get("ok") for reply in replies), str(replies[-1]))
    lab.check("twelve keys were in force", len(current) >= 12, str(len(current)))
    lab.check("no session is lost", load.good > 50 and not load.bad, str(load))


def test_nts_ke_stop_under_load(lab):
    """SIGTERM ends it in under a second, whatever is open, and a new one takes over."""
    ke = Ke(lab).start()
    with Idlers(ke, 100), Load(ke):
        time.sleep(0.5)
        took = ke.stop(signal.SIGTERM)
        lab.check("under a second", took is not None and took < 1, f"{took} s")
        lab.check("exit code 0", ke.daemon.poll() == 0, ke.complaint())
    ke.start()
    lab.check("and it answers", len(ke.cookies()) == 8)
