"""One configuration file for all kinds, the command line above it, and help."""

import contextlib
import json
import pathlib
import signal
import tempfile
import unittest

from mesh import Mesh, Service, eventually, free_ports, loopback, run_shoal, status


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

    def test_routers_need_no_transport(self):
        port = free_ports().router
        for process in (Service("router", f"127.0.0.1:{port}", joined=False, bind=loopback(port)),
                        Service("gateway", f"localhost:{port}", client_bind="tcp://127.0.0.1:*"),
                        Service("inference", str(port), model="bytes")):
            self.addCleanup(process.end)
        done = run_shoal("router", "--routers=localhost")
        self.assertEqual(done.returncode, 2)
        self.assertIn('routers: "localhost" is no address: expected HOST:PORT, as in 127.0.0.1:5570', done.stderr)

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


class ShowConfig(unittest.TestCase):
    def test_every_key_is_shown_with_its_value_and_where_it_came_from(self):
        with file_of('node = "left"\n[gateway]\nclient_bind = "ipc:///tmp/x"\n') as path:
            done = run_shoal("config", f"--config={path}", "--gateway.bind=ipc:///tmp/y", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            shown = json.loads(done.stdout)
        gateway = shown["gateway"]
        for key, value, source in (("client_bind", "ipc:///tmp/x", f"{path}:3"),
                                   ("bind", "ipc:///tmp/y", "command line"), ("insecure", "false", "default")):
            self.assertEqual((gateway[key]["value"], gateway[key]["from"]), (value, source))
        self.assertEqual(shown["router"]["node"]["from"], f"{path}:1")
        self.assertEqual(set(shown), {"gateway", "preprocess", "router", "inference", "postprocess", "up"})

    def test_one_kind_can_be_shown_alone(self):
        done = run_shoal("config", "router")
        self.assertEqual(done.returncode, 0)
        self.assertIn("[router]", done.stdout)
        self.assertNotIn("[gateway]", done.stdout)
        self.assertEqual(run_shoal("config", "rooter").returncode, 2)

    def test_a_file_that_is_wrong_is_exit_code_2(self):
        for text in ("[up]\ngateways = 0\n", '[router]\nbind = "tcp://0.0.0.0:1"\n', "nonsense"):
            with file_of(text) as path:
                self.assertEqual(run_shoal("config", f"--config={path}").returncode, 2, text)


class Logs(unittest.TestCase):
    def test_with_json_every_line_of_every_log_is_an_object_and_up_says_json_too(self):
        with Mesh(model="bytes", gateways=1, routers=1, preprocesses=1, inferences=1, postprocesses=1, say="up",
                  log_format="json") as mesh:
            self.assertEqual(mesh.end(signal.SIGTERM), 0)
            events = [json.loads(line)["event"] for line in mesh.lines]
            self.assertEqual(events[0], "starting")
            self.assertEqual(events.count("ready"), 5)
            self.assertEqual(events[-4:], ["asking", "answered", "up", "ending"])
            for name, log in mesh.logs().items():
                lines = [json.loads(line) for line in log.splitlines()]
                self.assertLessEqual({"configuration", "ready", "ended"}, {line["event"] for line in lines}, name)
                configuration = next(line for line in lines if line["event"] == "configuration")
                self.assertEqual((configuration["level"], configuration["log_format"]), ("info", "json"))

    def test_the_level_leaves_out_what_is_less(self):
        with Mesh(model="bytes", gateways=1, routers=1, preprocesses=1, inferences=1, postprocesses=1,
                  **{"log_level": "error", "router.log_level": "info"}) as mesh:
            logs = mesh.logs()
            self.assertNotIn("event=configuration", logs["gateway-0.log"])
            self.assertIn("event=configuration", logs["router-0.log"])

    def test_why_a_process_does_not_start_is_json_where_logs_are(self):
        done = run_shoal("inference", "--model=/nonexistent", "--log_format=json")
        self.assertEqual(done.returncode, 78)
        refusal = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual((refusal["event"], refusal["level"], refusal["code"]), ("refused", "error", "bad_checkpoint"))
        self.assertIn("/nonexistent", refusal["text"])


class Inference(unittest.TestCase):
    """What an inference process cannot be, said before it dials anybody."""

    def test_step_tokens_leave_room_for_a_prompt_beside_all_slots(self):
        done = run_shoal("inference", "--model=bytes", "--slots=32", "--step_tokens=39")
        self.assertEqual((done.returncode, done.stdout), (78, ""))
        self.assertIn("step_tokens: expected at least slots + 8 (40), got 39", done.stderr)
        service = Service("inference", "ipc://nobody", joined=False, model="bytes", slots=32, step_tokens=40)
        self.assertEqual(service.end(), 0)

    def test_up_says_it_and_starts_nothing_that_lasts(self):
        ports = free_ports(1, 1)
        done = run_shoal("up", "--model=bytes", "--inference.slots=64", "--inference.step_tokens=64",
                         f"--client-port={ports.client}", f"--router-port={ports.router}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("step_tokens: expected at least slots + 8 (72), got 64", done.stderr)

    def test_an_unknown_module_names_the_known_ones(self):
        done = run_shoal("inference", "--model=bytes", "--module=cpu_avx3")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn('module: expected auto or ref or cpu_base or cpu_avx2, got "cpu_avx3"', done.stderr)


class Help(unittest.TestCase):
    def test_help_explains_every_command(self):
        for command in ("up", "chat", "status", "doctor", "config", "gateway", "preprocess", "router", "inference",
                        "postprocess"):
            done = run_shoal(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("Examples:\n  shoal " + command, done.stdout)

    def test_the_commands_are_sorted_by_what_they_are_for(self):
        done = run_shoal("--help")
        self.assertEqual(done.returncode, 0)
        for group in ("Run a mesh:", "Use a mesh:", "Look at it:", "One process of a mesh:", "Examples:"):
            self.assertIn(group, done.stdout)

    def test_an_unknown_command_names_the_nearest(self):
        done = run_shoal("stauts")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean status?", done.stderr)

    def test_the_version_is_told(self):
        self.assertRegex(run_shoal("--version").stdout, r"^shoal \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
