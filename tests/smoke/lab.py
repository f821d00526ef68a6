"""The world of one smoke case: raw frames on the near end of the cable. No case has the right to set a clock."""

import time

import packets
from cases import alone
from daemon_lab import (CLIENT4, CLIENT6, CLIENT_MAC, DRIVERS, SERVER4, SERVER6, SERVER_MAC, SPARE4, SPARE6,
                        DaemonLab, until)


class Wire(packets.Wire):
    """The client's end of the cable."""

    def __init__(self):
        super().__init__("c0", SERVER_MAC)

    def exchange(self, frame, seconds=2.0, port=61000):
        """Sends one frame and then a good request. Frames keep their order, so what comes before the
        good request's answer is all that the frame brought. Returns it, or None without an answer.
        """
        good = request(packets.ntp(), source_port=port)
        self.send(frame)
        self.send(good)
        answers = []
        while data := self.receive(seconds):
            answer = packets.Reply(data)
            if answer.message and answer.target_port == port:
                return answers
            answers.append(answer)
        return None

    def ask(self, message=None, seconds=3.0, target=SERVER4, source_port=40000):
        """A plain request; the reply's Message or None."""
        message = message or packets.ntp()
        self.send(request(message, target, source_port))
        end = time.monotonic() + seconds
        while data := self.receive(end - time.monotonic()):
            answer = packets.Reply(data).message
            if answer and answer.origin == int.from_bytes(message[40:48], "big"):
                return answer
        return None


def request(message, target=SERVER4, source_port=40000):
    """The frame that brings a message from the client."""
    source = CLIENT6 if ":" in target else CLIENT4
    return packets.frame(packets.packet(message, source, target, source_port), CLIENT_MAC, SERVER_MAC)


class Lab(DaemonLab):
    def serve(self, **settings):
        """Network without client addresses, polluxd in it, and a raw wire to it."""
        self.connect(client_addresses=False)
        self.configure(**settings)
        self.start()
        wire = Wire()
        self.require("answers", until(lambda: wire.ask(seconds=0.3), 5))
        return wire
