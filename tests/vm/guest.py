"""Runs in the virtual machine as root, started by init: each case in namespaces of its own, one after the
other. Says on the second serial line when it is up, and each case's results.

  guest.py SETTINGS              all cases named in that JSON file
  guest.py SETTINGS --inside NAME    one case, already in its namespaces
"""

import json
import os
import pathlib
import subprocess
import sys
import tty

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support"), str(HERE.parent / "smoke")]

import cases
import mock_phc
from guest_lab import FIRST_NETWORK, GuestLab


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def prepare(settings):
    """What the init of a distribution would have done, as far as the cases need it."""
    mount("-t", "9p", "-o", "trans=virtio,version=9p2000.L,cache=none", "shared", settings["logs"])
    pathlib.Path("/lib/modules").mkdir(exist_ok=True)
    mount("--bind", f"{settings['guest']}/lib/modules", "/lib/modules")
    pathlib.Path("/dev/shm").mkdir(exist_ok=True)
    mount("-t", "tmpfs", "tmpfs", "/dev/shm")
    mount("-t", "tmpfs", "tmpfs", "/run")
    # Where network cards come to life; cases have namespaces of their own and take them from there.
    FIRST_NETWORK.touch()
    mount("--bind", "/proc/self/ns/net", FIRST_NETWORK)


def run_all(settings_path, settings):
    with open("/dev/ttyS1", "wb", buffering=0) as line:
        tty.setraw(line)

        def say(message):
            line.write(json.dumps(message).encode() + b"\n")

        say({"up": os.uname().release})
        for name in settings["cases"]:
            command = cases.PRIVATE + [sys.executable, "-B", __file__, settings_path, "--inside", name]
            results, seconds = cases.run_apart(command, pathlib.Path(settings["logs"], name),
                                               settings["case_seconds"])
            mock_phc.unload()
            say({"case": name, "results": results, "seconds": seconds})


def main():
    settings_path = sys.argv[1]
    settings = json.loads(pathlib.Path(settings_path).read_text(encoding="utf-8"))
    if sys.argv[2:3] == ["--inside"]:
        name = sys.argv[3]
        lab = GuestLab(settings["build"], settings["peers"], pathlib.Path(settings["logs"], name),
                       settings["module"])
        cases.run(cases.find(HERE)[name], lab)
        return
    prepare(settings)
    run_all(settings_path, settings)


if __name__ == "__main__":
    main()
