"""`shoal status` as a person and a script meet it, against a gateway that the test controls."""

import json
import signal
import unittest

import msgpack
import zmq
from fake_gateway import FakeGateway
from mesh import PATIENCE_S, SHOAL, Process, eventually, free_ports, loopback, run_shoal
from terminal import Terminal


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

    def test_watching_on_a_terminal_draws_over_what_was_there_and_leaves_it_as_it_was(self):
        with FakeGateway(listing(5)) as gateway:
            terminal = Terminal(SHOAL, "status", "--watch=0.1", f"--connect={gateway.address}")
            terminal.read_until("\033[?1049h")
            for _ in range(2):
                frame = terminal.read_until("\033[H") and terminal.read_until("\033[J")
                lines = frame.replace("\033[K", "").removesuffix("\033[J").split("\r\n")
                self.assertIn("Ctrl-C ends", lines[0])
                self.assertEqual(lines[-1].split(), ["batch", "7", "0", "7"])
                self.assertLessEqual(max(map(len, lines)), 80)
            terminal.child.send_signal(signal.SIGINT)
            terminal.read_until("\033[?1049l")
            self.assertEqual(terminal.end(), 0)

    def test_more_processes_than_lines_leave_head_and_tiers_on_the_screen(self):
        def many(message):
            return [{"type": "STATUS", "processes": [
                {"kind": "inference", "node": "n", "epoch": f"{i:02x}", "address": f"tcp://a:{i}", "client": "",
                 "load": {}, "age_ms": 0} for i in range(30)]}]
        with FakeGateway(many) as gateway:
            terminal = Terminal(SHOAL, "status", "--watch=60", f"--connect={gateway.address}", rows=16)
            for rows, shown in ((16, 7), (20, 11)):
                frame = terminal.read_until("\033[H") and terminal.read_until("\033[J")
                lines = frame.split("\r\n")
                self.assertEqual(len(lines), rows)
                self.assertEqual(sum(line.startswith("inference") for line in lines), shown)
                self.assertIn(f"and {30 - shown} more", frame)
                self.assertIn("Ctrl-C ends", lines[0])
                if rows == 16:
                    terminal.resize(20, 80)
            terminal.child.send_signal(signal.SIGINT)
            self.assertEqual(terminal.end(), 0)

    def test_on_a_terminal_the_columns_fit_and_served_kinds_are_listed(self):
        def real(message):
            load = {"tokens_total": 123456789, "running": [0, 12, 0, 0], "waiting": [0] * 4, "slots": 32,
                    "streams": 12, "cpu_permille": 1999, "rss_bytes": 3 << 33}
            return [{"type": "STATUS", "processes": [
                {"kind": kind, "node": "a-host-with-a-long-name", "epoch": "0123456789abcdef",
                 "address": "tcp://127.0.0.1:45678", "client": "tcp://127.0.0.1:5555" if kind == "gateway" else "",
                 "load": load, "age_ms": 250,
                 "labels": {"serves": "wordcount"} if kind == "gateway" else {"model": "shoal-tiny"}}
                for kind in ("gateway", "postprocess")]}]
        with FakeGateway(real) as gateway:
            terminal = Terminal(SHOAL, "status", f"--connect={gateway.address}")
            lines = terminal.read_until("batch").split("\r\n")
            self.assertEqual(terminal.end(), 0)
            self.assertLessEqual(max(map(len, lines)), 80)
            self.assertIn("MODEL", lines[0])
            self.assertIn("shoal-tiny", lines[2])
            self.assertRegex(lines[3], "^wordcount +.*127.0.0.1:5555 ")

    def test_a_mesh_that_goes_away_is_waited_for_while_watching(self):
        gateway = FakeGateway(listing(5))
        watch = Process(SHOAL, "status", "--watch=0.1", "--json", f"--connect={gateway.address}")
        eventually(lambda: watch.lines, "one look")
        gateway.close()
        eventually(lambda: watch.errors, "its end is said")
        self.assertIsNone(watch.child.poll())
        self.assertEqual(watch.end(signal.SIGINT), 0)
        self.assertEqual(json.loads(watch.errors[0])["error"]["code"], "no_gateway")

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
