"""Penalties and log probabilities over real sockets, from SUBMIT to DELTA and DONE."""

import collections
import math
import sys
import unittest

import zmq
from mesh import ROOT, Edge, Mesh

sys.path.insert(0, str(ROOT / "clients" / "python"))
from shoal import Client  # noqa: E402

MODEL = ROOT / "models" / "shoal-tiny"
PENALTIES = {"frequency_penalty": 0.5, "presence_penalty": 0.25, "repetition_penalty": 1.25}


def entries(messages):
    """The entries of all DELTAs, one after another."""
    return [entry for message in messages for entry in message["logprobs"]["content"]]


def joined(content):
    return b"".join(bytes(entry["bytes"]) for entry in content)


class ByteModel(unittest.TestCase):
    """The byte model has logits 8 for what comes next, 1 for the end and 0 for all else."""

    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def test_a_frequency_penalty_ends_a_repetition(self):
        with Edge(self.mesh.address) as edge:
            self.assertEqual(edge.ask("aaaaaaaaaa")[1], "aaaaaaaaaa")
            self.assertEqual(edge.ask("aaaaaaaaaa", frequency_penalty=2)[1], "aaaa")
            self.assertEqual(edge.ask("abababab", frequency_penalty=2)[1], "abababab")
            self.assertEqual(edge.ask("aaaaaaaaaa", presence_penalty=2)[1], "aaaaaaaaaa")
            self.assertEqual(edge.ask("aaaaaaaaaa", frequency_penalty=2, presence_penalty=2, repetition_penalty=2)[1],
                             "a")

    def test_every_id_has_its_log_probability_in_its_own_delta(self):
        text = "mixed: é世👩 end"  # characters of several ids each
        with Edge(self.mesh.address) as edge:
            name = edge.submit(text, logprobs=True, top_logprobs=2, stop=["nope"])
            done = edge.receive_end(name)
            deltas = edge.of(name, "DELTA")
            for delta in deltas:
                self.assertEqual(len(delta["logprobs"]["content"]), len(delta["ids"]))
            self.assertTrue(any(delta["ids"] and not delta["content"] for delta in deltas), "nothing was held back")
            content = entries(deltas)
            self.assertEqual(len(content), done["usage"]["completion_tokens"])
            self.assertTrue(joined(content).startswith(text.encode()))  # and the end id
            expected = 8 - math.log(math.exp(8) + math.exp(1) + 255)
            for entry in content[:-1]:
                self.assertAlmostEqual(entry["logprob"], expected, places=5)
                self.assertEqual(entry["top_logprobs"][0]["bytes"], entry["bytes"])
                self.assertEqual(len(entry["top_logprobs"]), 2)
            self.assertNotIn("logprobs", done)

    def test_a_part_of_a_character_is_spelled_and_its_bytes_tell_all(self):
        with Edge(self.mesh.address) as edge:
            done, _ = edge.ask("世x", logprobs=True, stream=False)
            tokens = [(entry["token"], entry["bytes"]) for entry in done["logprobs"]["content"][:4]]
            self.assertEqual(tokens, [("\\xe4", [0xE4]), ("\\xb8", [0xB8]), ("\\x96", [0x96]), ("x", [0x78])])
            self.assertEqual(done["logprobs"]["content"][0]["top_logprobs"], [])

    def test_what_a_stop_string_cuts_off_has_its_log_probabilities_too(self):
        with Edge(self.mesh.address) as edge:
            done, _ = edge.ask("one two three", logprobs=True, stop=["two"], stream=False)
            self.assertEqual(done["content"], "one ")
            self.assertEqual(joined(done["logprobs"]["content"]), b"one two")

    def test_without_the_wish_there_are_none(self):
        with Edge(self.mesh.address) as edge:
            name = edge.submit("plain")
            edge.receive_end(name)
            self.assertFalse(any("logprobs" in message for message in edge.of(name)))
            self.assertNotIn("logprobs", edge.ask("plain", stream=False)[0])

    def test_a_req_client_gets_them_with_its_one_answer(self):
        with Edge(self.mesh.address, zmq.REQ) as edge:
            edge.submit("reply", logprobs=True, top_logprobs=1)
            self.assertEqual(joined(edge.receive()["logprobs"]["content"][:5]), b"reply")

    def test_streams_that_ask_and_streams_that_do_not_run_side_by_side(self):
        with Edge(self.mesh.address) as edge:
            text = "side by side, step by step"
            names = [(edge.submit(text, logprobs=n % 2 == 0), n % 2 == 0) for n in range(8)]
            for name, asked in names:
                edge.receive_end(name)
                self.assertEqual(edge.text(name), text)
                self.assertEqual(["logprobs" in delta for delta in edge.of(name, "DELTA")],
                                 [asked] * len(edge.of(name, "DELTA")))

    def test_the_python_client_passes_them_on(self):
        with Client([self.mesh.address]) as client:
            deltas = list(client.chat("client", logprobs=True, top_logprobs=1))
            streamed = [entry for delta in deltas for entry in delta.logprobs["content"]]
            stream = client.submit("client", logprobs=True, top_logprobs=1)
            self.assertEqual(stream.wait().logprobs["content"], streamed)
            self.assertEqual(client.complete("client", logprobs=True, top_logprobs=1).logprobs["content"], streamed)
            self.assertIsNone(client.complete("client").logprobs)
            self.assertEqual(client.complete("aaaaaaaaaa", frequency_penalty=2).content, "aaaa")


@unittest.skipUnless(list(MODEL.glob("*.safetensors")), "models/shoal-tiny has no weights here")
class BundledModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(str(MODEL))

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def ask_whole(self, edge, text, **parameters):
        """DONE of an unstreamed request with log probabilities."""
        done, _ = edge.ask(text, stream=False, logprobs=True, **parameters)
        self.assertEqual(done["type"], "DONE", done)
        self.assertEqual(len(done["logprobs"]["content"]), done["usage"]["completion_tokens"])
        return done

    def test_the_greedy_token_is_the_likeliest_and_the_top_ones_are_a_part_of_a_distribution(self):
        with Edge(self.mesh.address) as edge:
            done = self.ask_whole(edge, "What is 17 + 25?", temperature=0, top_logprobs=20)
            for entry in done["logprobs"]["content"]:
                top = entry["top_logprobs"]
                values = [each["logprob"] for each in top]
                self.assertEqual(len(top), 20)
                self.assertEqual(values, sorted(values, reverse=True))
                self.assertEqual((top[0]["bytes"], top[0]["logprob"]), (entry["bytes"], entry["logprob"]))
                self.assertLessEqual(sum(map(math.exp, values)), 1 + 1e-5)
                self.assertGreater(sum(map(math.exp, values)), 0.5)

    def test_a_log_probability_does_not_depend_on_how_the_id_was_drawn(self):
        with Edge(self.mesh.address) as edge:
            greedy = self.ask_whole(edge, "What is Shoal?", temperature=0, top_logprobs=5)
            hot = self.ask_whole(edge, "What is Shoal?", temperature=2, top_k=1, presence_penalty=0.01, top_logprobs=5)
            self.assertEqual(greedy["logprobs"]["content"][0], hot["logprobs"]["content"][0])

    def test_streamed_equals_unstreamed_with_penalties_and_a_seed(self):
        with Edge(self.mesh.address) as edge:
            for temperature in (0, 1):
                wish = {"temperature": temperature, "seed": 11, "top_logprobs": 3, "max_tokens": 60, **PENALTIES}
                name = edge.submit("What is Shoal?", logprobs=True, **wish)
                whole = self.ask_whole(edge, "What is Shoal?", **wish)
                edge.receive_end(name)
                self.assertEqual(edge.text(name), whole["content"])
                self.assertEqual(entries(edge.of(name, "DELTA")), whole["logprobs"]["content"])

    def test_penalties_break_a_loop(self):
        def times_of_the_most_frequent(edge, name, **parameters):
            edge.send(type="SUBMIT", id=name, prompt="aaaa aaaa aaaa aaaa", temperature=0, max_tokens=80, **parameters)
            self.assertEqual(edge.receive_end(name)["type"], "DONE")
            return max(collections.Counter(edge.ids(name)).values())

        with Edge(self.mesh.address) as edge:
            self.assertEqual(times_of_the_most_frequent(edge, "plain"), 80)
            for penalty in ("frequency_penalty", "repetition_penalty"):
                self.assertLess(times_of_the_most_frequent(edge, penalty, **{penalty: 2}), 40, penalty)


if __name__ == "__main__":
    unittest.main()
