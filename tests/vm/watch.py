"""Asks polluxd all the time in a thread of its own and writes down what it answers and what it says of its
state, to be judged afterwards against a time that is known.
"""

import dataclasses
import threading
import time

import frames
from lab import Wire, until

PAUSE = 0.01
ERA_END = 2**32 - frames.UNIX_TO_NTP  # of NTP, 2036-02-07 06:28:16 UTC, in seconds since 1970


@dataclasses.dataclass
class Answer:
    """A reply with the time at which it was asked for (monotonic) and the stamps of this side: CLOCK_REALTIME
    in seconds since 1900, before sending and at arrival.
    """

    asked: float
    before: float
    reply: frames.Message
    arrival: float

    def error(self, offset):
        """(least, most) that the served time can be off from CLOCK_REALTIME + offset, in s."""
        return self.reply.transmit - self.arrival - offset, self.reply.receive - self.before - offset

    def agrees(self, offset):
        """The served time can be CLOCK_REALTIME + offset within the error that the reply admits."""
        least, most = self.error(offset)
        bound = self.reply.root_dispersion + self.reply.root_delay / 2
        return least <= bound and most >= -bound


class Watch:
    """Runs while in a with block. `answers` are all replies, `lost` counts requests without one, `states` are
    the changes of the clock's state: (monotonic time, state).
    """

    def __init__(self, lab):
        self.lab, self.answers, self.states, self.lost = lab, [], [], 0
        self.done = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._ask, self._observe)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for thread in self.threads:
            thread.join()

    def _ask(self):
        wire = Wire()
        while not self.done.wait(PAUSE):
            asked, before = time.monotonic(), frames.ntp_now()
            if reply := wire.ask(seconds=1, source_port=43000):
                self.answers.append(Answer(asked, before, reply, wire.arrival))
            else:
                self.lost += 1

    def _observe(self):
        while not self.done.wait(5 * PAUSE):
            state = state_of(self.lab)
            if not self.states or self.states[-1][1] != state:
                self.states.append((time.monotonic(), state))

    @property
    def synchronised(self):
        return [answer for answer in self.answers if answer.reply.synchronised]

    def wrong(self, *offsets):
        """The synchronised answers that agree with none of these offsets."""
        return [answer for answer in self.synchronised
                if not any(answer.agrees(offset) for offset in offsets)]

    def left(self, state, since):
        """Seconds from `since` until polluxd was in another state or called itself unsynchronised, or None."""
        moments = [at - since for at, name in self.states if at > since and name != state]
        moments += [answer.asked - since for answer in self.answers
                    if answer.asked > since and not answer.reply.synchronised]
        return min(moments, default=None)


def check_served(lab, watch, *offsets):
    """All answers were right within the error that they admit, and there were enough of them."""
    wrong = watch.wrong(*offsets)
    detail = ""
    if wrong:
        detail = (f"{len(wrong)} of {len(watch.synchronised)}, the first by {wrong[0].error(offsets[0])} s, "
                  f"with dispersion {wrong[0].reply.root_dispersion} s")
    lab.check("no synchronised answer is off by more than it admits", not wrong, detail)
    lab.check("enough answers", len(watch.answers) > 50 and watch.lost <= len(watch.answers) // 50,
              f"{len(watch.answers)}, {watch.lost} lost")
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())


def check_era(lab):
    """Watches a running polluxd beyond the end of the era, which the kernel's clock is about to reach."""
    with Watch(lab) as watch:
        until(lambda: time.time() > ERA_END + 3, 20)
    check_served(lab, watch, 0)
    sides = {answer.reply.transmit >= 2**32 for answer in watch.synchronised}
    lab.check("served on both sides", sides == {False, True}, str(sides))
    lab.check("always synchronised", len(watch.synchronised) == len(watch.answers))


def state_of(lab):
    return ((lab.observe() or {}).get("clock") or {}).get("state")
