"""What bad input gets through the real socket: an ERROR with a stable code and a sentence that says what was wrong and
what to do; and then a good request on the same connection is answered."""

import math
import unittest

import msgpack
from mesh import Edge, Mesh

USER = [{"role": "user", "content": "hello"}]
PROMPT_BYTES_MAX = 8 << 20
CONTEXT = 4096  # of the model `bytes`


class Text(bytes):
    """What msgpack is to send as a string, UTF-8 or not."""


NOT_UTF8 = Text(b"\xff\xfe")


def pack(value):
    """msgpack, with Text as strings and without a bound on depth."""
    packer = msgpack.Packer()
    if isinstance(value, Text):
        return b"\xdb" + len(value).to_bytes(4, "big") + value
    if isinstance(value, dict):
        return packer.pack_map_header(len(value)) + b"".join(pack(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return packer.pack_array_header(len(value)) + b"".join(map(pack, value))
    return packer.pack(value)


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(gateways=1, routers=1)

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def setUp(self):
        self.edge = Edge(self.mesh.address)
        self.addCleanup(self.edge.__exit__)

    def answered(self):
        end, streamed = self.edge.ask("still there")
        self.assertEqual((end["type"], streamed), ("DONE", "still there"), end)

    def refused(self, frame, code, *names):
        """Sends one frame; the ERROR that it gets, once a good request on the same connection was answered."""
        with self.subTest(frame=frame[:80]):
            self.edge.socket.send(frame)
            error = self.edge.receive()
            self.assertEqual((error["type"], error.get("code")), ("ERROR", code), error)
            for name in names:
                self.assertIn(name, error["message"])
            self.answered()
            return error

    def refused_submit(self, fields, code, *names):
        """The same for a SUBMIT that is good but for `fields`; the error comes back under its id."""
        error = self.refused(pack({"type": "SUBMIT", "id": "bad", "messages": USER, **fields}), code, *names)
        if error:
            self.assertEqual(error["id"], "bad")
            self.assertEqual([m["type"] for m in self.edge.of("bad")], ["ERROR"])  # refused before anything was done
            self.edge.messages.clear()
        return error

    def test_what_is_not_msgpack(self):
        self.refused(b"", "malformed", "empty frame", "expected one msgpack map")
        self.refused(b"\xc1", "malformed", "expected one msgpack map", "byte 0")
        self.refused(b"hello?", "malformed", "expected one msgpack map")
        self.refused(b'{"type": "STATUS", "id": "1"}', "malformed", "JSON", "msgpack map")
        self.refused(msgpack.packb({"type": "STATUS", "id": "1"})[:-1], "malformed", "ends", "inside a value")

    def test_what_is_no_map(self):
        for value, name in (("text", "a string"), (5, "5"), (None, "nil"), (1.5, "1.5"), (True, "a boolean")):
            self.refused(msgpack.packb(value), "malformed", "expected one msgpack map", name)
        self.refused(msgpack.packb([1, 2]), "wrong_port", "client port", "inbox of a router")

    def test_bytes_after_the_map(self):
        error = self.refused(msgpack.packb({"type": "STATUS", "id": "bad"}) + b"\0\0", "malformed", "2 bytes after")
        self.assertEqual(error["id"], "bad")

    def test_an_extension_type(self):
        frame = msgpack.packb({"type": "STATUS", "id": "bad", "x": msgpack.Timestamp(1)})
        error = self.refused(frame, "malformed", "extension types are not used")
        self.assertEqual(error["id"], "bad")

    def test_what_is_nested_too_deep(self):
        for depth in (9, 100_000):
            frame = b"\x82" + pack("id") + pack("d") + pack("messages") + b"\x91" * depth + b"\xc0"
            self.refused(frame, "too_large", "nested deeper than 8")

    def test_what_is_too_long(self):
        self.refused(pack({str(i): i for i in range(65)}), "too_large", "a map of 65 entries", "at most 64")
        self.refused(pack({"type": "SUBMIT", "stop": ["x"] * 65_537}), "too_large", "65537 entries", "at most 65536")
        self.refused(pack({str(i): [0] * 60_000 for i in range(9)}), "too_large", "more than 524288 msgpack values")
        self.refused(b"\xdd\xff\xff\xff\xff", "too_large", "4294967295 entries")
        self.refused_submit({"messages": USER * 1025}, "too_large", "SUBMIT.messages", "1025", "at most 1024")
        self.refused_submit({"stop": ["x"] * 17}, "too_large", "SUBMIT.stop", "17", "at most 16")
        self.refused_submit({"stop": "x" * 129}, "too_large", "SUBMIT.stop", "129 bytes", "at most 128")
        self.refused_submit({"model": "x" * 129}, "too_large", "SUBMIT.model", "129 bytes", "at most 128")
        self.refused_submit({"tier": "x" * 129}, "too_large", "SUBMIT.tier", "129 bytes", "at most 128")
        error = self.refused(pack({"type": "SUBMIT", "id": "x" * 65, "messages": USER}), "too_large", "id", "65 bytes",
                             "at most 64")
        self.assertEqual(error["id"], "")

    def test_fields_of_wrong_types(self):
        wrong = {
            "messages": ("text", "expected an array, got a string"), "prompt": (5, "expected a string, got 5"),
            "stream": ("yes", "expected true or false, got a string"), "model": (7, "expected a string, got 7"),
            "max_tokens": ("3", "expected an integer"), "temperature": ("hot", "expected a number"),
            "top_p": ([], "expected a number"), "top_k": (1.5, "expected an integer"),
            "min_p": ({}, "expected a number"), "seed": (-1, "expected an integer"),
            "stop": (5, "expected strings, got 5"), "tier": (1, "expected a string, got 1"),
            "deadline_ms": ("soon", "expected an integer"), "window": (2.0, "expected an integer"),
        }
        for field, (value, sentence) in wrong.items():
            self.refused_submit({field: value}, "invalid_request", f"SUBMIT.{field}: ", sentence)
        for value in (None, "", 1.5, [], b"bytes"):
            self.refused(pack({"type": "SUBMIT", "id": value, "messages": USER}), "invalid_request", ".id: ")
        self.refused(pack({"type": 5, "id": "t"}), "invalid_request", "type", "expected a string, got 5")
        self.refused(pack({"id": "t"}), "invalid_request", "type", "is missing")
        self.refused(pack({1: "a", "type": "STATUS", "id": "t"}), "invalid_request", "name of a field is not text")
        self.refused(b"\x83" + pack("type") + pack("STATUS") + (pack("id") + pack("t")) * 2, "invalid_request",
                     "id: appears twice")

    def test_messages_that_are_missing_or_wrong(self):
        self.refused(pack({"type": "SUBMIT", "id": "m"}), "invalid_request", "SUBMIT.messages: is missing",
                     "messages, or a prompt")
        self.refused_submit({"messages": None}, "invalid_request", "SUBMIT.messages: is missing")
        self.refused_submit({"messages": []}, "invalid_request", "SUBMIT.messages: is empty")
        self.refused_submit({"prompt": "too"}, "invalid_request", "messages and prompt exclude each other")
        wrong = [
            (["hello"], "messages[0]", "expected a map, got a string"),
            ([{"content": "x"}], "messages[0].role", "is missing"),
            ([{"role": "user"}], "messages[0].content", "is missing"),
            ([*USER, {"role": "usr", "content": "x"}], "messages[1].role", '"usr" is none of', "did you mean user?"),
            ([{"role": "user", "content": 5}], "messages[0].content", "expected a string, got 5"),
            ([{"role": "user", "content": [{"type": "image_url"}]}], "content[0].type", 'only "text"'),
        ]
        for messages, *names in wrong:
            self.refused_submit({"messages": messages}, "invalid_request", *names)
        self.refused_submit({"messages": [{"role": "user", "content": "x", "nmae": "y"}]}, "unknown_field",
                            "messages[0].nmae")

    def test_text_that_is_not_utf8(self):
        self.refused_submit({"messages": [{"role": "user", "content": NOT_UTF8}]}, "invalid_request",
                            "messages[0].content: is not UTF-8")
        self.refused_submit({"messages": [{"role": NOT_UTF8, "content": "x"}]}, "invalid_request",
                            "messages[0].role: is not UTF-8")
        self.refused_submit({"messages": None, "prompt": Text(b"half \xe4\xbd")}, "invalid_request",
                            "SUBMIT.prompt: is not UTF-8")
        self.refused_submit({"messages": None, "prompt": b"bytes"}, "invalid_request", "expected a string, got bytes")
        self.refused_submit({"stop": NOT_UTF8}, "invalid_request", "SUBMIT.stop: is not UTF-8")
        self.refused_submit({"model": NOT_UTF8}, "invalid_request", "SUBMIT.model: is not UTF-8")
        self.refused_submit({"tier": NOT_UTF8}, "invalid_request", "SUBMIT.tier: is not UTF-8")
        self.refused_submit({NOT_UTF8: 1}, "invalid_request", "name of a field is not text")
        self.refused(pack({"type": NOT_UTF8, "id": "t"}), "invalid_request", "type: is not UTF-8")
        self.refused(pack({"type": "STATUS", "id": NOT_UTF8}), "invalid_request", "id: is not UTF-8")

    def test_names_that_nobody_knows(self):
        self.refused(pack({"type": "SUMBIT", "id": "t"}), "unknown_type", '"SUMBIT"', "did you mean SUBMIT?")
        self.refused(pack({"type": "GENERATE_NOW", "id": "t"}), "unknown_type", '"GENERATE_NOW"')
        self.refused_submit({"max_token": 3}, "unknown_field", "SUBMIT.max_token: ", "did you mean max_tokens?")
        self.refused_submit({"Temprature": 1}, "unknown_field", "SUBMIT.Temprature: ", "did you mean temperature?")
        self.refused_submit({"frobnicate": 1}, "unknown_field", "SUBMIT.frobnicate: no such field")
        self.refused(pack({"type": "CANCEL", "id": "t", "di": 1}), "unknown_field", "CANCEL.di: ", "did you mean id?")
        self.refused_submit({"model": "bites"}, "unknown_model", 'serves the model "bites"', 'served: "bytes"')

    def test_sampling_parameters_out_of_range(self):
        for value, got in ((math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf"), (-0.1, "-0.1"), (2.1, "2.1"),
                           (-1, "-1"), (3, "3")):
            self.refused_submit({"temperature": value}, "invalid_request", "SUBMIT.temperature: ",
                                f"expected a number from 0 to 2, got {got}")
        for value, got in ((math.nan, "nan"), (0, "0"), (0.0, "0"), (-0.5, "-0.5"), (1.5, "1.5"), (2, "2")):
            self.refused_submit({"top_p": value}, "invalid_request", "SUBMIT.top_p: ",
                                f"expected a number above 0 and up to 1, got {got}")
        for value, got in ((math.nan, "nan"), (-0.5, "-0.5"), (1.01, "1.01")):
            self.refused_submit({"min_p": value}, "invalid_request", "SUBMIT.min_p: ",
                                f"expected a number from 0 to 1, got {got}")
        self.refused_submit({"top_k": -1}, "invalid_request", "SUBMIT.top_k: ", "from 0 to", "got -1")
        self.refused_submit({"window": 0}, "invalid_request", "SUBMIT.window: ", "from 1 to", "got 0")

    def test_the_ends_of_the_ranges_are_allowed(self):
        for fields in ({"temperature": 0}, {"temperature": 2.0}, {"top_p": 1}, {"min_p": 0}, {"min_p": 1.0},
                       {"top_k": 0}, {"max_tokens": 5}, {"seed": 2**64 - 1}):
            end, streamed = self.edge.ask("hello", **fields)
            self.assertEqual((end["type"], streamed), ("DONE", "hello"), (fields, end))

    def test_more_tokens_than_the_context_holds(self):
        self.refused_submit({"max_tokens": 0}, "invalid_request", "SUBMIT.max_tokens: ", "from 1 to", "got 0")
        self.refused_submit({"max_tokens": -1}, "invalid_request", "SUBMIT.max_tokens: ", "from 1 to", "got -1")
        self.refused_submit({"max_tokens": 2**32}, "invalid_request", "SUBMIT.max_tokens: ", "got 4294967296")
        end, _ = self.edge.ask("hello", max_tokens=CONTEXT)
        self.assertEqual(end.get("code"), "context_length", end)
        for name in (f"max_tokens is {CONTEXT}", "prompt tokens", "there is room for"):
            self.assertIn(name, end["message"])
        self.answered()

    def test_a_prompt_longer_than_the_context(self):
        for size in (CONTEXT, 2 * CONTEXT, 1_000_000, PROMPT_BYTES_MAX):
            count = str(size) if size <= 2 * CONTEXT else f"more than {2 * CONTEXT}"  # is not counted to its end
            for prompt in ({"prompt": "x" * size}, {"messages": [{"role": "user", "content": "x" * size}]}):
                self.edge.send(type="SUBMIT", id="long", **prompt)
                error = self.edge.receive_end("long")
                self.assertEqual(error.get("code"), "context_length", error)
                for name in (f"the prompt has {count} tokens", f"context of bytes holds {CONTEXT}", "a shorter one"):
                    self.assertIn(name, error["message"])
                self.answered()
                self.edge.messages.clear()

    def test_an_empty_prompt(self):
        for prompt in ({"prompt": ""}, {"messages": [{"role": "user", "content": ""}]}):
            self.edge.send(type="SUBMIT", id="empty", **prompt)
            error = self.edge.receive_end("empty")
            self.assertEqual((error.get("code"), error["message"]), ("invalid_request", "the prompt is empty"))
            self.edge.messages.clear()
            self.answered()

    def test_an_unknown_tier(self):
        self.refused_submit({"tier": "vpi"}, "invalid_request", "SUBMIT.tier: ", '"vpi" is none of',
                            "vip, realtime, async, batch", "did you mean vip?")
        self.refused_submit({"tier": ""}, "invalid_request", "SUBMIT.tier: ", '"" is none of')
        self.assertEqual(self.edge.ask("hello", tier="BATCH")[1], "hello")

    def test_a_deadline_that_has_passed_before_it_began(self):
        for value in (0, -1, -600_000):
            self.refused_submit({"deadline_ms": value}, "invalid_request", "SUBMIT.deadline_ms: ", "from 1 to",
                                f"got {value}")

    def test_an_id_that_is_live_on_this_connection(self):
        name = self.edge.submit("a stream that is held at its window", window=4)
        self.edge.receive_until(lambda: len(self.edge.ids(name)) >= 4)
        self.edge.send(type="SUBMIT", id=name, messages=USER)
        self.edge.receive_until(lambda: self.edge.of(name, "ERROR"))
        error = self.edge.of(name, "ERROR")[0]
        self.assertEqual(error["code"], "duplicate_id")
        for part in (f'"{name}"', "wait for its end or choose another id"):
            self.assertIn(part, error["message"])
        self.answered()
        with Edge(self.mesh.address) as other:  # ids are scoped to their connection
            self.assertEqual(other.ask("hello")[0]["id"], name)
            self.assertEqual(other.text(name), "hello")
        # The stream that had the id is as alive as before.
        before = len(self.edge.ids(name))
        self.edge.send(type="CREDIT", id=name, position=before)
        self.edge.receive_until(lambda: len(self.edge.ids(name)) > before)

    def test_a_prompt_over_its_bound(self):
        over = "x" * (PROMPT_BYTES_MAX + 1)
        half = {"role": "user", "content": "x" * (PROMPT_BYTES_MAX // 2 + 1)}
        limit = str(PROMPT_BYTES_MAX)
        self.refused_submit({"messages": None, "prompt": over}, "too_large", "SUBMIT.prompt: ", limit)
        self.refused_submit({"messages": [{"role": "user", "content": over}]}, "too_large", "[0].content", limit)
        self.refused_submit({"messages": [half, half]}, "too_large", "SUBMIT.messages: ", limit)
        self.refused_submit({"messages": None, "prompt": over * 7}, "too_large", "SUBMIT.prompt: ", limit)


if __name__ == "__main__":
    unittest.main()
