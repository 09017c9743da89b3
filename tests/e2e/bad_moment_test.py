"""Good requests at a bad moment or in the wrong place: a queue that is full, a kind of which nobody is alive, the inbox
of the mesh instead of a gateway, and a frame that no socket takes. What follows on the same connection is answered."""

import signal
import unittest

import msgpack
import zmq
from mesh import Edge, Mesh, Service, eventually, free_ports, is_alive, loopback
from zmq.utils.monitor import recv_monitor_message

KINDS = ("router", "preprocess", "inference", "postprocess")
EDGE_MESSAGE_BYTES_MAX = 64 << 20


class ByHand:
    """One process of each kind, without a supervisor that would start again what dies."""

    def __init__(self, **settings):
        ports = free_ports(1, 1)
        self.routers = loopback(ports.router)
        self.address = loopback(ports.client)
        self.settings = {kind: {"model": "bytes"} for kind in KINDS}
        self.settings["router"] = {"bind": self.routers}
        for kind, more in settings.items():
            self.settings[kind].update(more)
        self.services = {}
        try:
            self.services["gateway"] = Service("gateway", self.routers, joined=False, client_bind=self.address)
            for kind in KINDS:
                self.start(kind)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        for service in self.services.values():
            service.end(signal.SIGKILL)

    def start(self, kind):
        self.services[kind] = Service(kind, self.routers, **self.settings[kind])

    def kill(self, kind):
        self.services[kind].end(signal.SIGKILL)

    def inbox(self, kind):
        return self.services[kind].ready["address"]


class NobodyAlive(unittest.TestCase):
    def test_a_kind_that_died_out_is_named_at_once_until_there_is_one_again(self):
        with ByHand() as mesh, Edge(mesh.address) as edge:
            eventually(lambda: edge.ask("hello")[1] == "hello", "all kinds are known to the gateway")
            for kind in KINDS:
                with self.subTest(kind=kind):
                    mesh.kill(kind)
                    end = eventually(lambda: edge.ask("hello")[0], f"the last {kind} is missed",
                                     until=lambda end, kind=kind: end.get("code") == f"no_{kind}")
                    self.assertIn(f"no {kind} process is alive; start one", end["message"])
                    self.assertGreater(end["retry_after_ms"], 0)
                    # At once: from now on it is refused instead of accepted, not accepted and then given up.
                    end = edge.ask("hello")[0]
                    self.assertEqual([m["type"] for m in edge.of(end["id"])], ["ERROR"])
                    mesh.start(kind)
                    eventually(lambda: edge.ask("hello")[1] == "hello", f"the new {kind} is known to the gateway")


class WrongPort(unittest.TestCase):
    """A client that talks to an inbox of the mesh is told where clients go, whichever kind's inbox it is."""

    @classmethod
    def setUpClass(cls):
        cls.mesh = ByHand()
        with Edge(cls.mesh.address) as edge:
            eventually(lambda: edge.ask("hello")[1] == "hello", "all kinds are known to the gateway")

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def test_the_error_names_the_inbox_and_the_gateways_address(self):
        for kind in ("router", "inference", "preprocess", "postprocess", "gateway"):
            with self.subTest(kind=kind), Edge(self.mesh.inbox(kind)) as edge:
                for _ in range(2):  # again, because it is told each time
                    error, _ = edge.ask("hello")
                    self.assertEqual((error["type"], error["code"]), ("ERROR", "wrong_port"), error)
                    self.assertIn(f"inbox of a {kind}", error["message"])
                    self.assertIn(f"clients go to {self.mesh.address}", error["message"])

    def test_a_request_reply_client_is_told_too_and_so_is_one_that_sends_no_map(self):
        with Edge(self.mesh.inbox("router"), zmq.REQ) as edge:
            edge.submit("hello")
            self.assertEqual(edge.receive()["code"], "wrong_port")
        with Edge(self.mesh.inbox("router")) as edge:
            edge.socket.send(b'{"type": "STATUS"}')
            self.assertEqual(edge.receive()["code"], "wrong_port")

    def test_who_goes_where_the_error_says_is_answered(self):
        with Edge(self.mesh.inbox("router")) as edge:
            there = edge.ask("hello")[0]["message"].rpartition(" ")[2]
        with Edge(there) as edge:
            self.assertEqual(edge.ask("hello")[1], "hello")

    def test_the_process_goes_on_whatever_a_stranger_sends(self):
        with Edge(self.mesh.inbox("router")) as stranger, Edge(self.mesh.address) as edge:
            for frame in (b"", b"\xc1", b"\x9b" + bytes(11), b"x" * 100_000, msgpack.packb([1] * 12)):
                stranger.socket.send(frame)
                stranger.socket.send_multipart([frame] * 3)
            stranger.submit("hello")
            answer = None
            while not isinstance(answer, dict) or answer["id"] != "1":  # the others' answers are before it
                self.assertTrue(stranger.socket.poll(60_000))
                answer = msgpack.unpackb(stranger.socket.recv_multipart()[-1])
            self.assertEqual(answer["code"], "wrong_port")
            self.assertEqual(edge.ask("hello")[1], "hello")
            self.assertTrue(is_alive(self.mesh.services["router"].pid))


class Oversize(unittest.TestCase):
    """A frame over the socket's bound costs its sender the connection, which its socket makes anew by itself."""

    def test_the_sender_is_answered_on_its_next_connection_and_nobody_else_notices(self):
        with Mesh(gateways=1, routers=1) as mesh, Edge(mesh.address) as edge, Edge(mesh.address) as other:
            self.assertEqual(edge.ask("before")[1], "before")
            held = other.submit("a stream that is held at its window", window=4)
            other.receive_until(lambda: len(other.ids(held)) >= 4)
            gateway = mesh.pids("gateway")
            monitor = edge.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
            edge.socket.send(bytes(EDGE_MESSAGE_BYTES_MAX + 1))
            for event in (zmq.EVENT_DISCONNECTED, zmq.EVENT_HANDSHAKE_SUCCEEDED):
                self.assertTrue(monitor.poll(60_000))
                self.assertEqual(recv_monitor_message(monitor)["event"], event)
            edge.socket.disable_monitor()
            self.assertEqual(edge.ask("after")[1], "after")
            other.send(type="CREDIT", id=held, position=len(other.ids(held)))
            other.receive_until(lambda: len(other.ids(held)) > 4)
            self.assertEqual(mesh.pids("gateway"), gateway)

    def test_the_largest_frame_that_the_socket_takes_is_told_what_is_wrong_with_it(self):
        with Mesh(gateways=1, routers=1) as mesh, Edge(mesh.address) as edge:
            frame = msgpack.packb({"type": "SUBMIT", "id": "b", "prompt": "x" * (EDGE_MESSAGE_BYTES_MAX - 100)})
            edge.socket.send(frame)
            error = edge.receive()
            self.assertEqual((error["type"], error["id"], error["code"]), ("ERROR", "b", "too_large"))
            self.assertIn("at most 8388608", error["message"])
            self.assertEqual(edge.ask("after")[1], "after")


class FullQueue(unittest.TestCase):
    """One executor whose slots are all held, and a queue that fills up: the next request is refused, not kept."""

    def test_what_no_longer_fits_is_refused_with_a_time_to_come_back(self):
        with Mesh(gateways=1, routers=1, inferences=1) as mesh, Edge(mesh.address) as edge:
            sent, answered, refusals = 0, 0, []
            while not refusals:
                self.assertLess(sent, 8192, "nothing was refused")
                for _ in range(128):
                    edge.submit("held", window=1)
                sent += 128
                while answered < sent:
                    message = edge.receive()
                    edge.messages.clear()
                    answered += message["type"] == "ACCEPTED"
                    if message["type"] == "ERROR":
                        refusals.append(message)
                        break
            refusal = refusals[0]
            self.assertEqual(refusal["code"], "busy", refusal)
            self.assertGreater(refusal["retry_after_ms"], 0)
            self.assertIn("try again", refusal["message"])
            for name in range(1, sent + 1):
                edge.send(type="CANCEL", id=str(name))
            name = edge.submit("room again")
            text = ""
            while True:
                message = edge.receive()
                edge.messages.clear()
                if message["id"] != name:
                    continue
                text += message.get("content", "")
                self.assertNotEqual(message["type"], "ERROR", message)
                if message["type"] == "DONE":
                    break
            self.assertEqual(text, "room again")


if __name__ == "__main__":
    unittest.main()
