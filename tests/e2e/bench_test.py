"""`shoal bench` measures what it says. What comes out is looked at for sense, never for speed."""

import json
import unittest

from mesh import run_shoal


class Bench(unittest.TestCase):
    def measure(self, *arguments):
        done = run_shoal("bench", *arguments, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_a_hop_is_measured_beside_bare_sockets_over_both_transports(self):
        report = self.measure("hop", "--messages=100", "--window=8")
        for transport in ("ipc", "tcp"):
            for side in ("zeromq", "shoal"):
                figures = report[transport][side]
                self.assertGreater(figures["p50_us"], 0)
                self.assertGreaterEqual(figures["p99_us"], figures["p50_us"])
                self.assertGreater(figures["echoes_per_s"], 0)
            ratio = report[transport]["shoal"]["p50_us"] / report[transport]["zeromq"]["p50_us"]
            self.assertAlmostEqual(report[transport]["ratio"]["p50_us"], ratio)

    def test_requests_are_measured_through_every_kind_one_position_a_step(self):
        report = self.measure("e2e", "--seconds=0.3", "--concurrency=4", "--tokens=8")
        self.assertEqual(report["deltas_per_request"], 8)
        self.assertGreater(report["requests_per_s"], 0)
        self.assertEqual([load["load"] for load in report["loads"]], [0, 0.5, 0.8])
        for load in report["loads"]:
            self.assertGreater(load["ttft_p50_ms"], 0)
            self.assertGreaterEqual(load["ttft_p99_ms"], load["ttft_p50_ms"])
        self.assertAlmostEqual(sum(report["cpu_share"].values()), 1)
        self.assertEqual(len(report["cpu_share"]), 6)

    def test_an_unknown_part_or_option_is_a_mistake_of_use(self):
        mistakes = ((["hopp"], "hopp"), (["hop", "--mesages=3"], "did you mean messages"), ([], "hop and e2e"))
        for arguments, named in mistakes:
            done = run_shoal("bench", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(named, done.stderr)


if __name__ == "__main__":
    unittest.main()
