"""What clients can do beyond asking: publish, call, serve, be a stage of the pipeline, and use two gateways at once."""

import contextlib
import threading
import unittest

import msgpack
import zmq

import mesh
from mesh import Edge, Mesh, Service, eventually


class Listener:
    """Subscribes to the answers of one client and is known to be subscribed once `probe` was answered."""

    def __init__(self, publish, answers, client):
        self._context = zmq.Context()
        self.client = client
        self.push = self._context.socket(zmq.PUSH)
        self.sub = self._context.socket(zmq.SUB)
        self.push.linger = 0
        self.sub.rcvhwm = 0
        self.sub.subscribe(client.encode())
        self.sub.connect(answers)
        self.push.connect(publish)

        def probed():
            self.publish("probe", "probe")
            return self.sub.poll(200)
        eventually(probed, "a probe that was published is answered")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._context.destroy(linger=0)

    def publish(self, name, text, **parameters):
        self.push.send(msgpack.packb({"type": "SUBMIT", "id": name, "client": self.client,
                                      "prompt": text, "max_tokens": 3, **parameters}))

    def receive(self):
        """The next answer that is none to a probe."""
        while True:
            if not self.sub.poll(int(mesh.PATIENCE_S * 1000)):
                raise AssertionError("no answer")
            topic, frame = self.sub.recv_multipart()
            if topic != self.client.encode():
                continue  # another client's name that begins so
            message = msgpack.unpackb(frame)
            if message["id"] != "probe":
                return message


class Server(threading.Thread):
    """A client that serves one kind until it is closed: answer(payload) -> payload, or raises."""

    def __init__(self, address, kind, answer):
        super().__init__(daemon=True)
        self.edge = Edge(address)
        self.answer = answer
        self.asked = 0
        self._ending = threading.Event()
        self.edge.send(type="SERVE", id="serve", kind=kind)
        ready = self.edge.receive()
        assert ready == {"type": "SERVING", "id": "serve", "kind": kind}, ready
        self.start()

    def run(self):
        with self.edge:
            while not self._ending.is_set():
                if not self.edge.socket.poll(50):
                    continue
                call = self.edge.receive()
                self.asked += 1
                try:
                    self.edge.send(type="RESULT", id=call["id"], payload=self.answer(call["payload"]))
                except ValueError as error:
                    self.edge.send(type="RESULT", id=call["id"], code="refused", message=str(error))

    def close(self):
        self._ending.set()
        self.join(mesh.PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def call(edge, kind, payload=b"", name="call", **fields):
    edge.send(type="CALL", id=name, kind=kind, method="tell", payload=payload, **fields)
    edge.receive_until(lambda: edge.of(name, "RESULT", "ERROR"))
    return edge.of(name, "RESULT", "ERROR")[-1]


class Publishing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(gateways=2)
        cls.addClassCleanup(cls.mesh.close)
        port = cls.mesh.ports.client
        cls.publish, cls.answers = mesh.loopback(port + 1), mesh.loopback(port + 2)

    def test_a_thousand_requests_that_nobody_waits_for_are_each_answered_under_their_client(self):
        with Listener(self.publish, self.answers, "alice") as alice:
            names = [str(number) for number in range(1000)]
            for name in names:
                alice.publish(name, "abc")
            ends = [alice.receive() for _ in names]
            self.assertEqual({end["type"] for end in ends}, {"DONE"}, ends[:3])
            self.assertEqual(sorted(end["id"] for end in ends), sorted(names))

    def test_answers_of_one_client_do_not_reach_another(self):
        with Listener(self.publish, self.answers, "bob") as bob, \
                Listener(self.publish, self.answers, "carol") as carol:
            bob.publish("1", "abc")
            carol.publish("2", "abc")
            self.assertEqual(bob.receive()["id"], "1")
            self.assertEqual(carol.receive()["id"], "2")

    def test_a_published_request_may_be_streamed(self):
        with Listener(self.publish, self.answers, "dave") as dave:
            dave.publish("1", "abc", stream=True)
            types = []
            while "DONE" not in types:
                types.append(dave.receive()["type"])
            self.assertEqual(set(types), {"DELTA", "DONE"})

    def test_a_bad_frame_is_answered_and_the_next_good_one_too(self):
        with Listener(self.publish, self.answers, "eve") as eve:
            eve.publish("1", "abc", temperature=9)
            error = eve.receive()
            self.assertEqual((error["type"], error["code"], error["id"]), ("ERROR", "invalid_request", "1"))
            eve.publish("2", "abc")
            self.assertEqual(eve.receive()["type"], "DONE")

    def test_the_second_gateway_has_a_publish_port_of_its_own(self):
        port = self.mesh.ports.client + 10
        with Listener(mesh.loopback(port + 1), mesh.loopback(port + 2), "frank") as frank:
            frank.publish("1", "abc")
            self.assertEqual(frank.receive()["type"], "DONE")


class Calling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(gateways=2)
        cls.addClassCleanup(cls.mesh.close)
        cls.first, cls.second = cls.mesh.addresses

    def test_a_client_calls_another_one_at_the_same_gateway_and_at_the_other(self):
        with Server(self.first, "echo", lambda payload: b"<" + payload + b">"):
            for address in (self.first, self.second):
                with Edge(address) as edge:
                    def answered(edge=edge):
                        return call(edge, "echo", b"x").get("payload")  # the other gateway hears of it a little later
                    self.assertEqual(eventually(answered, "the call is answered"), b"<x>")

    def test_clients_that_serve_a_kind_take_turns(self):
        with Server(self.first, "turn", lambda _: b"a") as one, Server(self.first, "turn", lambda _: b"b") as other:
            with Edge(self.first) as edge:
                for number in range(10):
                    call(edge, "turn", name=str(number))
            self.assertEqual((one.asked, other.asked), (5, 5))

    def test_an_error_of_the_server_is_the_callers(self):
        def refuse(_):
            raise ValueError("Not today.")
        with Server(self.first, "moody", refuse), Edge(self.first) as edge:
            error = call(edge, "moody")
            self.assertEqual((error["code"], error["message"]), ("refused", "Not today."))

    def test_a_server_that_leaves_in_the_middle_ends_the_call_at_once(self):
        with Edge(self.first) as edge:
            with Edge(self.first) as server:
                server.send(type="SERVE", id="s", kind="brief")
                server.receive()
                edge.send(type="CALL", id="c", kind="brief", deadline_ms=600_000)
                server.receive_until(lambda: server.messages[-1]["type"] == "CALL")
            edge.receive_until(lambda: edge.of("c"))
            self.assertEqual(edge.of("c")[0]["code"], "peer_lost")
            self.assertEqual(call(edge, "brief", name="d")["code"], "no_service")

    def test_nobody_of_a_kind_is_said_at_once_with_what_there_is(self):
        with Edge(self.first) as edge:
            error = call(edge, "nothing", deadline_ms=600_000)
            self.assertEqual(error["code"], "no_service")
            self.assertIn("router", error["message"])

    def test_a_router_answers_status_also_when_it_is_named_by_its_epoch(self):
        with Edge(self.first) as edge:
            edge.send(type="STATUS", id="s")
            edge.receive_until(lambda: edge.of("s"))
            router = next(entry for entry in edge.of("s")[0]["processes"] if entry["kind"] == "router")
            edge.send(type="CALL", id="c", kind="router", method="status", epoch=router["epoch"])
            edge.receive_until(lambda: edge.of("c"))
            self.assertGreaterEqual(len(msgpack.unpackb(edge.of("c")[0]["payload"])), 10)

    def test_a_req_client_submits_calls_and_asks_for_help(self):
        with Server(self.first, "req", lambda payload: payload), Edge(self.first, zmq.REQ) as edge:
            edge.send(type="SUBMIT", id="1", prompt="abc", max_tokens=3)
            self.assertEqual(edge.receive()["type"], "DONE")
            edge.send(type="CALL", id="2", kind="req", payload=b"x")
            self.assertEqual(edge.receive(), {"type": "RESULT", "id": "2", "payload": b"x"})
            edge.send(type="SERVE", id="3", kind="req")
            self.assertEqual(edge.receive()["code"], "invalid_request")
            edge.send(type="HELP", id="4")
            submit = next(entry for entry in edge.receive()["requests"] if entry["type"] == "SUBMIT")
            self.assertIn("temperature", [field["name"] for field in submit["fields"]])

    def test_a_client_with_two_gateways_keeps_its_streams_apart(self):
        with Edge(self.first) as one, Edge(self.second) as other:
            for edge, letter in ((one, "a"), (other, "b")):
                for number in range(5):
                    edge.submit(letter * 20 + str(number), max_tokens=21)
            for edge, letter in ((one, "a"), (other, "b")):
                for number in range(5):
                    self.assertEqual(edge.receive_end(str(number + 1))["type"], "DONE")
                    self.assertNotIn({"a": "b", "b": "a"}[letter], edge.text(str(number + 1)))
            gateways = one.of("1", "ACCEPTED")[0]["gateways"]
            self.assertEqual(sorted(gateways), sorted(self.mesh.addresses))


class Pipeline(unittest.TestCase):
    """A mesh started by hand, because its gateway has settings of its own."""

    def start(self, **settings):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)

        def service(kind, routers, **keys):
            process = Service(kind, routers, **keys)
            stack.callback(process.end)
            return process
        router = service("router", "tcp://127.0.0.1:1", bind="tcp://127.0.0.1:*")
        address = router.ready["address"]
        for kind in ("preprocess", "inference", "postprocess"):
            service(kind, address, model="bytes")
        gateway = service("gateway", address, client_bind="tcp://127.0.0.1:*", **settings)
        client = gateway.ready["client"]
        eventually(lambda: {entry["kind"] for entry in mesh.status(client)} == set(mesh.KINDS), "all have met")
        return client

    def ask(self, client, text):
        with Edge(client) as edge:
            edge.send(type="SUBMIT", id="1", messages=[{"role": "user", "content": text}], max_tokens=40, stream=False)
            return edge.receive_end("1")

    @staticmethod
    def moderate(payload):
        request = msgpack.unpackb(payload)
        text = request["messages"][-1]["content"]
        if "forbidden" in text:
            return msgpack.packb({"verdict": "REFUSE", "code": "listed_word", "text": "This word is not allowed."})
        if "shout" in text:
            quiet = [{"role": "user", "content": text.replace("shout", "murmur")}]
            return msgpack.packb({"verdict": "REPLACE", "messages": quiet})
        return msgpack.packb({"verdict": "PASS"})

    def test_a_stage_in_python_passes_replaces_and_refuses_and_without_it_requests_are_refused(self):
        client = self.start(pipeline="moderate,preprocess")
        self.assertEqual(self.ask(client, "hello")["code"], "no_service")
        with Server(client, "moderate", self.moderate):
            self.assertEqual(self.ask(client, "hello")["type"], "DONE")
            self.assertIn("murmur", self.ask(client, "shout")["content"])
            error = self.ask(client, "forbidden")
            self.assertEqual((error["code"], error["reason"], error["message"]),
                             ("refused", "listed_word", "This word is not allowed."))
        eventually(lambda: self.ask(client, "hello").get("code") == "no_service", "requests are refused again")

    def test_a_stage_that_is_down_is_skipped_if_so_configured(self):
        client = self.start(pipeline="moderate", on_down="skip")
        self.assertEqual(self.ask(client, "forbidden")["type"], "DONE")
        with Server(client, "moderate", self.moderate):
            self.assertEqual(self.ask(client, "forbidden")["code"], "refused")

    def test_a_stage_that_is_silent_for_the_configured_time_is_down(self):
        client = self.start(pipeline="moderate", stage_timeout_ms=200)
        with Edge(client) as silent, Edge(client) as edge:
            silent.send(type="SERVE", id="serve", kind="moderate")
            silent.receive()
            # With the time that a stage has by default, the request's own would be over first.
            error, _ = edge.ask("hello", deadline_ms=4000)
            self.assertEqual(error["code"], "timeout")
            self.assertIn('"moderate"', error["message"])

    def test_a_stage_twice_on_one_side_of_the_model_is_refused_at_start(self):
        done = mesh.run_shoal("gateway", "--pipeline=preprocess,moderate,moderate")
        self.assertEqual(done.returncode, 78)
        self.assertIn('"moderate" stands there twice', done.stderr)


if __name__ == "__main__":
    unittest.main()
