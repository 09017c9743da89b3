"""The tiers of a router, from the file to the process: what a file of levels does to its start."""

import pathlib
import re
import tempfile
import unittest

from mesh import ROOT, Edge, Mesh, Service, free_ports, loopback, run_shoal

LEVELS = """{"priority_levels": [{"name": "VIP", "max_concurrency": 32, "timeout": 500}, \
{"name": "Realtime", "max_concurrency": 64, "timeout": 2000}, {"name": "Async", "max_concurrency": 128, \
"timeout": 30000}, {"name": "Batch", "max_concurrency": 256, "timeout": 600000}]}
"""


class Tiers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal-e2e-")
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "tiers.json"
        self.address = loopback(free_ports(0, 1).router)

    def test_a_router_starts_with_the_usual_four_levels(self):
        self.file.write_text(LEVELS)
        router = Service("router", self.address, bind=self.address, tiers=self.file)
        self.addCleanup(router.end)
        self.assertEqual(router.end(), 0)

    def test_a_wrong_level_is_refused_with_a_line_that_helps(self):
        self.file.write_text(LEVELS.replace('"max_concurrency": 64', '"max_concurency": 64'))
        done = run_shoal("router", f"--routers={self.address}", f"--bind={self.address}", f"--tiers={self.file}")
        self.assertEqual(done.returncode, 78)
        self.assertEqual(done.stderr.splitlines()[-1],
                         f"shoal router: bad_config: {self.file}: priority_levels[1]: unknown key max_concurency "
                         "(did you mean max_concurrency?)")

    def test_a_file_that_is_not_there_is_refused(self):
        done = run_shoal("router", f"--routers={self.address}", f"--bind={self.address}", f"--tiers={self.file}")
        self.assertEqual(done.returncode, 78)
        self.assertIn(f"{self.file}: cannot be read: No such file or directory", done.stderr)

    def test_the_readmes_levels_let_vip_find_a_place_among_many_realtime_requests(self):
        readme = (ROOT / "README.md").read_text()
        self.file.write_text(re.search(r"```json\n(.*?priority_levels.*?)```", readme, re.DOTALL).group(1))
        settings = {"router.tiers": self.file}
        with Mesh("bytes", **settings) as mesh, Edge(mesh.address) as many, Edge(mesh.address) as few:
            crowd = [many.submit("r" * 3000) for _ in range(200)]
            while many.receive()["type"] != "DELTA":
                pass
            failed = []
            for _ in range(5):
                names = [few.submit("vip", tier="vip") for _ in range(8)]
                failed += [end for end in map(few.receive_end, names) if end["type"] == "ERROR"]
            self.assertEqual(failed, [])
            self.assertLess(len([name for name in crowd if many.of(name, "DONE")]), len(crowd))
            for name in crowd:
                many.send(type="CANCEL", id=name)


if __name__ == "__main__":
    unittest.main()
