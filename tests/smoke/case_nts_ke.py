"""pollux-ke: clients of other projects get their cookies; start, stop, crash, rights, reload of a certificate."""

import pathlib
import re
import signal
import time

from ke import NAME, USUAL, Ke, records, request
from lab import SERVER4, SERVER6, until


def test_nts_ke_openssl(lab, server=(SERVER4, SERVER6)):
    """openssl s_client, with and without what key establishment needs."""
    ke = Ke(lab).start()
    code, out = ke.s_client("-alpn", "ntske/1", "-msg", server=server)
    text = out.decode(errors="replace")
    lab.check("ALPN ntske/1 over TLS 1.3", "ALPN protocol: ntske/1" in text and "New, TLSv1.3" in text, repr(text[-600:]))
    lab.check("AES-128-GCM and X25519", "TLS_AES_128_GCM_SHA256" in text and "X25519" in text)
    lab.check("chain is verified", "Verify return code: 0 (ok)" in text)
    lab.check("no ticket to resume with", "NewSessionTicket" not in text and "Session Ticket arrived" not in text)
    lab.check("closed with close_notify", "close_notify" in text)
    code, out = ke.s_client("-alpn", "ntske/1", "-quiet", server=server)
    answer = out[out.find(bytes.fromhex("80010002")):]
    lab.check("8 cookies of 100 octets", code == 0 and [len(body) for _, kind, body in records(answer) if kind == 5]
              == [100] * 8)
    code, out = ke.s_client("-alpn", "h2", server=server)
    lab.check("another ALPN: fatal alert", code == 1 and b"no application protocol" in out, repr(out[-300:]))
    _, out = ke.s_client(server=server)
    lab.check("no ALPN: no answer", b"No ALPN negotiated" in out and bytes.fromhex("80010002") not in out)
    code, out = ke.s_client("-alpn", "ntske/1", "-tls1_2", server=server)
    lab.check("TLS 1.2: fatal alert", code == 1 and b"protocol version" in out, repr(out[-300:]))
    seen = ke.sessions()
    lab.check("counters agree", (seen["established"], seen["tls_failures"], seen["cookies"]) == (2, 3, 16), str(seen))
    lab.check("no session stays", until(lambda: ke.observe()["open_sessions"] == 0, 3))


def resolve_name(lab, server):
    """NAME is that server, in this case only."""
    hosts = lab.home / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{server} {NAME}\n")
    lab.run("mount", "--bind", hosts, "/etc/hosts")


def test_nts_ke_chronyd(lab, server=(SERVER4, SERVER6)):
    """chronyd 4.3 gets cookies, and tells so."""
    if not (lab.peers / "chrony").is_dir():
        lab.skip("chronyd", f"chrony is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = Ke(lab).start()
    resolve_name(lab, server)
    home = lab.home / "chrony"
    home.mkdir(mode=0o700)
    (home / "conf").write_text(f"server {NAME} nts iburst\nntstrustedcerts {ke.authority.file}\nport 0\ncmdport 0\n"
                               f"bindcmdaddress {home}/sock\npidfile {home}/pid\n")
    lab.spawn("chronyd", lab.peers / "chrony/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", home / "conf")

    def authdata():
        _, out = lab.run(lab.peers / "chrony/usr/bin/chronyc", "-c", "-N", "-h", home / "sock", "authdata", check=False)
        return out.strip().split(",")

    until(lambda: authdata()[-1:] == ["100"], 20, pause=0.2)
    seen = authdata()
    # Name, mode, key id, AEAD, bits of the key, seconds since, attempts, NAKs, cookies, octets of a cookie.
    good = len(seen) == 10 and seen[:5] == [NAME, "NTS", "1", "15", "256"] and seen[9] == "100" and int(seen[8]) > 0
    lab.check("chronyc authdata shows the cookies", good, ",".join(seen) + repr(lab.log_of("chronyd")[-300:]))
    lab.check("pollux-ke gave eight", ke.sessions()["cookies"] == 8, str(ke.sessions()))


def test_nts_ke_ntpsec(lab, server=(SERVER4, SERVER6)):
    """ntpsec's ntpd 1.2.2 gets cookies, and tells so."""
    if not (lab.peers / "ntpsec").is_dir():
        lab.skip("ntpsec", f"ntpsec is not in {lab.peers}: scripts/lib/install peer")
        return
    ke = Ke(lab).start()
    resolve_name(lab, server)
    conf = lab.home / "ntpsec.conf"
    conf.write_text(f"disable ntp\nserver {NAME} nts ca {ke.authority.file} iburst\n")
    lab.spawn("ntpsec", lab.peers / "ntpsec/usr/sbin/ntpd", "-n", "-c", conf)
    told = "Got 8 cookies, length 100, aead=15"
    until(lambda: told in lab.log_of("ntpsec"), 25, pause=0.2)
    lab.check("ntpd tells of 8 cookies", told in lab.log_of("ntpsec"), repr(lab.log_of("ntpsec")[-600:]))
    lab.check("pollux-ke gave eight", ke.sessions().get("cookies") == 8, str(ke.sessions()))


def test_nts_ke_stop(lab):
    """Signals, kill -9, a second instance, and nothing left behind."""
    ke = Ke(lab).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        took = ke.stop(number)
        lab.check(f"{number.name}: exit code 0 in under a second", ke.daemon.poll() == 0 and took < 1, f"{took} s")
        left = sorted(path.name for path in lab.run_dir.glob("*/*.sock"))
        lab.check(f"{number.name}: no socket stays", not left, " ".join(left))
        ke.start()
    first, before = ke.daemon, ke.key_ids()
    ke.start(wait=False)
    lab.check("a second instance ends with 1", until(lambda: ke.daemon.poll() is not None, 5) and ke.daemon.poll() == 1)
    lab.check("and says why", f"another pollux-ke (pid {first.pid}) is running" in ke.log(), ke.log())
    ke.daemon = first
    lab.check("the first answers", len(ke.cookies()) == 8)
    ke.stop(signal.SIGKILL)
    ke.start()
    lab.check("after kill -9 it answers", len(ke.cookies()) == 8)
    lab.check("with the same keys", ke.key_ids() == before, str(ke.key_ids()))


def test_nts_ke_faults(lab):
    """What is wrong at the start is told in one line, with exit code 1."""
    ke = Ke(lab)
    chain, key = ke.authority.issue()
    other = ke.authority.issue()[1]
    for name, prepare, words in (
            ("key of another certificate", lambda: ke.install(chain, other), "key.pem: does not fit"),
            ("no certificate", ke.chain.unlink, "chain.pem: cannot be read"),
            ("key for everybody", lambda: (ke.install(chain, key), ke.key.chmod(0o644)), "key.pem: may be used by"),
            ("damaged keys", lambda: (ke.install(chain, key), ke.keys.write_text("NKS1\n"), ke.keys.chmod(0o600)),
             str(ke.keys)),
            ("no such user", lambda: (ke.keys.unlink(), ke.configure(ke='user = "nobody-here"')), "no user"),
            ("foreign address", lambda: ke.configure(ke='listen = ["192.0.2.7"]'), "cannot listen at 192.0.2.7")):
        prepare()
        ke.start(wait=False)
        ended = until(lambda: ke.daemon.poll() is not None, 5)
        errors = [line for line in ke.log().split(" | ") if line.startswith("error: ")]
        lab.check(f"{name}: exit code 1", ended and ke.daemon.poll() == 1, ke.log())
        lab.check(f"{name}: one line says so", len(errors) == 1 and words in errors[0], ke.log())
    ke.configure()
    ke.start(wait=False, limit=100)
    ended = until(lambda: ke.daemon.poll() is not None, 5)
    lab.check("too few descriptors: exit code 1", ended and ke.daemon.poll() == 1, ke.log())
    lab.check("too few descriptors: says which", "ke.connections needs" in ke.log(), ke.log())


def test_nts_ke_rights(lab):
    """Started by root it becomes its user and keeps no right; reload and rotation work all the same."""
    ke = Ke(lab, ke='sessions_per_address = 0\nuser = "nobody"')
    lab.run("chown", "-R", "nobody", ke.home)
    ke.start()
    threads = [path.read_text() for path in pathlib.Path(f"/proc/{ke.daemon.pid}/task").glob("*/status")]
    lab.check("two threads", len(threads) == 2, str(len(threads)))
    for thread in threads:
        name = re.search(r"Name:\s*(\S+)", thread)[1]
        lab.check(f"{name}: user nobody", re.search(r"^Uid:\s+65534\s+65534\s+65534", thread, re.M))
        sets = re.findall(r"^Cap(?:Inh|Prm|Eff|Bnd|Amb):\s+(\w+)", thread, re.M)
        lab.check(f"{name}: no capabilities", len(sets) == 5 and not any(int(found, 16) for found in sets), str(sets))
        lab.check(f"{name}: no new privileges", re.search(r"^NoNewPrivs:\s+1", thread, re.M))
        filtered = re.search(r"^Seccomp:\s+2", thread, re.M)
        if filtered or ke.observe()["system_call_filter"]:
            lab.check(f"{name}: system calls are filtered", filtered)
        else:
            lab.skip(f"{name}: system calls are filtered", str(ke.observe()["warnings"]))
    core = pathlib.Path(f"/proc/{ke.daemon.pid}/limits").read_text()
    lab.check("no core files", re.search(r"^Max core file size\s+0\s+0", core, re.M))
    lab.check("it answers", len(ke.cookies()) == 8)
    before = ke.key_ids()
    lab.check("it rotates", ke.ask_to("rotate").get("ok") and ke.key_ids()["current"] == before["next"], ke.log()[-300:])
    ke.install(*ke.authority.issue("second"))
    lab.run("chown", "nobody", ke.key, ke.chain)
    lab.check("it reloads", ke.ask_to("reload").get("ok"), ke.log()[-300:])
    lab.check("a new certificate is shown", ke.subject() == "second")
    owner = ke.keys.stat()
    lab.check("the key file is the user's alone", (owner.st_uid, owner.st_mode & 0o777) == (65534, 0o600), str(owner))
    lab.check("SIGTERM: under a second", (ke.stop() or 9) < 1)
    lab.check("no socket stays, although run_dir is root's",
              lab.run_dir.stat().st_uid == 0 and not list(lab.run_dir.glob("*/*.sock")))


def test_nts_ke_certificate(lab):
    """A certificate is followed: changed, to a misfit, and back; what does not fit changes nothing."""
    ke = Ke(lab).start()
    good = ke.authority.issue("one")
    ke.install(*good)
    lab.check("a new pair is found by itself", until(lambda: ke.subject() == "one", 10), ke.log()[-300:])
    two = ke.authority.issue("two")
    ke.install(two[0], good[1])
    lab.check("a misfit is told", until(lambda: ke.observe()["state"] == "degraded", 10), ke.log()[-300:])
    time.sleep(2)
    lab.check("once", ke.log().count("key.pem: does not fit") == 1, ke.log()[-300:])
    lab.check("by its file's name", "key.pem: does not fit" in ke.observe()["status"], ke.observe()["status"])
    lab.check("the old pair is shown", ke.subject() == "one" and len(ke.cookies()) == 8)
    reply = ke.ask_to("reload")
    lab.check("reload refuses it", reply.get("ok") is False and "does not fit" in reply.get("error", ""), str(reply))
    ke.install(*good)
    lab.check("back: all is well", until(lambda: ke.observe()["state"] == "serving", 10), ke.log()[-300:])
    ke.install(*two)
    ke.daemon.send_signal(signal.SIGHUP)
    lab.check("SIGHUP reads it at once", until(lambda: ke.subject() == "two", 0.9, pause=0.02), ke.log()[-300:])
    ke.install(*ke.authority.issue("three"))
    lab.check("so does the verb", ke.ask_to("reload").get("ok") and ke.subject() == "three")
    document = ke.observe()["certificate"]
    lab.check("the status tells of it", document["subject"] == "CN=three" and document["days_left"] in (19, 20),
              str(document))
    ke.install(*ke.authority.issue("short", days=3))
    lab.check("few days left: degraded", until(lambda: ke.observe()["state"] == "degraded", 10))
    lab.check("and it says so", re.search("expires in less than [34] days", ke.observe()["status"]),
              ke.observe()["status"])


def test_nts_ke_reload(lab):
    """Settings change without a restart where they may, and not at all where one of them may not."""
    ke = Ke(lab).start()
    ke.configure(ke='sessions_per_address = 0\ncookies = 3\nntp_server = "ntp.example"\nntp_port = 1123')
    lab.check("reload", ke.ask_to("reload").get("ok"), ke.log()[-300:])
    answer = ke.session()
    lab.check("server and port records", [body for _, kind, body in answer if kind in (6, 7)]
              == [b"ntp.example", b"\x04\x63"], str(answer[:4]))
    lab.check("three cookies", len([1 for _, kind, _ in answer if kind == 5]) == 3)
    for name, settings, word in (("key that needs a restart", "cookies = 5\nworkers = 2", "ke.workers"),
                                 ("broken file", "cookies = [", "pollux.toml"),
                                 ("unknown key", "cookie = 5", "cookies"),
                                 ("more connections than descriptors", "cookies = 5\nconnections = 65535",
                                  "descriptors")):
        ke.configure(ke="sessions_per_address = 0\n" + settings)
        reply = ke.ask_to("reload")
        lab.check(f"{name}: refused, and why", not reply.get("ok") and word in reply.get("error", ""), str(reply))
        lab.check(f"{name}: nothing changes", len(ke.cookies()) == 3)
    ke.configure(ke="sessions_per_address = 2\naddress_interval_ms = 60000")
    lab.check("limits change", ke.ask_to("reload").get("ok"))
    got = [len(ke.cookies()) for _ in range(4)]
    lab.check("two sessions, then none", got == [8, 8, 0, 0], str(got))
    lab.check("refusals are counted", ke.sessions()["refused_admission"] == 2, str(ke.sessions()))
    lab.check("IPv6 has its own", len(ke.cookies(server=SERVER6)) == 8)


def test_nts_ke_deadline(lab):
    """A client that says nothing is told so once TLS is up, and before that is just closed."""
    ke = Ke(lab, ke="sessions_per_address = 0\ndeadline_ms = 500").start()
    begin = time.monotonic()
    try:
        answer = ke.session(message=b"")
    except (OSError, ValueError) as error:
        answer = error
    took = time.monotonic() - begin
    lab.check("bad request after the deadline", answer == [(True, 2, b"\0\1"), (True, 0, b"")] and 0.3 < took < 2,
              f"{answer} after {took:.2f} s")
    with ke.connect() as raw:
        raw.sendall(USUAL[:3])
        begin = time.monotonic()
        lab.check("no TLS: closed without a word", raw.recv(100) == b"" and time.monotonic() - begin < 2)
    lab.check("both are counted", until(lambda: ke.sessions()["timeouts"] == 2, 3), str(ke.sessions()))
    answer = ke.session(message=request(16, 17))
    lab.check("no algorithm in common is no error", answer == [(True, 1, b"\0\0"), (True, 4, b""), (True, 0, b"")],
              str(answer))
