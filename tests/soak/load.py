"""Streams that are always open at every gateway of a mesh, each checked id by id.

The model is `bytes`, which answers with its prompt, so what is right is known. Each stream grants its credit a little
at a time: it is open for as long as wanted, and every process holds it when something happens.
"""

import collections
import random
import string
import threading
import time

import msgpack
import zmq
from zmq.utils.monitor import recv_monitor_message

WINDOW = 16
SILENCE_S = 30.0  # a request that says nothing for so long, though its gateway lives, counts as silent


class Stream:
    """One request: what it should answer, and what came."""

    def __init__(self, name, text, grant_s):
        self.name = name
        self.text = text
        self.grant_s = grant_s
        self.content = ""
        self.position = 0
        self.granted_at = self.heard_at = time.monotonic()

    def wrong(self, delta):
        """What is wrong with a DELTA; None if it goes on exactly where the stream stood."""
        if delta["position"] != self.position + len(delta["ids"]):
            return f"position {delta['position']} after {self.position} with {len(delta['ids'])} ids"
        self.position = delta["position"]
        self.content += delta["content"]
        return None if self.text.startswith(self.content) else f"content {self.content!r} of {self.text!r}"


class Results:
    """What all clients saw. Any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self.counts = collections.Counter()  # by end: "done", an error's code, "silent", "wrong", "cut"
        self.examples = {}  # the first few of each end but "done"

    def end(self, how, example=""):
        with self._lock:
            self.counts[how] += 1
            if how != "done" and self.counts[how] <= 3:
                self.examples.setdefault(how, []).append(f"{time.strftime('%H:%M:%S')} {example}")


class Client(threading.Thread):
    """One DEALER at one gateway, with so many streams open all the time."""

    def __init__(self, address, streams, results, seed, tokens_max=400):
        super().__init__(daemon=True)
        self._address = address
        self._wanted = streams
        self._results = results
        self._random = random.Random(seed)
        self._tokens_max = tokens_max
        self._streams = {}
        self._count = 0
        self._ending = threading.Event()

    def stop(self):
        """Opens no more streams, and returns when the open ones have ended."""
        self._ending.set()
        self.join()

    def run(self):
        context = zmq.Context()
        self._socket = context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        self._up = False
        self._socket.connect(self._address)
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        while not self._ending.is_set() or self._streams:
            ready = dict(poller.poll(10))
            if self._socket in ready:
                self._read()
            if self._monitor in ready:
                self._heed(recv_monitor_message(self._monitor)["event"])
            self._grant()
            while self._up and not self._ending.is_set() and len(self._streams) < self._wanted:
                self._open()
        context.destroy(linger=0)

    def _heed(self, event):
        self._up = event == zmq.EVENT_HANDSHAKE_SUCCEEDED
        if event == zmq.EVENT_DISCONNECTED:
            self._read()  # what came before the end
            for stream in self._streams.values():
                self._results.end("cut", f"{self._address} {stream.name} at {stream.position}")
            self._streams.clear()

    def _open(self):
        self._count += 1
        length = self._random.randint(20, self._tokens_max)
        text = "".join(self._random.choices(string.ascii_lowercase + " ", k=length))
        stream = Stream(str(self._count), text, self._random.uniform(0.02, 0.3))
        self._streams[stream.name] = stream
        self._send({"type": "SUBMIT", "id": stream.name, "prompt": text, "window": WINDOW})

    def _send(self, message):
        try:
            self._socket.send(msgpack.packb(message), zmq.NOBLOCK)
        except zmq.Again:
            pass  # the monitor tells of its end

    def _read(self):
        while True:
            try:
                message = msgpack.unpackb(self._socket.recv(zmq.NOBLOCK))
            except zmq.Again:
                return
            stream = self._streams.get(message["id"])
            if stream is not None:
                self._take(stream, message)

    def _take(self, stream, message):
        stream.heard_at = time.monotonic()
        if message["type"] == "DELTA":
            if wrong := stream.wrong(message):
                self._end(stream, "wrong", wrong)
        elif message["type"] == "DONE":
            right = stream.content == stream.text
            self._end(stream, "done" if right else "wrong", f"DONE after {stream.content!r} of {stream.text!r}")
        elif message["type"] == "ERROR":
            self._end(stream, message["code"], f"at {stream.position}: {message['message']}")

    def _grant(self):
        now = time.monotonic()
        for stream in list(self._streams.values()):
            if now - stream.granted_at >= stream.grant_s:
                stream.granted_at = now
                self._send({"type": "CREDIT", "id": stream.name, "position": stream.position})
            if now - stream.heard_at > SILENCE_S:
                self._end(stream, "silent", f"{self._address} at {stream.position} of {len(stream.text)}")

    def _end(self, stream, how, example):
        del self._streams[stream.name]
        self._results.end(how, f"{self._address} {stream.name} {example}")
