"""The kernel module mock_phc: loading it, its faults, and its device."""

import pathlib
import subprocess
import time

import phc

LOADED = pathlib.Path("/sys/module/mock_phc")


def load(module, **parameters):
    """Loads the module; returns the path of the device."""
    subprocess.run(["insmod", module, *(f"{name}={value}" for name, value in parameters.items())], check=True)
    return device()


def unload():
    """Takes the device away, also from programs that have it open."""
    if LOADED.exists():
        subprocess.run(["rmmod", "mock_phc"], check=True)


def device():
    return phc.find("mock_phc")


def put(name, value):
    (LOADED / "parameters" / name).write_text(str(value))


def get(name):
    return int((LOADED / "parameters" / name).read_text())


class fault:
    """A parameter with another value for the length of a with block."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __enter__(self):
        put(self.name, self.value)
        self.begin = time.monotonic()
        return self

    def __exit__(self, *_):
        if LOADED.exists():
            put(self.name, 0)
