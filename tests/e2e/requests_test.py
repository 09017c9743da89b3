"""What a client can do to a request that runs, and what it gets for one that is wrong."""

import unittest

import msgpack
from mesh import Edge, Mesh, eventually

WINDOW = 8
TEXT = "a window of eight positions at a time"


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def held_at_window(self, edge, **parameters):
        """A stream that has used up its window and cannot go on."""
        name = edge.submit(TEXT, window=WINDOW, **parameters)
        edge.receive_until(lambda: len(edge.ids(name)) >= WINDOW)
        return name

    def held_streams(self):
        with Edge(self.mesh.address) as edge:
            return sum(process["load"]["streams"] for process in edge.status() if process["kind"] == "inference")

    def test_a_cancelled_request_ends_with_cancelled(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            edge.send(type="CANCEL", id=name)
            end = edge.receive_end(name)
            self.assertEqual((end["type"], end["code"]), ("ERROR", "cancelled"))

    def test_a_cancelled_request_leaves_nothing_behind(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            edge.send(type="CANCEL", id=name)
            edge.receive_end(name)
        eventually(lambda: self.held_streams() == 0, "inference processes hold no stream")

    def test_cancelling_again_repeats_the_end(self):
        with Edge(self.mesh.address) as edge:
            name = edge.submit("over soon")
            done = edge.receive_end(name)
            edge.send(type="CANCEL", id=name)
            edge.receive_until(lambda: len(edge.of(name, "DONE", "ERROR")) == 2)
            self.assertEqual(edge.of(name, "DONE", "ERROR")[1], done)

    def test_cancelling_what_is_not_there_is_an_error(self):
        with Edge(self.mesh.address) as edge:
            edge.send(type="CANCEL", id="nobody")
            self.assertEqual(edge.receive()["code"], "unknown_id")

    def test_slow_readers_do_not_keep_others_from_running(self):
        with Edge(self.mesh.address) as slow, Edge(self.mesh.address) as quick:
            readers = [slow.submit(TEXT * 20, window=1) for _ in range(70)]  # more than there are slots
            slow.receive_until(lambda: all(slow.of(name, "DELTA") for name in readers))
            for _ in range(20):
                done, text = quick.ask("others")
                self.assertEqual((done["type"], text), ("DONE", "others"))
                for name in readers:
                    slow.send(type="CREDIT", id=name, position=len(slow.ids(name)))
            slow.receive_until(lambda: all(len(slow.ids(name)) > 1 for name in readers))
            self.assertEqual([name for name in readers if slow.of(name, "DONE", "ERROR")], [])
            for name in readers:
                slow.send(type="CANCEL", id=name)

    def test_without_credit_exactly_the_window_comes(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            # Two signs of life later there is still no more.
            edge.receive_until(lambda: len(edge.of(name, "KEEPALIVE")) >= 2)
            self.assertEqual(len(edge.ids(name)), WINDOW)
            self.assertEqual(edge.of(name, "KEEPALIVE")[-1]["position"], WINDOW)

    def read_to_the_end(self, edge, name):
        """The DONE of a stream whose client takes what comes."""
        edge.send(type="CREDIT", id=name, position=len(edge.ids(name)))
        while not edge.of(name, "DONE", "ERROR"):
            message = edge.receive()
            if message["type"] == "DELTA" and message["id"] == name:
                edge.send(type="CREDIT", id=name, position=message["position"])
        return edge.of(name, "DONE", "ERROR")[0]

    def test_credit_lets_exactly_so_many_more_come(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            for granted in (3, 8, 11):
                edge.send(type="CREDIT", id=name, position=granted)
                edge.receive_until(lambda limit=granted + WINDOW: len(edge.ids(name)) >= limit)
                self.assertEqual(len(edge.ids(name)), granted + WINDOW)
            edge.send(type="CREDIT", id=name, position=8)  # older than what was said: harmless
            edge.send(type="CANCEL", id=name)
            edge.receive_end(name)
            self.assertEqual(len(edge.ids(name)), 11 + WINDOW)

    def test_with_credit_for_what_came_the_answer_is_whole(self):
        with Edge(self.mesh.address) as edge:
            name = edge.submit(TEXT, window=WINDOW)
            self.assertEqual(self.read_to_the_end(edge, name)["type"], "DONE")
            self.assertEqual(edge.text(name), TEXT)

    def test_credit_for_what_never_came_counts_as_credit_for_all_that_came(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            edge.send(type="CREDIT", id=name, position=1_000_000)
            edge.receive_until(lambda: len(edge.ids(name)) >= 2 * WINDOW)
            edge.receive_until(lambda: len(edge.of(name, "KEEPALIVE")) >= 2)
            self.assertEqual(len(edge.ids(name)), 2 * WINDOW)

    def test_credit_after_the_pages_were_given_up_still_goes_on(self):
        eventually(lambda: self.held_streams() == 0, "inference processes hold no stream")
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            eventually(lambda: self.held_streams() == 0, "the executor has given the stream up")
            self.assertEqual(self.read_to_the_end(edge, name)["type"], "DONE")
            self.assertEqual(edge.text(name), TEXT)
            self.assertEqual([m["position"] for m in edge.of(name, "DELTA")][-1], len(edge.ids(name)))

    def test_a_deadline_ends_a_request(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge, deadline_ms=1500)
            end = edge.receive_end(name)
            self.assertEqual((end["type"], end["code"]), ("ERROR", "deadline_exceeded"))

    def test_an_unknown_model_is_refused_by_name(self):
        with Edge(self.mesh.address) as edge:
            end, _ = edge.ask("hello", model="no-such-model")
            self.assertEqual((end["type"], end["code"]), ("ERROR", "unknown_model"))
            self.assertIn("no-such-model", end["message"])

    def test_the_served_model_may_be_named(self):
        with Edge(self.mesh.address) as edge:
            self.assertEqual(edge.ask("hello", model="bytes")[1], "hello")

    def test_a_prompt_over_the_context_is_refused(self):
        with Edge(self.mesh.address) as edge:
            end, _ = edge.ask("x" * 5000)
            self.assertEqual((end["type"], end["code"]), ("ERROR", "context_length"))

    def test_two_live_requests_of_one_id_are_refused(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            edge.send(type="SUBMIT", id=name, messages=[{"role": "user", "content": "again"}])
            edge.receive_until(lambda: edge.of(name, "ERROR"))
            self.assertEqual(edge.of(name, "ERROR")[0]["code"], "duplicate_id")

    def test_after_each_bad_request_a_good_one_is_answered(self):
        user = [{"role": "user", "content": "hello"}]
        bad = [
            (b"", "malformed"),
            (b"\xc1", "malformed"),
            (b"not msgpack at all", "malformed"),
            (msgpack.packb("text"), "malformed"),
            (msgpack.packb([1, 2, 3]), "wrong_port"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": user}) + b"\0", "malformed"),
            (msgpack.packb({"type": "SUBMIT", "messages": user}), "invalid_request"),
            (msgpack.packb({"type": "SUMBIT", "id": "b"}), "unknown_type"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": []}), "invalid_request"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": user, "max_token": 3}), "unknown_field"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": user, "max_tokens": "3"}), "invalid_request"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": user, "temperature": 9}), "invalid_request"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": user, "prompt": "x"}), "invalid_request"),
            (msgpack.packb({"type": "SUBMIT", "id": "b" * 65, "messages": user}), "too_large"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "messages": user * 1025}), "too_large"),
            (msgpack.packb({"type": "SUBMIT", "id": "b", "prompt": b"\xff\xfe"}), "invalid_request"),
        ]
        with Edge(self.mesh.address) as edge:
            for frame, code in bad:
                with self.subTest(frame=frame[:60]):
                    edge.socket.send(frame)
                    error = edge.receive()
                    self.assertEqual((error["type"], error["code"]), ("ERROR", code), error)
                    self.assertEqual(edge.ask("still there")[1], "still there")

    def test_a_mistyped_field_names_the_nearest(self):
        with Edge(self.mesh.address) as edge:
            end, _ = edge.ask("hello", temprature=1)
            self.assertIn("temperature", end["message"])

    def test_an_error_stands_for_its_request_alone(self):
        with Edge(self.mesh.address) as edge:
            name = self.held_at_window(edge)
            edge.socket.send(b"\xc1")
            edge.receive_until(lambda: any(message["type"] == "ERROR" for message in edge.messages))
            self.assertEqual(self.read_to_the_end(edge, name)["type"], "DONE")
            self.assertEqual(edge.text(name), TEXT)


if __name__ == "__main__":
    unittest.main()
