"""Clients as they are: publishers that leave at once, clients that vanish in the middle, a slow reader, and one behind
a slow line. The last two must be served whole, whatever the others do."""

import random
import socket
import threading
import time

import msgpack
import zmq

LINE_BYTES_S = 1 << 20
PROMPT_BYTES = 256 << 10


class Neighbour(threading.Thread):
    """Does its one thing again and again until it is stopped."""

    def __init__(self, results, pause_s):
        super().__init__(daemon=True)
        self.results = results
        self._pause_s = pause_s
        self._stopped = threading.Event()

    def stop(self):
        self._stopped.set()
        self.join()

    def run(self):
        while not self._stopped.is_set():
            self.act()
            self._stopped.wait(self._pause_s)

    def act(self):
        raise NotImplementedError


class Publisher(Neighbour):
    """Pushes more requests than a gateway opens at once, and leaves without waiting for anything."""

    def __init__(self, address, results, requests=1400):
        super().__init__(results, pause_s=10)
        self._address = address
        self._requests = requests

    def act(self):
        context = zmq.Context()
        push = context.socket(zmq.PUSH)
        push.sndtimeo = 2000
        push.connect(self._address)
        try:
            for number in range(self._requests):
                push.send(msgpack.packb({"type": "SUBMIT", "client": "gone", "id": str(number), "prompt": "x" * 400}))
        except zmq.Again:
            pass
        context.destroy(linger=0)


class Leaver(Neighbour):
    """Asks for a long answer, and is gone after its first words."""

    def __init__(self, address, results):
        super().__init__(results, pause_s=0.2)
        self._address = address

    def act(self):
        context = zmq.Context()
        dealer = context.socket(zmq.DEALER)
        dealer.connect(self._address)
        dealer.send(msgpack.packb({"type": "SUBMIT", "id": "1", "prompt": "y" * 2000}))
        dealer.poll(random.randrange(1, 500))
        context.destroy(linger=0)


class Asker(Neighbour):
    """Asks one long question after the other over a connection of its own each time, and counts how they end."""

    def __init__(self, address, results, name):
        super().__init__(results, pause_s=1)
        self._address = address
        self._name = name

    def end_of(self, error):
        """How a request that got this error counts."""
        return error["code"]

    def ask(self, prompt, read):
        """Sends a prompt and has `read` take a message a time until the end."""
        context = zmq.Context()
        dealer = context.socket(zmq.DEALER)
        dealer.linger = 0
        dealer.rcvhwm = 10
        monitor = dealer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        dealer.connect(self._address)
        dealer.send(msgpack.packb({"type": "SUBMIT", "id": "1", "prompt": prompt}))
        heard = time.monotonic()
        content = ""
        while True:
            if dealer.poll(100):
                heard = time.monotonic()
                message = read(dealer)
                content += message.get("content", "")
                if message["type"] in ("DONE", "ERROR"):
                    break
            elif monitor.poll(0):
                message = {"type": "ERROR", "code": "cut", "message": "the connection ended"}
                break
            elif time.monotonic() - heard > 60:
                message = {"type": "ERROR", "code": "silent", "message": "nothing for 60 s"}
                break
        context.destroy(linger=0)
        if message["type"] == "ERROR":
            self.results.end(self.end_of(message), f"{self._name}: {message['message']}")
        else:
            self.results.end("done" if content == prompt else "wrong", f"{self._name}: {len(content)} bytes")


class SlowReader(Asker):
    """Takes a message every now and then: 900 ids, most of which wait for it."""

    def __init__(self, address, results):
        super().__init__(address, results, "slow reader")

    def act(self):
        def read(dealer):
            time.sleep(0.02)
            return msgpack.unpackb(dealer.recv())
        self.ask("z" * 900, read)


class Line(threading.Thread):
    """A proxy that lets so many bytes a second through towards the gateway, and everything back."""

    def __init__(self, target_port):
        super().__init__(daemon=True)
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def run(self):
        while True:
            client, _ = self._listener.accept()
            try:
                gateway = socket.create_connection(("127.0.0.1", self._target_port))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._carry, args=(client, gateway, LINE_BYTES_S), daemon=True).start()
            threading.Thread(target=self._carry, args=(gateway, client, None), daemon=True).start()

    @staticmethod
    def _carry(source, sink, bytes_s):
        try:
            while data := source.recv(16 << 10):
                sink.sendall(data)
                if bytes_s:
                    time.sleep(len(data) / bytes_s)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class SlowLine(Asker):
    """Sends a quarter of a megabyte over such a line: more than the model takes, and that is the right answer."""

    def __init__(self, port, results):
        line = Line(port)
        line.start()
        super().__init__(f"tcp://127.0.0.1:{line.port}", results, "slow line")

    def end_of(self, error):
        return "done" if error["code"] == "context_length" else super().end_of(error)

    def act(self):
        self.ask("w" * PROMPT_BYTES, lambda dealer: msgpack.unpackb(dealer.recv()))
