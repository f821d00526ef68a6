"""Real clients accept Pollux, over both kernel drivers, both families, with whole and with partial
transmit checksums (a client with checksum offload leaves the sum to a card that a veth does not have).
"""

import time

import clients
from lab import DRIVERS, SERVER4, SERVER6, until

SECONDS = 75


def test_clients(lab, driver=DRIVERS, offload=("partial-checksum", "full-checksum")):
    lab.connect(offload=offload == "partial-checksum")
    lab.configure(driver=driver)
    lab.start()
    servers = (SERVER4, SERVER6)
    running = []
    for kind in clients.ALL:
        if (lab.peers / kind.package).is_dir():
            running.append((kind.__name__.lower(), kind(lab, servers)))
        else:
            lab.skip(kind.__name__.lower(), f"{kind.package} is not in {lab.peers}: scripts/lib/install peer")
    end = time.monotonic() + SECONDS
    for name, client in running:
        for server in servers:
            until(lambda: client.accepts(server)[0], end - time.monotonic(), pause=0.5)
            good, listing = client.accepts(server)
            lab.check(f"{name} accepts {server}", bool(good), "" if good else listing.replace("\n", " | "))
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())
