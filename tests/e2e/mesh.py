"""Real meshes for tests: `shoal up` or single processes on free loopback ports, and a client that sees every message.

Nothing here sleeps to give something time: `eventually` asks until a condition holds, and fails at its deadline.
"""

import collections
import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

import msgpack
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOAL = os.environ.get("SHOAL_BINARY", str(ROOT / "build" / "cli" / "shoal"))
KINDS = ("gateway", "preprocess", "router", "inference", "postprocess")
PATIENCE_S = 60.0  # for what takes milliseconds on an idle machine

Ports = collections.namedtuple("Ports", "client router")


def eventually(condition, what, patience_s=PATIENCE_S, until=bool):
    """The first value of condition(), asked again and again, that is as `until` wants it: true by default."""
    deadline = time.monotonic() + patience_s
    while True:
        value = condition()
        if until(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {patience_s:g} s: {what}")
        time.sleep(0.02)


def is_free(port):
    with contextlib.closing(socket.socket()) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_ports(gateways=2, routers=2):
    """Ports below the range from which the kernel takes its own, so that only other meshes can be in the way."""
    while True:
        base = random.randrange(12000, 30000, 50)
        ports = Ports(client=base, router=base + 40)
        wanted = [ports.client + 10 * i + own for i in range(gateways) for own in range(3)]
        wanted += [ports.router + i for i in range(routers)]
        if all(map(is_free, wanted)):
            return ports


def loopback(port):
    return f"tcp://127.0.0.1:{port}"


def is_alive(pid):
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Process:
    """A child process whose standard output is kept line by line."""

    def __init__(self, *arguments, **options):
        self.child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.pid = self.child.pid
        self.lines = []
        self.errors = []
        self._readers = [threading.Thread(target=self._read, args=args, daemon=True)
                         for args in ((self.child.stdout, self.lines), (self.child.stderr, self.errors))]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def wait_for_line(self, start):
        """The first line of standard output that begins so."""
        def look():
            for line in list(self.lines):
                if line.startswith(start):
                    return line
            if self.child.poll() is not None:
                raise AssertionError(f"ended with {self.child.returncode} before it said '{start}':\n"
                                     + "\n".join(self.lines + self.errors))
            return None
        return eventually(look, f"no line '{start}'; so far {self.lines + self.errors}")

    def end(self, number=signal.SIGTERM):
        """Sends the signal and returns the exit code. Also after it has ended by itself."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        try:
            self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()
        for reader in self._readers:
            reader.join(PATIENCE_S)
        self.child.stdout.close()
        self.child.stderr.close()
        return self.child.returncode


class Service(Process):
    """One process of a mesh, started by hand, that has joined it; with joined=False it just listens."""

    def __init__(self, kind, routers, joined=True, **settings):
        self.kind = kind
        settings["routers"] = routers
        super().__init__(SHOAL, kind, *(f"--{key}={value}" for key, value in settings.items()))
        line = self.wait_for_line("ready " if joined else "listening ")
        self.ready = dict(word.split("=", 1) for word in line.split()[1:])
        self.epoch = self.ready["epoch"]


class Mesh(Process):
    """`shoal up`, ready for requests."""

    def __init__(self, model="bytes", say="text", env=None, cwd=None, **options):
        self._logs = tempfile.TemporaryDirectory(prefix="shoal-e2e-")
        self.ports = free_ports(options.get("gateways", 2), options.get("routers", 2))
        words = {"model": model, "client-port": self.ports.client, "router-port": self.ports.router,
                 "run-dir": self._logs.name, **options}
        super().__init__(SHOAL, "up", *(f"--{key}={value}" for key, value in words.items() if value is not None),
                         env=env, cwd=cwd)
        try:
            self.wait_for_line("The mesh is up" if say == "text" else '{"clients":')
        except AssertionError:
            self.end()
            raise
        self.addresses = [loopback(self.ports.client + 10 * i) for i in range(options.get("gateways", 2))]
        self.address = self.addresses[0]
        self.routers = ",".join(loopback(self.ports.router + i) for i in range(options.get("routers", 2)))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.end()
        self._logs.cleanup()

    def logs(self):
        return {path.name: path.read_text() for path in sorted(pathlib.Path(self._logs.name).glob("*.log"))}

    def children(self):
        """pid -> command line of every child of the supervisor."""
        found = {}
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if stat.read_text().rpartition(")")[2].split()[1] == str(self.pid):
                    words = (stat.parent / "cmdline").read_bytes().decode().split("\0")
                    found[int(stat.parent.name)] = words
        return found

    def pids(self, kind):
        return sorted(pid for pid, words in self.children().items() if words[1:2] == [kind])


class Edge:
    """A DEALER client that keeps every message; for tests that look at the messages themselves."""

    def __init__(self, address, kind=zmq.DEALER):
        self._context = zmq.Context()
        self.socket = self._context.socket(kind)
        self.socket.linger = 0
        self.socket.connect(address)
        self.messages = []
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._context.destroy(linger=0)

    def send(self, **message):
        self.socket.send(msgpack.packb(message))

    def submit(self, text, **parameters):
        """Sends a SUBMIT and returns its id."""
        self._count += 1
        name = str(self._count)
        self.send(type="SUBMIT", id=name, messages=[{"role": "user", "content": text}], **parameters)
        return name

    def receive(self, patience_s=PATIENCE_S):
        """The next message; fails at the deadline."""
        if not self.socket.poll(int(patience_s * 1000)):
            raise AssertionError(f"no message within {patience_s:g} s; so far {self.messages}")
        message = msgpack.unpackb(self.socket.recv())
        self.messages.append(message)
        return message

    def of(self, name, *types):
        """What came so far for one id, of the given types or of all."""
        return [message for message in self.messages
                if message["id"] == name and (not types or message["type"] in types)]

    def receive_until(self, condition):
        """Receives until condition() is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.receive(max(0.0, deadline - time.monotonic()))

    def receive_end(self, name):
        """The DONE or ERROR of one id."""
        self.receive_until(lambda: self.of(name, "DONE", "ERROR"))
        return self.of(name, "DONE", "ERROR")[0]

    def text(self, name):
        return "".join(message["content"] for message in self.of(name, "DELTA"))

    def ids(self, name):
        return [number for message in self.of(name, "DELTA") for number in message["ids"]]

    def ask(self, text, **parameters):
        """Sends and returns (end, streamed text)."""
        name = self.submit(text, **parameters)
        return self.receive_end(name), self.text(name)

    def status(self):
        self.send(type="STATUS", id="status")
        before = len(self.of("status"))
        self.receive_until(lambda: len(self.of("status")) > before)
        answer = self.of("status")[-1]
        if answer["type"] != "STATUS":
            raise AssertionError(f"no status but {answer}")
        return answer["processes"]


def status(address):
    """The mesh's processes as one gateway sees them; none while it cannot be asked."""
    with Edge(address) as edge:
        edge.send(type="STATUS", id="status")
        if not edge.socket.poll(2000):
            return []
        return edge.receive().get("processes", [])


def run_shoal(*arguments, **options):
    """Runs the binary to its end: a CompletedProcess with text."""
    return subprocess.run([SHOAL, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False,
                          **options)
