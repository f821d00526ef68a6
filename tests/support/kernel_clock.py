"""What the kernel says about its own clock; reads only."""

import ctypes

TIME_ERROR = 5
STA_UNSYNC = 0x40


class _Timex(ctypes.Structure):
    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


def is_synchronised():
    """True when adjtimex calls the clock synchronised."""
    timex = _Timex()  # modes = 0: nothing is set
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    return state != TIME_ERROR and not timex.status & STA_UNSYNC
