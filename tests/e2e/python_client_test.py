"""clients/python/shoal.py against a real mesh: services, questions, publishing, gateways that go away."""

import os
import re
import signal
import sys
import threading
import unittest

from mesh import ROOT, Edge, Mesh, eventually, loopback

sys.path.insert(0, str(ROOT / "clients" / "python"))
import shoal  # noqa: E402


class Serving:
    """Serves a kind in a thread, until the test is over."""

    def __init__(self, test, kind, handler, addresses):
        self.going = True
        self.thread = threading.Thread(target=shoal.serve, args=(kind, handler, addresses, lambda: self.going))
        self.thread.start()
        test.addCleanup(self.stop)
        for address in addresses:
            with Edge(address) as edge:
                eventually(lambda edge=edge: any(kind in process["labels"].get("serves", "").split(",")
                                                 for process in edge.status() if process["client"] == address), kind)

    def stop(self):
        self.going = False
        self.thread.join()


class PythonClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def client(self, *addresses, **options):
        client = shoal.Client(addresses or self.mesh.addresses, **options)
        self.addCleanup(client.close)
        return client

    def test_an_address_needs_no_transport(self):
        port = self.mesh.address.rpartition(":")[2]
        self.assertEqual(self.client(f"localhost:{port}").complete("hello").content, "hello")

    def error_of(self, ask):
        with self.assertRaises(shoal.ShoalError) as raised:
            ask()
        return raised.exception

    def test_a_handlers_bytes_and_text_are_the_answer(self):
        Serving(self, "echo", lambda method, payload: payload if method == "bytes" else payload.decode().upper(),
                self.mesh.addresses)
        client = self.client()
        for _ in range(4):  # both gateways
            self.assertEqual(client.call("echo", "bytes", b"\xff\0"), b"\xff\0")
            self.assertEqual(client.call("echo", "text", "abc"), b"ABC")

    def test_what_a_handler_raises_reaches_the_caller_and_the_next_call_is_served(self):
        def handler(method, payload):
            if method == "own":
                raise shoal.ShoalError("busy", "not now")
            return str(1 // len(payload))

        Serving(self, "brittle", handler, self.mesh.addresses)
        client = self.client()
        error = self.error_of(lambda: client.call("brittle", "own"))
        self.assertEqual((error.code, error.message), ("busy", "not now"))
        self.assertIn("ZeroDivisionError", self.error_of(lambda: client.call("brittle")).message)
        self.assertEqual(client.call("brittle", payload="x"), b"1")

    def test_a_call_that_nobody_answers_in_time_is_a_timeout_and_a_stream_goes_on_meanwhile(self):
        release = threading.Event()
        self.addCleanup(release.set)
        Serving(self, "slow", lambda method, payload: release.wait() and b"", self.mesh.addresses)
        self.addCleanup(release.set)
        client = self.client()
        stream = client.submit("streamed meanwhile")
        self.assertEqual(self.error_of(lambda: client.call("slow", timeout=0.3)).code, "timeout")
        self.assertEqual(stream.wait().content, "streamed meanwhile")

    def test_a_client_that_served_and_ended_is_not_called_any_more(self):
        serving = Serving(self, "brief", lambda method, payload: b"here", self.mesh.addresses)
        client = self.client()
        self.assertEqual(client.call("brief"), b"here")
        serving.stop()
        eventually(lambda: self.error_of(lambda: client.call("brief")).code == "no_service", "nobody is there")

    def test_a_kind_of_the_mesh_cannot_be_served(self):
        self.assertEqual(self.error_of(lambda: shoal.serve("router", bytes, self.mesh.address)).code, "invalid_request")

    def test_help_shows_every_request_with_its_fields(self):
        requests = {request["type"]: request for request in self.client().help()}
        self.assertLessEqual({"SUBMIT", "CANCEL", "STATUS", "CALL", "SERVE", "HELP"}, set(requests))
        self.assertIn("temperature", {field["name"] for field in requests["SUBMIT"]["fields"]})

    def test_published_requests_are_answered_under_their_ids(self):
        client = int(re.search(r":(\d+)$", self.mesh.address)[1])
        with shoal.Publisher(loopback(client + 1), loopback(client + 2)) as publisher:
            asked = {publisher.publish(f"published {i}"): f"published {i}" for i in range(20)}
            wrong = publisher.publish("x", temperature=9)
            got = {}
            for name, answer in publisher.answers():
                got[name] = answer
                if len(got) == 21:
                    break
        self.assertEqual({name: got[name].content for name in asked}, asked)
        self.assertEqual(got[wrong].code, "invalid_request")

    def test_two_publishers_get_their_own_answers_alone(self):
        port = int(re.search(r":(\d+)$", self.mesh.address)[1])
        with shoal.Publisher(loopback(port + 1), loopback(port + 2), "ann") as ann, \
                shoal.Publisher(loopback(port + 1), loopback(port + 2), "anna") as anna:
            ann.publish("of ann")
            anna.publish("of anna")
            self.assertEqual(next(ann.answers())[1].content, "of ann")
            self.assertEqual(next(anna.answers())[1].content, "of anna")


class GatewayDies(unittest.TestCase):
    def test_a_gateway_that_is_back_is_served_again(self):
        with Mesh(gateways=1, routers=1, preprocesses=1, inferences=1, postprocesses=1) as mesh:
            Serving(self, "loyal", lambda method, payload: b"here", [mesh.address])
            os.kill(mesh.pids("gateway")[0], signal.SIGKILL)

            def answers():
                with shoal.Client(mesh.address, timeout=5) as client:
                    try:
                        return client.call("loyal", timeout=2) == b"here"
                    except shoal.ShoalError:
                        return False

            eventually(answers, "the new gateway calls it too")

    def test_a_client_with_two_gateways_goes_on_with_the_one_that_is_left(self):
        with Mesh() as mesh, shoal.Client([mesh.address, loopback(1)], timeout=10) as client:
            for i in range(4):
                self.assertEqual(client.complete(f"number {i}").content, f"number {i}")


if __name__ == "__main__":
    unittest.main()
