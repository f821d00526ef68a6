"""Asks polluxd all the time in a thread of its own and writes down what it answers and what it says of its
state, to be judged afterwards against a time that is known.
"""

import threading
import time

from daemon_lab import SERVER4
from ntp_client import NtpClient

PAUSE = 0.01


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
        client = NtpClient(SERVER4)
        while not self.done.wait(PAUSE):
            if answer := client.ask():
                self.answers.append(answer)
            else:
                self.lost += 1

    def _observe(self):
        while not self.done.wait(5 * PAUSE):
            state = self.lab.clock_state()
            if not self.states or self.states[-1][1] != state:
                self.states.append((time.monotonic(), state))

    @property
    def synchronised(self):
        return [answer for answer in self.answers if answer.synchronised]

    def wrong(self, *offsets):
        """The synchronised answers that agree with none of these offsets."""
        return [answer for answer in self.synchronised
                if not any(answer.agrees(offset) for offset in offsets)]

    def left(self, state, since):
        """Seconds from `since` until polluxd was in another state or called itself unsynchronised, or None."""
        moments = [at - since for at, name in self.states if at > since and name != state]
        moments += [answer.asked - since for answer in self.answers
                    if answer.asked > since and not answer.synchronised]
        return min(moments, default=None)


def check_served(lab, watch, *offsets):
    """All answers were right within the error that they admit, and there were enough of them."""
    wrong, detail = watch.wrong(*offsets), ""
    if wrong:
        detail = (f"{len(wrong)} of {len(watch.synchronised)}, the first by {wrong[0].error(offsets[0])} s, "
                  f"with dispersion {wrong[0].root_dispersion} s")
    lab.check("no synchronised answer is off by more than it admits", not wrong, detail)
    lab.check("enough answers", len(watch.answers) > 50 and watch.lost <= len(watch.answers) // 50,
              f"{len(watch.answers)}, {watch.lost} lost")
    lab.check("polluxd lives", lab.daemon.poll() is None, lab.complaint())
