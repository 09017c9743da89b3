"""Why a request went where it went: the routers' log of decisions, its replay, and what a router remembers."""

import json
import pathlib
import tempfile
import unittest

from mesh import Edge, Mesh, eventually, run_shoal

POLICY = "score"
REQUESTS = 60


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="shoal-explain-")
        folder = pathlib.Path(cls.directory.name)
        cls.log = folder / "decisions.jsonl"
        config = folder / "shoal.toml"
        config.write_text(f'[router]\npolicy = "{POLICY}"\nevent_log = "{cls.log}"\n')
        cls.mesh = Mesh(routers=1, config=config)
        with Edge(cls.mesh.address) as edge:
            names = [edge.submit(f"request {number}", tier="vip") for number in range(REQUESTS)]
            cls.ends = [edge.receive_end(name) for name in names]
            cls.requests = [edge.of(name, "ACCEPTED")[0]["request"] for name in names]
            cls.executors = {process["epoch"] for process in edge.status() if process["kind"] == "inference"}

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()
        cls.directory.cleanup()

    def logged(self):
        """The log once every request's placement is in it."""
        def look():
            lines = [json.loads(line) for line in self.log.read_text().splitlines()]
            placed = {line["request"] for line in lines if line.get("event") == "placed"}
            return lines if placed >= set(self.requests) else None
        return eventually(look, "every placement is in the log")

    def test_every_request_was_answered(self):
        self.assertEqual({end["type"] for end in self.ends}, {"DONE"})

    def test_explain_shows_every_executor_with_its_score(self):
        shown = run_shoal("explain", self.requests[7], f"--connect={self.mesh.address}")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        for epoch in self.executors:
            self.assertRegex(shown.stdout, rf"{epoch}  score 0\.\d+ \(gpu 0\.\d+, cpu 0\.\d+, latency 0\.\d+\)")
        self.assertIn("tier vip", shown.stdout)
        self.assertIn("  * ", shown.stdout)
        self.assertRegex(shown.stdout, r"s ago, decision \d+: placed")
        self.assertRegex(shown.stdout, rf"Placed on .* by {POLICY}, out of 2 that could have taken it: what is free")

    def test_explain_as_json_for_the_first_digits_of_a_request(self):
        shown = run_shoal("explain", self.requests[3][:12].upper(), f"--connect={self.mesh.address}", "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        decision = json.loads(shown.stdout)[-1]
        self.assertEqual(decision["request"], self.requests[3])
        self.assertEqual({candidate["epoch"] for candidate in decision["candidates"]}, self.executors)
        self.assertIn(decision["chosen"], self.executors)
        self.assertEqual(decision["policy"], POLICY)

    def test_explain_of_a_request_that_nobody_knows_fails_and_says_so(self):
        shown = run_shoal("explain", "0" * 32, f"--connect={self.mesh.address}")
        self.assertEqual(shown.returncode, 1)
        self.assertIn("does not remember the request", shown.stderr)

    def test_explain_wants_a_request_and_not_just_anything(self):
        shown = run_shoal("explain", "zebra", f"--connect={self.mesh.address}")
        self.assertEqual(shown.returncode, 2)
        self.assertIn("32 hexadecimal digits", shown.stderr)

    def test_explain_from_the_log_tells_the_same_decision(self):
        self.logged()
        shown = run_shoal("explain", self.requests[0], f"--log={self.log}", "--json")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        asked = run_shoal("explain", self.requests[0], f"--connect={self.mesh.address}", "--json")
        self.assertEqual(json.loads(shown.stdout), json.loads(asked.stdout))
        text = run_shoal("explain", self.requests[0], f"--log={self.log}").stdout
        self.assertRegex(text, r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ, decision \d+: placed")

    def test_replay_reproduces_the_log_of_a_real_router(self):
        self.logged()
        report = json.loads(run_shoal("replay", str(self.log), "--json").stdout)
        self.assertGreaterEqual(report["decisions"], REQUESTS)
        self.assertEqual(report["same"], report["decisions"])
        self.assertEqual({executor["epoch"] for executor in report["executors"]}, self.executors)
        shown = run_shoal("replay", str(self.log))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, rf"reproduced (\d+) of \1 decisions by {POLICY} \(100\.00 %\)")

    def test_replay_by_another_policy_compares_it(self):
        self.logged()
        shown = run_shoal("replay", str(self.log), "--policy=round_robin")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, rf"round_robin would have decided \d+ of \d+ otherwise than {POLICY}")
        unknown = run_shoal("replay", str(self.log), "--policy=round_robyn")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn("did you mean round_robin?", unknown.stderr)

    def test_replay_notices_a_changed_log(self):
        lines = self.logged()
        placed = [number for number, line in enumerate(lines) if line.get("event") == "placed"][-1]
        lines[placed]["candidates"][0]["slots_free"] -= 1
        changed = self.log.with_suffix(".changed")
        changed.write_text("".join(json.dumps(line) + "\n" for line in lines))
        shown = run_shoal("replay", str(changed))
        self.assertEqual(shown.returncode, 1)
        self.assertIn(f"line {placed + 1} ", shown.stdout)

    def test_replay_refuses_a_malformed_log_by_line(self):
        broken = self.log.with_suffix(".broken")
        broken.write_text(self.log.read_text().splitlines()[0] + '\n{"event": "placed"}\n')
        shown = run_shoal("replay", str(broken))
        self.assertEqual(shown.returncode, 1)
        self.assertIn("line 2: sequence: is missing", shown.stderr)

    def test_a_router_refuses_an_unknown_policy_and_names_the_nearest(self):
        refused = run_shoal("router", "--policy=least_token", "--bind=tcp://127.0.0.1:*")
        self.assertEqual(refused.returncode, 78)
        self.assertIn("did you mean least_tokens?", refused.stderr)
        refused = run_shoal("router", "--score_weights=1,2", "--bind=tcp://127.0.0.1:*")
        self.assertEqual(refused.returncode, 78)
        self.assertIn("expected three numbers", refused.stderr)


if __name__ == "__main__":
    unittest.main()
