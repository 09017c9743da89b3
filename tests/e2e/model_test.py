"""The bundled model through a real mesh. What it can answer is measured by tools/accuracy; here it is the path."""

import unittest

from mesh import ROOT, Edge, Mesh, run_shoal

MODEL = ROOT / "models" / "shoal-tiny"
QUESTIONS = ["What is 17 + 25?", "17 + 25 等于多少?", "What is Shoal?"]


@unittest.skipUnless(list(MODEL.glob("*.safetensors")), "models/shoal-tiny has no weights here")
class BundledModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(str(MODEL))

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def test_the_streamed_answer_equals_the_unstreamed_one(self):
        with Edge(self.mesh.address) as edge:
            for question in QUESTIONS:
                streamed = edge.submit(question, temperature=0)
                whole = edge.receive_end(edge.submit(question, temperature=0, stream=False))
                self.assertEqual(edge.receive_end(streamed)["finish_reason"], whole["finish_reason"])
                self.assertEqual(edge.text(streamed), whole["content"])
                reasoning = "".join(m["reasoning_content"] for m in edge.of(streamed, "DELTA"))
                self.assertEqual(reasoning, whole["reasoning_content"])

    def test_reasoning_and_answer_come_apart(self):
        with Edge(self.mesh.address) as edge:
            done, _ = edge.ask("What is 17 + 25?", temperature=0, stream=False)
            self.assertIn("42", done["content"])
            self.assertNotEqual(done["reasoning_content"], "")
            self.assertNotIn("<think>", done["content"] + done["reasoning_content"])
            self.assertNotIn("</think>", done["content"] + done["reasoning_content"])

    def answers(self, others=(), **parameters):
        """The ids of a continuation of which the model is far from sure: at each gateway, alone, and while other
        requests run that came before it."""
        for address in self.mesh.addresses:
            for beside in ((), others):
                with Edge(address) as edge:
                    names = [edge.submit("Count to one hundred.", **other) for other in beside]
                    edge.receive_until(lambda: all(edge.of(name, "DELTA") for name in names))
                    edge.send(type="SUBMIT", id="raw", prompt="q", max_tokens=60, **parameters)
                    self.assertEqual(edge.receive_end("raw")["type"], "DONE")
                    yield edge.ids("raw")

    def test_temperature_0_answers_the_same_every_time_also_beside_other_requests(self):
        first, *again = self.answers([{"temperature": 1}] * 5, temperature=0)
        self.assertEqual(again, [first] * 3)

    def test_a_seed_answers_the_same_every_time_also_beside_other_requests_and_another_seed_otherwise(self):
        first, *again = self.answers([{"temperature": 0}] * 5, temperature=1, seed=2**40 + 1)
        self.assertEqual(again, [first] * 3)
        self.assertNotIn(first, self.answers(temperature=1, seed=2**40 + 2))

    def test_without_a_seed_answers_differ(self):
        first, *more = self.answers(temperature=2)
        self.assertNotEqual(more, [first] * 3)

    def test_concurrent_streams_do_not_mix(self):
        with Edge(self.mesh.address) as edge:
            alone = {n: edge.ask(f"What is {n} + 1?", temperature=0)[1] for n in range(10, 14)}
            names = {n: edge.submit(f"What is {n} + 1?", temperature=0) for n in alone for _ in range(2)}
            for n, name in names.items():
                self.assertEqual(edge.receive_end(name)["type"], "DONE")
                self.assertEqual(edge.text(name), alone[n])

    def test_chat_answers(self):
        done = run_shoal("chat", f"--connect={self.mesh.address}", "--temperature=0", "What is 17 + 25?")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("42", done.stdout)


if __name__ == "__main__":
    unittest.main()
