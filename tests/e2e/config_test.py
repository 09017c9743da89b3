"""One configuration file for all kinds, the command line above it, and help."""

import contextlib
import pathlib
import tempfile
import unittest

from mesh import Mesh, eventually, run_shoal, status


@contextlib.contextmanager
def file_of(text):
    """The path of a configuration file that is gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "shoal.toml")
        path.write_text(text, encoding="utf-8")
        yield str(path)


class Configuration(unittest.TestCase):
    """Of services: what is wrong is said before anything is started."""

    def test_an_unknown_key_names_the_nearest(self):
        done = run_shoal("gateway", "--cleint_bind=tcp://127.0.0.1:1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean client_bind?", done.stderr)

    def test_an_unknown_key_of_a_file_names_file_and_nearest(self):
        with file_of('rooters = ["tcp://127.0.0.1:5570"]\n') as path:
            done = run_shoal("router", f"--config={path}")
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{path}:1: unknown key rooters (did you mean routers?)", done.stderr)

    def test_an_address_that_others_reach_needs_insecure(self):
        done = run_shoal("router", "--bind=tcp://0.0.0.0:5570")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--insecure", done.stderr)

    def test_a_key_of_another_kind_is_checked_too(self):
        with file_of('[inference]\nmodle = "bytes"\n') as path:
            done = run_shoal("router", f"--config={path}")
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"{path}:2: [inference] unknown key modle (did you mean model?)", done.stderr)

    def test_a_number_out_of_range_is_refused_by_up_before_anything_starts(self):
        done = run_shoal("up", "--gateways=65")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("gateways: expected a whole number from 1 to 64, got 65", done.stderr)

    def test_an_unknown_key_of_a_kind_is_refused_by_up_with_the_nearest(self):
        done = run_shoal("up", "--gateway.cleint_bind=tcp://127.0.0.1:1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean gateway.client_bind?", done.stderr)

    def test_a_key_that_up_chooses_itself_is_refused_with_the_option_to_use(self):
        done = run_shoal("up", "--gateway.client_bind=tcp://127.0.0.1:1")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--client_port", done.stderr)


class OneFileForAMesh(unittest.TestCase):
    def test_every_process_reads_it_and_the_command_line_stands_above_it(self):
        text = """
            model = "bytes"
            node = "left"
            [up]
            gateways = 1
            routers = 1
            inferences = 1
            preprocesses = 3
            [postprocess]
            node = "right"
            """
        with file_of(text) as path:
            with Mesh(model=None, gateways=1, routers=1, config=path,
                      **{"preprocesses": 1, "router.node": "top", "gateway.node": "edge"}) as mesh:
                listed = eventually(lambda: status(mesh.address), "all are listed", until=lambda found: len(found) == 6)
        nodes = sorted((process["kind"], process["node"]) for process in listed)
        self.assertEqual(nodes, [("gateway", "edge"), ("inference", "left"), ("postprocess", "right"),
                                 ("postprocess", "right"), ("preprocess", "left"), ("router", "top")])


class Help(unittest.TestCase):
    def test_help_explains_every_command(self):
        for command in ("up", "chat", "status", "gateway", "preprocess", "router", "inference", "postprocess"):
            done = run_shoal(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("--", done.stdout)

    def test_the_version_is_told(self):
        self.assertRegex(run_shoal("--version").stdout, r"^shoal \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
