"""`shoal chat` as a person and a script meet it, against a gateway that the test controls."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

from fake_gateway import FakeGateway, answer
from mesh import PATIENCE_S, SHOAL, Process, eventually, free_ports, loopback, run_shoal
from terminal import Terminal

DIM, NORMAL = "\033[2m", "\033[0m"


def last_text(message):
    return message["messages"][-1]["content"]


def echo(message):
    return answer(last_text(message), reasoning="let me think")


def fail(code, text):
    return lambda message: [{"type": "ERROR", "code": code, "message": text}]


class OneShot(unittest.TestCase):
    def test_the_answer_goes_to_standard_output_and_what_it_took_to_standard_error(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", "What", "is", "this?")
            self.assertEqual((done.returncode, done.stdout), (0, "What is this?\n"))
            self.assertRegex(done.stderr, "^25 tokens in [0-9.]+ s · request 00000000\n$")

    def test_quiet_leaves_out_what_it_took(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", "--quiet", f"--connect={gateway.address}", "hi")
            self.assertEqual((done.stdout, done.stderr), ("hi\n", ""))

    def test_a_request_that_failed_is_named_too(self):
        accepted = {"type": "ACCEPTED", "request": "8cdbeaec" + "0" * 24, "gateways": []}
        with FakeGateway(lambda message: [accepted, *fail("peer_lost", "it died")(message)]) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", "hi")
            self.assertEqual(done.returncode, 1)
            self.assertIn("request 8cdbeaec\n", done.stderr)
            self.assertIn("ask again", done.stderr)
            self.assertNotIn("scripts/up", done.stderr)

    def test_parameters_reach_the_mesh(self):
        with FakeGateway(echo) as gateway:
            run_shoal("chat", f"--connect={gateway.address}", "--system=Be kind.", "--max-tokens=7",
                      "--temperature=0.5", "--top-p=0.9", "--seed=18446744073709551615", "--stop=a b", "--stop=c",
                      "--tier=vip", "hi")
            sent = gateway.of("SUBMIT")[0]
            self.assertEqual([m["role"] for m in sent["messages"]], ["system", "user"])
            self.assertEqual((sent["max_tokens"], sent["temperature"], sent["stream"]), (7, 0.5, True))
            self.assertEqual((sent["top_p"], sent["seed"], sent["stop"], sent["tier"]),
                             (0.9, 2**64 - 1, ["a b", "c"], "vip"))

    def test_parameters_out_of_bounds_are_refused_before_anybody_is_asked(self):
        nobody = f"--connect={loopback(free_ports().client)}"
        for option, says in (("--temperature=3", "temperature: expected"), ("--top-p=0", "top_p: expected"),
                             ("--max-tokens=0", "max_tokens: expected"), ("--tier=gold", "none of vip"),
                             ("--stop=" + "x" * 200, "stop"), ("--seed=-1", "--seed"),
                             ("--temperature=warm", "--temperature")):
            with self.subTest(option):
                done = run_shoal("chat", nobody, option, "hi")
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(says, done.stderr)

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

    def test_addresses_need_no_transport_and_may_come_from_the_environment(self):
        with FakeGateway(echo) as gateway:
            port = gateway.address.rpartition(":")[2]
            for address in (f"localhost:{port}", f"127.0.0.1:{port}", port):
                with self.subTest(address):
                    self.assertEqual(run_shoal("chat", f"--connect={address}", "hi").stdout, "hi\n")
                    environment = {**os.environ, "SHOAL_CONNECT": address}
                    self.assertEqual(run_shoal("chat", "hi", env=environment).stdout, "hi\n")
                    given = f"--connect={gateway.address}"
                    environment["SHOAL_CONNECT"] = loopback(free_ports().client)
                    self.assertEqual(run_shoal("chat", given, "hi", env=environment).stdout, "hi\n")

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
                "request": "0" * 32, "content": "hi", "reasoning_content": "let me think", "finish_reason": "stop",
                "usage": {"prompt_tokens": 1, "completion_tokens": 14, "total_tokens": 15}})

    def test_with_json_an_error_is_json_too_on_standard_error(self):
        with FakeGateway(fail("busy", "full \"up\"")) as gateway:
            done = run_shoal("chat", "--json", f"--connect={gateway.address}", "hi")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            error = json.loads(done.stderr)["error"]
            self.assertEqual((error["code"], error["message"]), ("busy", "full \"up\""))
        done = run_shoal("chat", "--json", f"--connect={loopback(free_ports().client)}", "hi")
        self.assertEqual((done.returncode, json.loads(done.stderr)["error"]["code"]), (3, "no_gateway"))

    def test_json_from_a_pipe_is_one_line_an_answer(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", "--json", f"--connect={gateway.address}", input="one\ntwo\n")
            self.assertEqual([json.loads(line)["content"] for line in done.stdout.splitlines()], ["one", "two"])


class Conversation(unittest.TestCase):
    """On a terminal. What libedit draws between a key and the next prompt is its own business."""

    def setUp(self):
        state = tempfile.TemporaryDirectory(prefix="shoal-e2e-")
        self.addCleanup(state.cleanup)
        self.state = pathlib.Path(state.name)

    def chat(self, gateway, *options):
        environment = {**os.environ, "XDG_STATE_HOME": str(self.state), "TERM": "xterm", "LC_ALL": "C"}
        terminal = Terminal(SHOAL, "chat", f"--connect={gateway.address}", *options, env=environment)
        terminal.read_until("> ")
        return terminal

    def test_questions_are_answered_line_by_line_with_all_that_was_said(self):
        with FakeGateway(echo) as gateway:
            terminal = self.chat(gateway)
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
            terminal = self.chat(gateway)
            terminal.type("one\n")
            self.assertIn(f"{DIM}let me think{NORMAL}\r\none\r\n", terminal.read_until("> "))
            terminal.type("\x04")
            self.assertEqual(terminal.end(), 0)

    def test_reasoning_can_be_left_out(self):
        with FakeGateway(echo) as gateway:
            terminal = self.chat(gateway, "--no-reasoning")
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
            terminal = self.chat(gateway)
            terminal.type("one\n")
            self.assertIn("busy: full", terminal.read_until("> "))
            terminal.type("two\n")
            self.assertIn("\r\ntwo\r\n", terminal.read_until("> "))
            terminal.type("/exit\n")
            self.assertEqual(terminal.end(), 0)
            self.assertEqual(len(gateway.of("SUBMIT")[1]["messages"]), 1)

    def test_an_interrupt_stops_an_answer_or_drops_a_line_but_not_the_chat(self):
        def half_an_answer(message):
            if "messages" not in message:
                return []
            return list(answer("ham"))[:4] if last_text(message) == "one" else echo(message)
        with FakeGateway(half_an_answer) as gateway:
            terminal = self.chat(gateway)
            terminal.type("one\n")
            terminal.read_until("ha")
            terminal.type("\x03")
            terminal.read_until("cancelled")
            eventually(lambda: gateway.of("CANCEL"), "the cancel came")
            terminal.read_until("> ")
            terminal.type("nothing\x03")
            terminal.read_until("> ")
            terminal.type("two\n")
            terminal.read_until("\r\ntwo\r\n")
            terminal.read_until("> ")
            terminal.type("\x04")
            self.assertEqual(terminal.end(), 0)
            said = [m["content"] for m in gateway.of("SUBMIT")[1]["messages"]]
            self.assertEqual(said, ["one", "ha", "two"])  # what was seen of the answer counts

    def test_a_line_can_be_edited_in_any_script(self):
        with FakeGateway(echo) as gateway:
            terminal = self.chat(gateway)
            left, home, end, backspace = "\033[D", "\033[H", "\033[F", "\x7f"
            terminal.type(f"你好吗{backspace}{left}很é{home}«{end}»\n")
            terminal.read_until("request")
            terminal.read_until("> ")
            self.assertEqual(last_text(gateway.of("SUBMIT")[0]), "«你很é好»")
            terminal.type("/quit\n")
            self.assertEqual(terminal.end(), 0)

    def test_earlier_questions_come_back_also_those_of_another_chat(self):
        up = "\033[A"
        with FakeGateway(echo) as gateway:
            for keys in ("一 first\n", f"{up}!\n", f"{up}{up}?\n", " secret\n", f"{up}.\n"):
                terminal = self.chat(gateway)
                terminal.type(keys)
                terminal.read_until("request")
                terminal.read_until("> ")
                terminal.type("\x04")
                self.assertEqual(terminal.end(), 0)
            asked = [last_text(message) for message in gateway.of("SUBMIT")]
            self.assertEqual(asked, ["一 first", "一 first!", "一 first?", " secret", "一 first?."])
        history = self.state / "shoal" / "history"
        self.assertEqual(history.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("secret", history.read_text())

    def test_commands_are_no_questions(self):
        with FakeGateway(echo) as gateway:
            terminal = self.chat(gateway)
            for command, says in (("/help", "/clear"), ("/hepl", "no command /hepl (did you mean /help?)")):
                terminal.type(f"{command}\n")
                terminal.read_until(says)
                terminal.read_until("> ")
            for question in ("one", "/etc/hosts is what?"):
                terminal.type(f"{question}\n")
                terminal.read_until("request")
                terminal.read_until("> ")
            terminal.type("/clear\n")
            terminal.read_until("new conversation")
            terminal.read_until("> ")
            terminal.type("two\n")
            terminal.read_until("request")
            terminal.type("/quit\n")
            self.assertEqual(terminal.end(), 0)
            self.assertEqual([len(m["messages"]) for m in gateway.of("SUBMIT")], [1, 3, 1])

    def test_a_conversation_that_outgrows_the_context_loses_its_oldest_turns_and_says_so(self):
        def small(message):
            return fail("context_length", "too long")(message) if len(message["messages"]) > 6 else echo(message)
        with FakeGateway(small) as gateway:
            terminal = self.chat(gateway, "--system=Be kind.")
            for question in ("one", "two"):
                terminal.type(f"{question}\n")
                terminal.read_until("request")
                terminal.read_until("> ")
            terminal.type("three\n")
            terminal.read_until("\r\nthree\r\n")
            terminal.read_until("> ")
            terminal.type("four\n")
            self.assertIn("the oldest 2 turns are left out", terminal.read_until("\r\nfour\r\n"))
            terminal.read_until("> ")
            terminal.type("\x04")
            self.assertEqual(terminal.end(), 0)
            said = [m["content"] for m in gateway.of("SUBMIT")[-1]["messages"]]
            self.assertEqual(said, ["Be kind.", "three", "three", "four"])

    def test_a_single_question_that_is_too_long_is_an_error(self):
        with FakeGateway(fail("context_length", "too long")) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", "hi")
            self.assertEqual((done.returncode, len(gateway.of("SUBMIT"))), (1, 1))
            self.assertIn("context_length: too long", done.stderr)

    def test_an_answer_that_filled_the_context_says_so(self):
        def cut(message):
            *before, done = answer("abc")
            return [*before, {**done, "finish_reason": "length"}]
        with FakeGateway(cut) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", input="one\ntwo\nthree\n")
            self.assertIn("the model's context is full", done.stderr)
            self.assertEqual([len(m["messages"]) for m in gateway.of("SUBMIT")], [1, 3, 3])
            done = run_shoal("chat", f"--connect={gateway.address}", "--max-tokens=3", "one")
            self.assertIn("limit of tokens", done.stderr)

    def test_lines_from_a_pipe_are_questions(self):
        with FakeGateway(echo) as gateway:
            done = run_shoal("chat", f"--connect={gateway.address}", input="one\n\ntwo")
            self.assertEqual((done.returncode, done.stdout), (0, "one\ntwo\n"))


if __name__ == "__main__":
    unittest.main()
