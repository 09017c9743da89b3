"""`shoal chat` and `shoal status` as a person and a script meet them, against a gateway that the test controls."""

import json
import os
import pty
import signal
import subprocess
import unittest

import msgpack
import zmq
from fake_gateway import FakeGateway, answer
from mesh import PATIENCE_S, SHOAL, Process, eventually, free_ports, loopback, run_shoal

DIM, NORMAL = "\033[2m", "\033[0m"


def last_text(message):
    return message["messages"][-1]["content"]


def echo(message):
    return answer(last_text(message), reasoning="let me think")


def fail(code, text):
    return lambda message: [{"type": "ERROR", "code": code, "message": text}]


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *words):
        self._master, slave = pty.openpty()
        self.child = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, close_fds=True,
                                      start_new_session=True)
        os.close(slave)
        os.set_blocking(self._master, False)
        self.screen = ""

    def type(self, text):
        os.write(self._master, text.encode())

    def read_until(self, text):
        """Everything since the last call, up to the end of `text`."""
        def look():
            try:
                self.screen += os.read(self._master, 65536).decode()
            except BlockingIOError:
                pass
            except OSError:  # the program has ended
                return text in self.screen or self.fail(text)
            return text in self.screen
        eventually(look, f"'{text}' on the screen: {self.screen!r}")
        seen, _, self.screen = self.screen.partition(text)
        return seen + text

    def fail(self, text):
        raise AssertionError(f"ended before it showed '{text}': {self.screen!r}")

    def end(self):
        """The exit code, once the program ends by itself."""
        try:
            return self.child.wait(PATIENCE_S)
        finally:
            self.child.kill()
            os.close(self._master)


class OneShot(unittest.TestCase):
    def test_the_answer_goes_to_standard_output_and_nothing_else(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", "What", "is", "this?")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "What is this?\n", ""))

    def test_parameters_reach_the_mesh(self):
        with FakeGateway(echo) as gateway:
            run_shoal("chat", f"--connect={gateway.address}", "--system=Be kind.", "--max-tokens=7",
                      "--temperature=0.5", "hi")
            sent = gateway.of("SUBMIT")[0]
            self.assertEqual([m["role"] for m in sent["messages"]], ["system", "user"])
            self.assertEqual((sent["max_tokens"], sent["temperature"], sent["stream"]), (7, 0.5, True))

    def test_an_error_of_the_mesh_is_shown_with_code_and_advice(self):
        with FakeGateway(fail("no_inference", "no inference process is alive")) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", "hi")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("no_inference: no inference process is alive", done.stderr)
            self.assertIn("shoal status", done.stderr)

    def test_nobody_at_the_address_is_exit_code_3_and_says_what_to_do(self):
        done = run_shoal("chat", f"--connect={loopback(free_ports().client)}", "hi")
        self.assertEqual(done.returncode, 3)
        self.assertIn("scripts/up", done.stderr)

    def test_something_else_at_the_address_is_said_to_be_no_gateway(self):
        listener = Process("/usr/bin/python3", "-u", "-m", "http.server", "--bind=127.0.0.1",
                           str(free_ports().client))
        try:
            port = listener.wait_for_line("Serving").split("port ")[1].split()[0]
            done = run_shoal("chat", f"--connect=tcp://127.0.0.1:{port}", "hi")
            self.assertEqual(done.returncode, 3)
            self.assertIn("does not answer as a gateway does", done.stderr)
        finally:
            listener.end()

    def test_the_second_address_is_taken_when_the_first_does_not_answer(self):
        with FakeGateway(echo) as gateway:
            nobody = loopback(free_ports().client)
            self.assertEqual(run_shoal("chat", f"--connect={nobody},{gateway.address}", "hi").stdout, "hi\n")

    def test_a_gateway_that_goes_away_is_exit_code_3(self):
        gateway = FakeGateway(lambda message: list(answer(""))[:1])
        chat = Process(SHOAL, "chat", f"--connect={gateway.address}", "hi")
        eventually(lambda: gateway.of("SUBMIT"), "the question came")
        gateway.close()
        self.assertEqual(chat.child.wait(PATIENCE_S), 3)
        chat.end()
        self.assertIn("went away", "\n".join(chat.errors))

    def test_an_interrupt_cancels_the_question(self):
        with FakeGateway(lambda message: list(answer(""))[:1]) as gateway:
            chat = Process(SHOAL, "chat", f"--connect={gateway.address}", "hi")
            eventually(lambda: gateway.of("SUBMIT"), "the question came")
            self.assertEqual(chat.end(signal.SIGINT), 1)
            eventually(lambda: gateway.of("CANCEL"), "the cancel came")

    def test_wrong_usage_is_exit_code_2_and_names_the_nearest_option(self):
        done = run_shoal("chat", "--max-token=3", "hi")
        self.assertEqual(done.returncode, 2)
        self.assertIn("did you mean max-tokens?", done.stderr)


    def test_json_is_one_object_with_the_whole_answer(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", "--json", f"--connect={gateway.address}", "hi")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(json.loads(done.stdout), {
                "content": "hi", "reasoning_content": "let me think", "finish_reason": "stop",
                "usage": {"prompt_tokens": 1, "completion_tokens": 14, "total_tokens": 15}})

    def test_with_json_an_error_is_json_too_on_standard_error(self):
        with FakeGateway(fail("busy", "full \"up\"")) as gateway:
            done = run_shoal("chat", "--json", f"--connect={gateway.address}", "hi")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            error = json.loads(done.stderr)["error"]
            self.assertEqual((error["code"], error["message"]), ("busy", "full \"up\""))
        done = run_shoal("chat", "--json", f"--connect={loopback(free_ports().client)}", "hi")
        self.assertEqual((done.returncode, json.loads(done.stderr)["error"]["code"]), (3, "peer_lost"))

    def test_json_from_a_pipe_is_one_line_an_answer(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", "--json", f"--connect={gateway.address}", input="one\ntwo\n")
            self.assertEqual([json.loads(line)["content"] for line in done.stdout.splitlines()], ["one", "two"])


class Conversation(unittest.TestCase):
    def test_questions_are_answered_line_by_line_with_all_that_was_said(self):
        with FakeGateway(echo) as gateway:
            terminal = Terminal(SHOAL, "chat", f"--connect={gateway.address}")
            terminal.read_until("> ")
            terminal.type("one\n")
            self.assertIn("\r\none\r\n", terminal.read_until("> "))
            terminal.type("two\n")
            self.assertIn("\r\ntwo\r\n", terminal.read_until("> "))
            terminal.type("/exit\n")
            self.assertEqual(terminal.end(), 0)
            said = [(m["role"], m["content"]) for m in gateway.of("SUBMIT")[1]["messages"]]
            self.assertEqual(said, [("user", "one"), ("assistant", "one"), ("user", "two")])

    def test_reasoning_is_shown_dim_and_the_answer_normal(self):
        with FakeGateway(echo) as gateway:
            terminal = Terminal(SHOAL, "chat", f"--connect={gateway.address}")
            terminal.read_until("> ")
            terminal.type("one\n")
            self.assertIn(f"{DIM}let me think{NORMAL}\r\none\r\n", terminal.read_until("> "))
            terminal.type("\x04")
            self.assertEqual(terminal.end(), 0)

    def test_reasoning_can_be_left_out(self):
        with FakeGateway(echo) as gateway:
            terminal = Terminal(SHOAL, "chat", "--no-reasoning", f"--connect={gateway.address}")
            terminal.read_until("> ")
            terminal.type("one\n")
            self.assertNotIn("let me think", terminal.read_until("> "))
            terminal.type("/exit\n")
            self.assertEqual(terminal.end(), 0)

    def test_an_answer_cannot_control_the_terminal(self):
        with FakeGateway(lambda message: answer("\033[2Jdone\007")) as gateway:
            terminal = Terminal(SHOAL, "chat", f"--connect={gateway.address}", "hi")
            self.assertNotIn("\033[2J", terminal.read_until("done\r\n"))
            self.assertEqual(terminal.end(), 0)

    def test_an_error_does_not_end_the_conversation_and_is_not_remembered(self):
        with FakeGateway(lambda message: fail("busy", "full")(message) if last_text(message) == "one"
                         else echo(message)) as gateway:
            terminal = Terminal(SHOAL, "chat", f"--connect={gateway.address}")
            terminal.read_until("> ")
            terminal.type("one\n")
            self.assertIn("busy: full", terminal.read_until("> "))
            terminal.type("two\n")
            self.assertIn("\r\ntwo\r\n", terminal.read_until("> "))
            terminal.type("/exit\n")
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(len(gateway.of("SUBMIT")[1]["messages"]), 1)

    def test_an_interrupt_ends_an_answer_and_then_the_conversation(self):
        with FakeGateway(lambda message: list(answer("", reasoning="hm"))[:3]) as gateway:
            terminal = Terminal(SHOAL, "chat", f"--connect={gateway.address}")
            terminal.read_until("> ")
            terminal.type("one\n")
            terminal.read_until("h")
            terminal.child.send_signal(signal.SIGINT)
            terminal.read_until("cancelled")
            terminal.read_until("> ")
            terminal.child.send_signal(signal.SIGINT)
            self.assertIn(terminal.end(), (0, 1))

    def test_lines_from_a_pipe_are_questions(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", input="one\n\ntwo")
            self.assertEqual((done.returncode, done.stdout), (0, "one\ntwo\n"))


def listing(*loads):
    """A script that answers each STATUS with the next of these counts of tokens, then with the last again."""
    counts = list(loads)

    def answer_status(message):
        tokens = counts.pop(0) if len(counts) > 1 else counts[0]
        load = {"tokens_total": tokens, "running": [0, 2, 0, 0], "waiting": [0, 0, 0, 7], "slots": 8, "streams": 2}
        return [{"type": "STATUS", "processes": [
            {"kind": kind, "node": "left", "epoch": epoch, "address": "tcp://a:1", "client": "", "load": load,
             "age_ms": 0} for kind, epoch in (("inference", "0a"), ("router", "0b"))]}]
    return answer_status


class Status(unittest.TestCase):
    def test_the_tables_show_processes_and_tiers(self):
        with FakeGateway(listing(5)) as gateway:
            done = run_shoal("status", f"--connect={gateway.address}")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"inference +left +0a")
            self.assertRegex(done.stdout, r"batch +7 +0 +7\n")
            self.assertRegex(done.stdout, r"realtime +0 +2 +0\n")

    def test_json_lists_the_processes(self):
        with FakeGateway(listing(5)) as gateway:
            done = run_shoal("status", "--json", f"--connect={gateway.address}")
            self.assertEqual([process["kind"] for process in json.loads(done.stdout)], ["inference", "router"])

    def test_watching_as_json_prints_a_line_each_time_with_tokens_per_second(self):
        with FakeGateway(listing(0, 1000, 2000)) as gateway:
            watch = Process(SHOAL, "status", "--watch=0.1", "--json", f"--connect={gateway.address}")
            eventually(lambda: len(watch.lines) >= 3, "three looks")
            self.assertEqual(watch.end(signal.SIGINT), 0)
            first, second = map(json.loads, watch.lines[:2])
            self.assertIsNone(first["processes"][0]["tokens_per_second"])
            self.assertGreater(second["processes"][0]["tokens_per_second"], 0)

    def test_watching_on_a_pipe_prints_a_table_each_time_and_ends_with_0(self):
        with FakeGateway(listing(5)) as gateway:
            watch = Process(SHOAL, "status", "--watch=0.1", f"--connect={gateway.address}")
            eventually(lambda: sum("TOKENS/S" in line for line in list(watch.lines)) >= 2, "two tables")
            self.assertEqual(watch.end(signal.SIGINT), 0)
            self.assertNotIn("\033", "".join(watch.lines))

    def test_watching_on_a_terminal_draws_over_what_was_there(self):
        with FakeGateway(listing(5)) as gateway:
            terminal = Terminal(SHOAL, "status", "--watch=0.1", f"--connect={gateway.address}")
            terminal.read_until("batch")
            terminal.read_until("\033[H\033[2J")
            terminal.child.send_signal(signal.SIGINT)
            self.assertEqual(terminal.end(), 0)

    def test_a_mesh_that_goes_away_is_waited_for_while_watching(self):
        gateway = FakeGateway(listing(5))
        watch = Process(SHOAL, "status", "--watch=0.1", "--json", f"--connect={gateway.address}")
        eventually(lambda: watch.lines, "one look")
        gateway.close()
        eventually(lambda: watch.errors, "its end is said")
        self.assertIsNone(watch.child.poll())
        self.assertEqual(watch.end(signal.SIGINT), 0)
        self.assertEqual(json.loads(watch.errors[0])["error"]["code"], "peer_lost")

    def test_nobody_there_is_exit_code_3(self):
        for extra in ([], ["--watch"], ["--json"]):
            done = run_shoal("status", f"--connect={loopback(free_ports().client)}", *extra)
            self.assertEqual((done.returncode, done.stdout), (3, ""), extra)


class StatusOfAnything(unittest.TestCase):
    def test_a_gateway_that_answers_nonsense_is_no_crash(self):
        context = zmq.Context()
        router = context.socket(zmq.ROUTER)
        port = router.bind_to_random_port("tcp://127.0.0.1")
        child = Process(SHOAL, "status", f"--connect=tcp://127.0.0.1:{port}")
        try:
            client, frame = router.recv_multipart()
            name = msgpack.unpackb(frame)["id"]
            nonsense = {"type": "STATUS", "id": name, "processes": [1, {"load": 2}]}
            router.send_multipart([client, msgpack.packb(nonsense)])
            self.assertIn(child.child.wait(PATIENCE_S), (0, 1))
        finally:
            child.end()
            context.destroy(linger=0)


if __name__ == "__main__":
    unittest.main()
