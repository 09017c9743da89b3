"""Clients as people write them, and as nobody should: sockets of every kind, proxies, names in use, long silences, slow
lines, readers that do not read, connections that leave in the middle. Whatever one of them does, the gateway lives and
the others are answered."""

import contextlib
import pathlib
import socket
import struct
import threading
import time
import unittest
import urllib.error
import urllib.request

import msgpack
import zmq

import mesh
from mesh import Edge, Mesh, Service, eventually, free_ports, is_alive

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)
MESSAGE_BYTES_MAX = 64 << 20  # of the client edge
UNREAD_BYTES = 64 << 20  # more than a gateway keeps for one client before it is slow, and the sockets between them


def frame(body, more=False):
    long = len(body) > 255
    size = struct.pack(">Q" if long else ">B", len(body))
    return bytes([more | long << 1]) + size + body


def ready(kind):
    body = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind
    return b"\x04" + bytes([len(body)]) + body


def submit(name, text, **parameters):
    return msgpack.packb({"type": "SUBMIT", "id": name, "prompt": text, **parameters})


class Line:
    """A connection that speaks ZMTP by hand."""

    def __init__(self, address, kind=b"DEALER", shake_hands=True):
        host, port = address.removeprefix("tcp://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=mesh.PATIENCE_S)
        self._unread = b""
        if shake_hands:
            self.socket.sendall(GREETING + ready(kind))
            self._take(64)
            assert self.receive().startswith(b"\x05READY")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def reset(self):
        """Leaves without a farewell."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _take(self, count):
        while len(self._unread) < count:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError("the connection ended")
            self._unread += more
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def receive(self):
        """The next frame or command."""
        flags = self._take(1)[0]
        size = struct.unpack(">Q", self._take(8))[0] if flags & 2 else self._take(1)[0]
        return self._take(size)

    def is_over(self):
        """Whether the other side ends it; what comes before is not looked at."""
        with contextlib.suppress(ConnectionError):
            while self.socket.recv(1 << 16):
                pass
        return True


@contextlib.contextmanager
def sockets(*kinds):
    context = zmq.Context()
    try:
        made = [context.socket(kind) for kind in kinds]
        for one in made:
            one.linger = 0
        yield made if len(made) > 1 else made[0]
    finally:
        context.destroy(linger=0)


def receive(one):
    """The next message, its last frame unpacked."""
    if not one.poll(int(mesh.PATIENCE_S * 1000)):
        raise AssertionError("no answer")
    *envelope, body = one.recv_multipart()
    return envelope, msgpack.unpackb(body)


class ClientsTest(unittest.TestCase):
    """With a mesh of one gateway, which has to be the same process after every test."""

    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(gateways=1, routers=1)
        cls.addClassCleanup(cls.mesh.close)
        cls.address = cls.mesh.address
        cls.gateway = cls.mesh.pids("gateway")[0]

    def setUp(self):
        self.addCleanup(self.check_others)

    def check_others(self):
        self.assertTrue(is_alive(self.gateway), "the gateway died")
        with Edge(self.address) as edge:
            self.assertEqual(edge.ask("others")[1], "others")

    def resident_bytes(self):
        lines = pathlib.Path(f"/proc/{self.gateway}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS"))


class Shapes(ClientsTest):
    def test_a_req_socket_that_correlates_is_answered(self):
        with sockets(zmq.REQ) as req:
            req.req_correlate = req.req_relaxed = 1
            req.connect(self.address)
            for name in ("1", "2"):
                req.send(submit(name, "hello"))
                self.assertEqual(receive(req)[1]["content"], "hello")

    def test_a_request_that_is_given_up_does_not_answer_the_next_one(self):
        with sockets(zmq.REQ) as req:
            req.req_correlate = req.req_relaxed = 1
            req.connect(self.address)
            req.send(submit("1", "first"))
            req.send(submit("2", "second"))
            self.assertEqual(receive(req)[1]["content"], "second")

    def test_req_and_dealer_sockets_behind_a_proxy_each_get_their_own(self):
        with sockets(zmq.ROUTER, zmq.DEALER) as (front, back):
            front.bind("tcp://127.0.0.1:*")
            back.connect(self.address)

            def carry():
                with contextlib.suppress(zmq.ZMQError):  # the context ends with the test
                    zmq.proxy(front, back)
            threading.Thread(target=carry, daemon=True).start()
            with sockets(zmq.REQ, zmq.DEALER, zmq.DEALER) as clients:
                for one in clients:
                    one.connect(front.last_endpoint.decode())
                for number, one in enumerate(clients):
                    one.send(submit("same", f"question {number}", stream=False))
                for number, one in enumerate(clients):
                    message = {}
                    while message.get("type") != "DONE":
                        message = receive(one)[1]
                    self.assertEqual(message["content"], f"question {number}")

    def test_a_body_with_something_behind_it_gets_an_error(self):
        with sockets(zmq.DEALER) as dealer:
            dealer.connect(self.address)
            dealer.send_multipart([b"", b"", submit("1", "hello")])
            envelope, error = receive(dealer)
            self.assertEqual((envelope, error["type"], error["code"]), ([b""], "ERROR", "malformed"))
            dealer.send_multipart([submit("1", "hello"), b"extra"])
            self.assertEqual(receive(dealer)[1]["type"], "ERROR")

    def test_a_second_socket_with_a_name_in_use_is_heard(self):
        with sockets(zmq.DEALER, zmq.DEALER) as pair:
            for number, one in enumerate(pair):
                one.identity = b"name"
                one.connect(self.address)
                one.send(submit("1", f"question {number}", stream=False))
            for number, one in enumerate(pair):
                message = {}
                while message.get("type") != "DONE":
                    message = receive(one)[1]
                self.assertEqual(message["content"], f"question {number}")

    def test_http_is_told_what_port_this_is(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(self.address.replace("tcp", "http"), timeout=mesh.PATIENCE_S)
        self.assertEqual(caught.exception.code, 400)
        self.assertIn("ZeroMQ", caught.exception.read().decode())

    def test_a_client_with_keys_is_turned_away_and_the_log_says_why(self):
        with sockets(zmq.DEALER) as dealer:
            public, secret = zmq.curve_keypair()
            dealer.curve_publickey, dealer.curve_secretkey, dealer.curve_serverkey = public, secret, public
            dealer.connect(self.address)
            eventually(lambda: "as sockets with keys (CURVE) do" in "".join(self.mesh.logs().values()), "logged")

    def test_a_socket_of_the_wrong_kind_is_turned_away_and_the_log_says_why(self):
        with sockets(zmq.SUB) as sub:
            sub.connect(self.address)
            eventually(lambda: "takes DEALER and REQ sockets, not SUB" in "".join(self.mesh.logs().values()), "logged")


class Patience(unittest.TestCase):
    """On an address that other hosts can reach, as containers have it."""

    @classmethod
    def setUpClass(cls):
        up = Mesh(gateways=1, routers=1)
        cls.addClassCleanup(up.close)
        port = free_ports(1, 1).client
        gateway = Service("gateway", up.routers, client_bind=f"tcp://0.0.0.0:{port}", insecure="true")
        cls.addClassCleanup(gateway.end)
        cls.address = mesh.loopback(port)

    def test_a_client_may_be_silent(self):
        with Edge(self.address) as edge:
            self.assertEqual(edge.ask("before")[1], "before")
            time.sleep(1.5)  # the silence is what is tested
            name = edge.submit("after")
            self.assertEqual(edge.receive_end(name)["type"], "DONE")
            self.assertEqual(edge.text(name), "after")

    def test_a_prompt_over_a_slow_line_is_answered(self):
        with Line(self.address) as line:
            text = "x" * (256 << 10)
            sent = frame(submit("1", text, stream=False))
            step = len(sent) // 16
            for at in range(0, len(sent), step):
                line.socket.sendall(sent[at:at + step])
                time.sleep(0.05)  # a line of some 300 kB/s
            message = {}
            while message.get("type") not in ("DONE", "ERROR"):
                message = msgpack.unpackb(line.receive())
            self.assertNotIn(message.get("code"), ("timeout", "peer_lost"), message)


class Leaving(ClientsTest):
    def test_thirteen_hundred_published_requests_whose_sender_is_gone(self):
        publish = mesh.loopback(self.mesh.ports.client + 1)
        for _ in range(3):
            with sockets(zmq.PUSH) as push:
                push.linger = 10_000
                push.connect(publish)
                for number in range(1300):
                    push.send(submit(str(number), "y" * 200, client="gone"))
                push.close()

    def test_every_published_request_is_answered_however_many_there_are(self):
        port = self.mesh.ports.client
        with sockets(zmq.PUSH, zmq.SUB) as (push, sub):
            push.sndhwm = sub.rcvhwm = 0
            sub.subscribe(b"many")
            sub.connect(mesh.loopback(port + 2))
            push.connect(mesh.loopback(port + 1))

            def probed():
                push.send(submit("probe", "p", client="many"))
                return sub.poll(200)
            eventually(probed, "a probe is answered")
            for number in range(2600):
                push.send(submit(str(number), "z" * 50, client="many"))
            answered = set()
            while len(answered) < 2600:
                self.assertTrue(sub.poll(int(mesh.PATIENCE_S * 1000)), f"{len(answered)} of 2600 were answered")
                message = msgpack.unpackb(sub.recv_multipart()[1])
                if message["id"] != "probe":
                    answered.add(message["id"])

    def test_connections_that_reset_in_the_middle(self):
        for number in range(600):
            line = Line(self.address, shake_hands=False)
            cut = number % 200
            sent = GREETING + ready(b"DEALER") + frame(msgpack.packb({"type": "ACK", "id": "1"})) * 3
            line.socket.sendall(sent[:cut] if number % 3 else sent)
            line.reset()

    def test_handshakes_that_never_end(self):
        with contextlib.ExitStack() as stack:
            for _ in range(700):
                stack.enter_context(Line(self.address, shake_hands=False)).socket.sendall(GREETING[:11])
            self.check_others()

    def test_cancels_of_what_is_not_there(self):
        with Edge(self.address) as edge:
            for number in range(5000):
                edge.send(type="CANCEL", id=str(number))
            edge.receive_until(lambda: len(edge.messages) == 5000)
            self.assertEqual({message["code"] for message in edge.messages}, {"unknown_id"})


class Bounds(ClientsTest):
    def test_a_message_without_end_is_cut_and_costs_no_more_than_its_bound(self):
        before = self.resident_bytes()
        part = frame(b"x" * (1 << 20), more=True)
        with Line(self.address) as line:
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    line.socket.sendall(part)
            self.assertTrue(line.is_over())
        self.assertLess(self.resident_bytes() - before, 2 * MESSAGE_BYTES_MAX)

    def test_a_frame_over_the_bound_is_cut_before_it_comes(self):
        with Line(self.address) as line:
            line.socket.sendall(b"\x02" + struct.pack(">Q", MESSAGE_BYTES_MAX + 1))
            self.assertTrue(line.is_over())
        eventually(lambda: f"more than {MESSAGE_BYTES_MAX} bytes" in "".join(self.mesh.logs().values()), "logged")

    def test_one_connection_with_large_requests_leaves_others_their_turn(self):
        large = submit("large", "x" * (8 << 20), stream=False)
        with Edge(self.address) as greedy, Edge(self.address) as other:
            for _ in range(8):
                greedy.socket.send(large)
            for number in range(20):
                self.assertEqual(other.ask(f"small {number}")[1], f"small {number}")


    def test_readers_that_hardly_grant_anything_hold_no_place_that_others_could_use(self):
        with Edge(self.address) as idle, Edge(self.address) as other:
            held = [idle.submit("x" * 200, window=1) for _ in range(70)]
            idle.receive_until(lambda: all(idle.of(name, "DELTA") for name in held))
            for number in range(20):
                self.assertEqual(other.ask(f"passes {number}")[1], f"passes {number}")
            self.assertFalse([name for name in held if idle.of(name, "DONE", "ERROR")])


class SlowReaders(unittest.TestCase):
    """A client that does not read: what waits for it is bounded, its streams wait, and in the end hear why."""

    def setUp(self):
        self.ids = []

    def start(self, **settings):
        config = "\n".join(["[gateway]"] + [f"{key} = {value}" for key, value in settings.items()])
        path = pathlib.Path(self.enterContext(mesh.tempfile.TemporaryDirectory())) / "shoal.toml"
        path.write_text(config + "\n", encoding="ascii")
        return self.enterContext(Mesh(gateways=1, routers=1, config=path))

    def fill(self, line):
        """Begins a stream of 500 ids that waits for CREDIT after 400, then asks for more than the connection takes and
        the gateway keeps."""
        line.socket.sendall(frame(submit("1", "x" * 500, window=400, max_tokens=500)))
        while len(self.ids) < 400:
            self.keep(line.receive())
        ask = frame(msgpack.packb({"type": "HELP", "id": "h"}))
        line.socket.sendall(ask)
        size = 0
        while not size:
            answer = line.receive()
            size = len(answer) if msgpack.unpackb(answer)["type"] == "HELP" else self.keep(answer)
        line.socket.sendall(ask * (UNREAD_BYTES // size))

    def keep(self, answer):
        self.ids += msgpack.unpackb(answer).get("ids", [])
        return 0

    def read_stream(self, line):
        """(ids, end) of stream 1, whose ids before this are kept."""
        ids = self.ids
        while True:
            message = msgpack.unpackb(line.receive())
            if message["id"] != "1":
                continue
            if message["type"] == "DELTA":
                ids += message["ids"]
                self.assertEqual(message["position"], len(ids))
            if message["type"] in ("DONE", "ERROR"):
                return ids, message

    def test_a_stream_goes_on_when_its_client_reads_again(self):
        up = self.start()
        with Line(up.address) as line:
            self.fill(line)
            line.socket.sendall(frame(msgpack.packb({"type": "CREDIT", "id": "1", "position": 400})))
            ids, end = self.read_stream(line)
            self.assertEqual((end["type"], len(ids)), ("DONE", 500), end)

    def test_a_client_that_takes_nothing_hears_that_its_stream_ended(self):
        up = self.start(client_stalled_ms=300)
        with Line(up.address) as line:
            self.fill(line)
            eventually(lambda: "event=stalled" in "".join(up.logs().values()), "the stall is logged")
            ids, end = self.read_stream(line)
            self.assertEqual((end["type"], end["code"], len(ids)), ("ERROR", "client_stalled", 400), end)
        with Edge(up.address) as edge:
            self.assertEqual(edge.ask("others")[1], "others")


if __name__ == "__main__":
    unittest.main()
