"""The installed package: what it holds, what is built against it out of tree, and the command line of a service."""

import ast
import re
import signal
import subprocess
import sys
import unittest

from mesh import PATIENCE_S, ROOT, SHOAL, Edge, Mesh, eventually, status
from package import EXAMPLES, Package, Service, run


def setUpModule():
    global package, redaction
    package = Package("package")
    redaction = package.make("redaction")


class Installed(unittest.TestCase):
    def test_the_installed_binary_runs(self):
        self.assertRegex(run(package.binary, "--version"), r"^shoal \d")

    def test_installed_headers_include_only_what_is_installed(self):
        headers = sorted(package.headers.rglob("*.h"))
        self.assertIn(package.headers / "shoal.h", headers)
        for header in headers:
            for name in re.findall(r'#include "(.*)"', header.read_text()):
                self.assertTrue((package.headers.parent / name).is_file(), f"{header.name} includes {name}")

    def test_headers_without_cxx20_say_so(self):
        source = package.place / "old.cc"
        source.write_text("#include <shoal/shoal.h>\n")
        done = subprocess.run(["c++", "-std=c++17", "-fsyntax-only", f"-I{package.headers.parent}", source],
                              capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("compile with -std=c++20", done.stderr)

    def test_the_examples_are_as_short_as_they_promise(self):
        for name, most in (("moderation/moderation.cc", 60), ("moderation_python/moderation.py", 25)):
            lines = (EXAMPLES / name).read_text().splitlines()
            self.assertLessEqual(len(lines), most, name)
            self.assertLessEqual(max(map(len, lines)), 120, name)

    def test_each_example_has_a_readme_of_three_lines_and_takes_shoal_from_pkg_config_alone(self):
        for folder in filter(lambda path: path.is_dir() and path.name[0] not in "._", EXAMPLES.iterdir()):
            self.assertEqual(len((folder / "README.md").read_text().splitlines()), 3, folder.name)
            for source in folder.glob("*.cc"):
                self.assertEqual(re.findall(r'#include "', source.read_text()), [], source.name)

    def test_the_python_client_needs_nothing_but_zmq_and_msgpack(self):
        tree = ast.parse((ROOT / "clients" / "python" / "shoal.py").read_text())
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        self.assertEqual(names - set(sys.stdlib_module_names), {"msgpack", "zmq"})


class CommandLine(unittest.TestCase):
    def refused(self, *arguments):
        done = subprocess.run([str(redaction), *arguments], capture_output=True, text=True, check=False,
                              timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_an_unknown_option_names_the_nearest(self):
        self.assertIn("--mesages (did you mean messages?)", self.refused("--mesages=3"))

    def test_a_number_out_of_its_bounds_is_refused_with_what_was_expected(self):
        self.assertIn("messages: expected a whole number from 1 to 1024, got 0", self.refused("--messages=0"))

    def test_an_address_for_others_is_refused_without_insecure(self):
        self.assertIn("can be reached from other hosts", self.refused("--bind=tcp://0.0.0.0:*"))

    def test_a_file_of_the_mesh_gives_the_services_own_table_and_nothing_of_others(self):
        file = package.place / "mesh.toml"
        file.write_text('routers = ["tcp://127.0.0.1:1"]\n[gateway]\nclient_bind = "ipc://x"\n'
                        '[services.redact]\nwith = "(gone)"\nmessages = 7\n[services.other]\nwords = ["x"]\n')
        service = Service(redaction, f"--config={file}", "--messages=8", joined=False)
        self.assertEqual(service.end(), 0)
        settings = next(line for line in service.errors if line.startswith("configuration "))
        self.assertIn("routers=tcp://127.0.0.1:1 ", settings)
        self.assertIn("with=(gone) messages=8", settings)

    def test_an_unknown_key_of_the_file_names_file_line_and_the_nearest(self):
        file = package.place / "wrong.toml"
        file.write_text("[services.redact]\nmesages = 7\n")
        self.assertRegex(self.refused(f"--config={file}"), r"wrong\.toml:2: .*mesages \(did you mean messages\?\)")

    def test_help_lists_the_services_own_keys(self):
        self.assertIn("--messages", run(redaction, "--help"))

    def test_sigterm_ends_it_with_0(self):
        self.assertEqual(Service(redaction, joined=False).end(signal.SIGTERM), 0)

    def test_an_address_that_is_taken_ends_it_with_78(self):
        first = Service(redaction, joined=False)
        self.addCleanup(first.end)
        address = re.search(r"bind=(\S+)", first.lines[-1])[1]
        done = subprocess.run([str(redaction), f"--bind={address}"], capture_output=True, text=True,
                              check=False, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 78, done.stderr)


class Skeleton(unittest.TestCase):
    def test_it_builds_tests_and_runs(self):
        folder = package.place / "greeter"
        script = ROOT / "scripts" / "new_service"
        run(script, "greeter", folder)
        run("meson", "setup", "build", cwd=folder, env=package.environment)
        run("meson", "compile", "-C", "build", cwd=folder, env=package.environment)
        self.assertRegex(run("meson", "test", "-C", "build", cwd=folder, env=package.environment), r"Ok:\s+1\b")
        mesh = Mesh(gateways=1, routers=1, preprocesses=1, inferences=1, postprocesses=1)
        self.addCleanup(mesh.close)
        service = Service(folder / "build" / "greeter", f"--routers={mesh.routers}", "--greeting=Ahoy")
        self.addCleanup(service.end)
        eventually(lambda: "greeter" in [process["kind"] for process in status(mesh.address)], "the directory lists it")
        table = run(SHOAL, "status", f"--connect={mesh.address}")
        self.assertRegex(table, r"(?m)^greeter ")
        again = subprocess.run([script, "greeter", folder], capture_output=True, text=True, check=False)
        self.assertEqual(again.returncode, 2)
        self.assertIn("nothing is overwritten", again.stderr)

    def test_a_stage_builds_tests_and_stands_in_the_pipeline_of_its_own_file(self):
        for name, options in (("gate", ["--stage"]), ("check", ["--after"]), ("both", ["--stage", "--after"])):
            folder = package.place / name
            run(ROOT / "scripts" / "new_service", name, folder, *options)
            run("meson", "setup", "build", cwd=folder, env=package.environment)
            run("meson", "compile", "-C", "build", cwd=folder, env=package.environment)
            self.assertRegex(run("meson", "test", "-C", "build", cwd=folder, env=package.environment), r"Ok:\s+1\b")
            with Mesh(model=None, config="shoal.toml", gateways=1, routers=1, cwd=folder) as mesh, \
                    Edge(mesh.address) as edge:
                self.assertEqual(edge.ask("what is it?")[1], "what is it?", name)
                end, text = edge.ask("the secret is out " + "x" * 300)
                self.assertEqual((end["type"], end.get("code"), end.get("reason")),
                                 ("ERROR", "refused", "listed_word"), name)
                self.assertIn("the answer" if name == "check" else "the request", end["message"])
                self.assertNotIn("secret", text)

    def test_names_that_no_service_can_have_are_refused_with_a_sentence(self):
        for name in ("", "Upper", "two words", "9lives", "router", "x" * 33, "dash-ed", "../up"):
            done = subprocess.run([ROOT / "scripts" / "new_service", name, package.place / "never"], check=False,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, name)
            self.assertIn("name", done.stderr)
            self.assertFalse((package.place / "never").exists())


if __name__ == "__main__":
    unittest.main()
