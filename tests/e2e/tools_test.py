"""The tools against a real mesh: chat, status, the Python client and the examples of the README."""

import json
import pathlib
import subprocess
import sys
import unittest

from mesh import KINDS, PATIENCE_S, ROOT, Edge, Mesh, eventually, run_shoal, status

sys.path.insert(0, str(ROOT / "clients" / "python"))
import shoal  # noqa: E402

EXAMPLES = pathlib.Path(ROOT, "clients", "python", "examples")


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def test_the_supervisor_shows_each_process_the_first_answer_and_what_to_do_next(self):
        text = "\n".join(self.mesh.lines)
        for kind in KINDS:
            self.assertEqual(sum(line.startswith(kind + " ") for line in self.mesh.lines), 2, kind)
        self.assertIn("> Hello, Shoal!\nHello, Shoal!\n", text)
        self.assertIn(f"chat --connect={self.mesh.address.removeprefix('tcp://')}", text)

    def test_chat_answers_one_question(self):
        done = run_shoal("chat", f"--connect={self.mesh.address}", "one question")
        self.assertEqual((done.returncode, done.stdout), (0, "one question\n"))
        self.assertRegex(done.stderr, r"^13 tokens in [0-9.]+ s · request [0-9a-f]{8}\n$")

    def test_chat_answers_a_conversation(self):
        done = run_shoal("chat", f"--connect={self.mesh.addresses[1]}", input="one\ntwo\n/exit\n")
        self.assertEqual((done.returncode, done.stdout), (0, "one\ntwo\n"))

    def test_status_shows_ten_processes_with_epochs_of_their_own(self):
        def measured():
            processes = status(self.mesh.address)
            return len(processes) == 10 and all(p["load"]["rss_bytes"] for p in processes) and processes

        processes = eventually(measured, "ten processes have measured themselves")
        self.assertEqual(sorted(process["kind"] for process in processes), sorted(KINDS * 2))
        self.assertEqual(len({process["epoch"] for process in processes}), 10)
        for process in processes:
            self.assertRegex(process["epoch"], "^[0-9a-f]{16}$")
        self.assertEqual(sorted(process["client"] for process in processes if process["client"]), self.mesh.addresses)

    def test_both_gateways_show_the_same_processes(self):
        def agreed():
            seen = [{process["epoch"] for process in status(address)} for address in self.mesh.addresses]
            return len(seen[0]) == 10 and seen[0] == seen[1]
        eventually(agreed, "both list the same ten")

    def test_the_status_command_prints_a_table_and_json(self):
        table = run_shoal("status", f"--connect={self.mesh.address}")
        listed = [line for line in table.stdout.splitlines() if line.split(" ")[0] in KINDS]
        self.assertEqual((table.returncode, len(listed)), (0, 10))
        processes = json.loads(run_shoal("status", "--json", f"--connect={self.mesh.address}").stdout)
        for process in processes:
            self.assertIn(process["epoch"], table.stdout)

    def test_load_counts_what_was_generated(self):
        def total():
            return sum(p["load"]["tokens_total"] for p in status(self.mesh.address) if p["kind"] == "inference")

        before = total()
        with Edge(self.mesh.address) as edge:
            edge.ask("x" * 100)
        eventually(lambda: total() >= before + 100, "the reports count a hundred more")

    def test_each_example_of_the_readme_answers(self):
        for name in ("ten_lines.py", "request_reply.py"):
            done = subprocess.run(["/usr/bin/python3", EXAMPLES / name, self.mesh.address], capture_output=True,
                                  text=True, timeout=PATIENCE_S, check=False)
            self.assertEqual((done.returncode, done.stdout.strip(), done.stderr), (0, "What is 17 + 25?", ""))

    def test_the_readme_shows_these_examples(self):
        for name in ("ten_lines.py", "request_reply.py"):
            code = (EXAMPLES / name).read_text().rstrip()
            for readme in ("README.md", "README.zh-CN.md"):
                self.assertIn("```python\n" + code + "\n```", (ROOT / readme).read_text(), f"{name} in {readme}")

    def test_the_ten_line_client_has_ten_lines(self):
        lines = (EXAMPLES / "ten_lines.py").read_text().splitlines()
        self.assertEqual(len([line for line in lines if line.strip()]), 10)

    def test_the_python_client_streams(self):
        with shoal.Client(self.mesh.addresses) as client:
            deltas = list(client.chat([{"role": "user", "content": "delta by delta"}]))
            self.assertEqual("".join(delta.content for delta in deltas), "delta by delta")
            self.assertEqual(deltas[-1].position, sum(len(delta.ids) for delta in deltas))

    def test_the_python_client_completes(self):
        with shoal.Client(self.mesh.addresses) as client:
            answer = client.complete("all at once")
            self.assertEqual((answer.content, answer.finish_reason), ("all at once", "stop"))

    def test_the_python_client_grants_its_window_as_it_reads(self):
        with shoal.Client(self.mesh.address) as client:
            self.assertEqual(client.submit("through a small window", window=4).wait().content, "through a small window")

    def test_the_python_client_runs_many_requests_at_once(self):
        with shoal.Client(self.mesh.addresses) as client:
            streams = [client.submit(f"request {i}") for i in range(40)]
            for i, stream in reversed(list(enumerate(streams))):
                self.assertEqual(stream.wait().content, f"request {i}")

    def test_the_python_client_cancels(self):
        with shoal.Client(self.mesh.address) as client:
            stream = client.submit("never to be finished", window=4, auto_credit=False)
            next(stream)
            stream.cancel()
            with self.assertRaises(shoal.ShoalError) as raised:
                stream.wait()
            self.assertEqual(raised.exception.code, "cancelled")

    def test_the_python_client_raises_errors_with_their_code(self):
        with shoal.Client(self.mesh.address) as client:
            with self.assertRaises(shoal.ShoalError) as raised:
                client.complete("hello", model="no-such-model")
            self.assertEqual(raised.exception.code, "unknown_model")
            self.assertEqual(client.complete("hello").content, "hello")

    def test_the_python_client_shows_the_status(self):
        with shoal.Client(self.mesh.address) as client:
            self.assertEqual(len(client.status()), 10)


if __name__ == "__main__":
    unittest.main()
