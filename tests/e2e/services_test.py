"""Services of third parties, built out of tree against the installed package, in a real mesh."""

import signal
import sys
import unittest

from mesh import ROOT, Edge, Mesh, Process, eventually, status
from package import EXAMPLES, PYTHON, Package, Service, run

sys.path.insert(0, str(ROOT / "clients" / "python"))
import shoal  # noqa: E402


def setUpModule():
    global package, binaries
    package = Package("services")
    binaries = {name: package.make(name) for name in ("masking", "moderation", "redaction", "wordcount")}


def moderation_in_python(*words_and_gateways):
    return Process(PYTHON, "-B", str(EXAMPLES / "moderation_python" / "moderation.py"), *words_and_gateways,
                   env=package.environment)


def check_answer_in_python(*words_and_gateways):
    return Process(PYTHON, "-B", str(EXAMPLES / "check_answer_python" / "check_answer.py"), *words_and_gateways,
                   env=package.environment)


def lists(address, kind):
    """Whether a gateway knows a process of this kind, or that a client of some gateway serves it."""
    return any(process["kind"] == kind or kind in process["labels"].get("serves", "").split(",")
               for process in status(address))


def serving(address, kind):
    return [process for process in status(address) if kind in process["labels"].get("serves", "").split(",")]


class Called(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()
        cls.wordcount = Service(binaries["wordcount"], f"--routers={cls.mesh.routers}")
        for address in cls.mesh.addresses:
            eventually(lambda address=address: lists(address, "wordcount"), "the directory lists wordcount")

    @classmethod
    def tearDownClass(cls):
        cls.wordcount.end()
        cls.mesh.close()

    def test_a_program_in_python_calls_a_service_in_cxx(self):
        for address in self.mesh.addresses:
            self.assertEqual(run(PYTHON, "-B", EXAMPLES / "wordcount" / "count.py", "How many are these?", address,
                                 env=package.environment), "4\n")

    def test_the_services_own_error_reaches_the_caller(self):
        with shoal.Client(self.mesh.addresses) as client:
            with self.assertRaises(shoal.ShoalError) as raised:
                client.call("wordcount", "weigh", "x")
            self.assertEqual(raised.exception.code, "invalid_request")
            self.assertIn('"weigh"', raised.exception.message)
            self.assertEqual(client.call("wordcount", "count", "a b"), b"2")

    def test_a_service_in_cxx_calls_one_in_python(self):
        stage = moderation_in_python("bomb", self.mesh.address)
        self.addCleanup(stage.end, signal.SIGKILL)
        eventually(lambda: lists(self.mesh.addresses[1], "moderate"), "the label of the gateway lists moderate")
        with shoal.Client(self.mesh.addresses) as client:
            self.assertEqual(client.call("wordcount", "check", "one two three"), b"3")
            with self.assertRaises(shoal.ShoalError) as raised:
                client.call("wordcount", "check", "a bomb")
            self.assertEqual(raised.exception.code, "refused")
            self.assertIn("bomb", raised.exception.message)

    def test_a_kind_that_nobody_is_of_is_refused_at_once(self):
        with shoal.Client(self.mesh.addresses) as client:
            with self.assertRaises(shoal.ShoalError) as raised:
                client.call("nobody", "x")
            self.assertEqual(raised.exception.code, "no_service")


class Staged(unittest.TestCase):
    """One test for each stage; each has a mesh of its own, with one process of each kind."""

    def mesh(self, pipeline, **settings):
        one = dict.fromkeys(("gateways", "routers", "preprocesses", "inferences", "postprocesses"), 1)
        options = {"gateway." + key: value for key, value in {"pipeline": pipeline, **settings}.items()}
        mesh = Mesh(**one, **options)
        self.addCleanup(mesh.close)
        return mesh

    def check_answer(self, mesh, words="bomb,poison"):
        stage = check_answer_in_python(words, mesh.address)
        self.addCleanup(stage.end, signal.SIGKILL)
        eventually(lambda: serving(mesh.address, "check_answer"), "the gateway lists check_answer")
        return stage


class BeforeTheModel(Staged):
    def refuses_listed_words(self, mesh):
        with Edge(mesh.address) as edge:
            end, _ = edge.ask("how to build a Bomb?")
            self.assertEqual((end["type"], end.get("code"), end.get("reason")), ("ERROR", "refused", "listed_word"))
            self.assertIn('"bomb"', end["message"])
            self.assertEqual(edge.ask("how to build bombast?")[1], "how to build bombast?")

    def test_the_moderation_in_cxx_refuses_listed_words_and_lets_others_pass(self):
        mesh = self.mesh("moderate,preprocess")
        stage = Service(binaries["moderation"], f"--routers={mesh.routers}", "--words=bomb,poison")
        self.addCleanup(stage.end)
        eventually(lambda: lists(mesh.address, "moderate"), "the directory lists moderate")
        self.refuses_listed_words(mesh)

    def test_the_death_of_the_moderation_in_python_refuses_requests(self):
        mesh = self.mesh("moderate,preprocess")
        stage = moderation_in_python("bomb,poison", mesh.address)
        self.addCleanup(stage.end, signal.SIGKILL)
        eventually(lambda: serving(mesh.address, "moderate"), "the gateway lists moderate")
        self.refuses_listed_words(mesh)
        stage.end(signal.SIGKILL)
        with Edge(mesh.address) as edge:
            end, text = edge.ask("hello")
            self.assertEqual((end["type"], text), ("ERROR", ""))
            self.assertIn(end["code"], ("no_service", "peer_lost"))
            again = moderation_in_python("bomb,poison", mesh.address)
            self.addCleanup(again.end, signal.SIGKILL)
            eventually(lambda: edge.ask("hello")[1] == "hello", "requests pass again")

    def test_the_death_of_the_moderation_in_python_is_skipped_where_the_gateway_is_told_so(self):
        mesh = self.mesh("moderate,preprocess", on_down="moderate=skip")
        stage = moderation_in_python("bomb,poison", mesh.address)
        self.addCleanup(stage.end, signal.SIGKILL)
        eventually(lambda: serving(mesh.address, "moderate"), "the gateway lists moderate")
        self.refuses_listed_words(mesh)
        stage.end(signal.SIGKILL)
        with Edge(mesh.address) as edge:
            self.assertEqual(edge.ask("a bomb")[1], "a bomb")

    def test_what_a_stage_replaces_is_what_the_model_sees(self):
        mesh = self.mesh("redact,preprocess")
        stage = Service(binaries["redaction"], f"--routers={mesh.routers}")
        self.addCleanup(stage.end)
        eventually(lambda: lists(mesh.address, "redact"), "the directory lists redact")
        with Edge(mesh.address) as edge:
            self.assertEqual(edge.ask("ask ada.l@example.org, or me")[1], "ask [e-mail], or me")
            self.assertEqual(edge.ask("nobody to ask @ all")[1], "nobody to ask @ all")


class AfterTheModel(Staged):
    """The model says again what it was asked, an id for each byte."""

    def masking(self, mesh):
        stage = Service(binaries["masking"], f"--routers={mesh.routers}")
        self.addCleanup(stage.end)
        eventually(lambda: lists(mesh.address, "mask"), "the directory lists mask")

    def test_the_masking_in_cxx_shows_neither_the_numbers_nor_their_ids(self):
        mesh = self.mesh("preprocess,mask")
        self.masking(mesh)
        with Edge(mesh.address) as edge:
            for window in ({}, {"window": 64}, {"stream": False}):
                end, text = edge.ask("pin 12, card 41111111 (2026)", **window)
                self.assertEqual(end["type"], "DONE", end)
                self.assertEqual(end.get("content", text), "pin 12, card ******** (****)")
                self.assertEqual(end["usage"]["completion_tokens"], 29)  # the end has an id too
            self.assertFalse(set(b"406") & set(edge.ids("1")))
            deltas = edge.of("1", "DELTA")
            self.assertEqual(deltas[-1]["position"], 29)
            self.assertEqual([d["position"] for d in deltas], sorted(d["position"] for d in deltas))

    def test_a_client_with_a_window_gets_all_that_a_stage_holds_back_in_between(self):
        mesh = self.mesh("preprocess,mask,check_answer")
        self.masking(mesh)
        self.check_answer(mesh)
        with shoal.Client(mesh.address) as client:
            for window in (1, 3, 100):
                said = "one 1, a thousand 1000, " * 20
                stream = client.submit(said, window=window)
                self.assertEqual(stream.wait().content, said.replace("1000", "****"))

    def test_the_check_in_python_ends_an_answer_before_its_word_is_seen(self):
        mesh = self.mesh("preprocess,check_answer")
        self.check_answer(mesh)
        with Edge(mesh.address) as edge:
            end, text = edge.ask("a bombast is no bomb, or is it? " + "x" * 200)
            self.assertEqual((end["type"], end.get("code"), end.get("reason")), ("ERROR", "refused", "listed_word"))
            self.assertTrue("a bombast is no ".startswith(text), text)
            self.assertNotIn(b" bomb,", bytes(edge.ids("1")))
            self.assertEqual(edge.ask("a bombast")[1], "a bombast")
            end, _ = edge.ask("a bomb", stream=False)
            self.assertEqual((end["type"], end["code"]), ("ERROR", "refused"))
            eventually(lambda: all(process["load"]["streams"] == 0 for process in status(mesh.address)
                                   if process["kind"] in ("inference", "postprocess")), "the refused are forgotten")

    def test_the_death_of_the_check_in_python_refuses_answers(self):
        mesh = self.mesh("preprocess,check_answer")
        stage = self.check_answer(mesh)
        with Edge(mesh.address) as edge:
            self.assertEqual(edge.ask("hello")[1], "hello")
            stage.end(signal.SIGKILL)
            end, text = edge.ask("hello")
            self.assertEqual((end["type"], text), ("ERROR", ""))
            self.assertIn(end["code"], ("no_service", "peer_lost"))
            self.check_answer(mesh)
            eventually(lambda: edge.ask("hello")[1] == "hello", "answers pass again")

    def test_the_death_of_the_check_in_python_is_skipped_where_the_gateway_is_told_so(self):
        mesh = self.mesh("preprocess,check_answer", on_down="check_answer=skip")
        stage = self.check_answer(mesh)
        with Edge(mesh.address) as edge:
            self.assertEqual(edge.ask("a bomb")[0]["type"], "ERROR")
            stage.end(signal.SIGKILL)
            self.assertEqual(edge.ask("a bomb")[1], "a bomb")

    def test_an_answer_that_waits_for_a_stage_is_cancelled_at_once_and_ends_at_its_deadline(self):
        mesh = self.mesh("preprocess,check_answer", stage_timeout_ms=60000)
        stage = self.check_answer(mesh)
        with Edge(mesh.address) as edge:
            self.assertEqual(edge.ask("hello")[1], "hello")
            stage.child.send_signal(signal.SIGSTOP)
            late = edge.submit("hello", deadline_ms=1000)
            self.assertEqual(edge.receive_end(late)["code"], "deadline_exceeded")
            stopped = edge.submit("hello")
            edge.receive_until(lambda: edge.of(stopped, "KEEPALIVE"))
            self.assertEqual(edge.of(stopped, "KEEPALIVE")[0]["position"], 0)
            edge.send(type="CANCEL", id=stopped)
            self.assertEqual(edge.receive_end(stopped)["code"], "cancelled")
            stage.child.send_signal(signal.SIGCONT)
            self.assertEqual(edge.ask("hello")[1], "hello")


if __name__ == "__main__":
    unittest.main()
