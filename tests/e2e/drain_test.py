"""Processes that are asked to end while requests are under way: nobody loses an answer by it."""

import os
import signal
import unittest

from mesh import Edge, Mesh, Service, eventually, is_alive, status

STREAMS = 24
LENGTH = 500  # ids of each
WINDOW = 16  # of them before the client grants more: nothing ends before it is meant to


class Drain(unittest.TestCase):
    def start_streams(self, address):
        """A client with so many streams that have all begun and are not done."""
        edge = Edge(address)
        self.addCleanup(edge.__exit__)
        names = [edge.submit("x" * LENGTH, window=WINDOW) for _ in range(STREAMS)]
        waited_for = set(names)
        while waited_for:
            message = edge.receive()
            if message["type"] == "DELTA":
                waited_for.discard(message["id"])
        return edge, names

    def receive_ends(self, edge, names):
        """Lets all go on to their ends: the last message of each, whenever it came."""
        for name in names:
            edge.send(type="CREDIT", id=name, position=WINDOW)
        ends = {message["id"]: message for message in edge.messages if message["type"] in ("DONE", "ERROR")}
        while not ends.keys() >= set(names):
            message = edge.receive()
            if message["type"] == "DELTA":
                edge.send(type="CREDIT", id=message["id"], position=message["position"])
            elif message["type"] in ("DONE", "ERROR"):
                ends[message["id"]] = message
        return [ends[name] for name in names]

    def check_answers(self, edge, names):
        for end in self.receive_ends(edge, names):
            self.assertEqual(end["type"], "DONE", end)
        for name in names:
            self.assertEqual(edge.text(name), "x" * LENGTH)

    def test_sigterm_of_each_kind_costs_no_running_stream(self):
        with Mesh("bytes") as mesh:
            for kind in ("inference", "postprocess", "preprocess", "router"):
                with self.subTest(kind=kind):
                    edge, names = self.start_streams(mesh.address)
                    victim = mesh.pids(kind)[0]
                    os.kill(victim, signal.SIGTERM)
                    self.check_answers(edge, names)
                    eventually(lambda pid=victim: not is_alive(pid), f"{kind} has ended")
                    eventually(lambda each=kind: len(mesh.pids(each)) == 2, f"{kind} is started again")

    def test_streams_that_outlast_the_time_go_on_at_another_executor(self):
        with Mesh("bytes", inferences=1) as mesh:
            short = Service("inference", mesh.routers, model="bytes", drain_ms=100)
            self.addCleanup(short.end)
            eventually(lambda: len([p for p in status(mesh.address) if p["kind"] == "inference"]) == 2,
                       "the second executor is known")
            edge, names = self.start_streams(mesh.address)
            self.assertEqual(short.end(), 0)
            self.check_answers(edge, names)

    def test_a_gateway_gives_its_clients_the_rest_and_names_the_other_gateway(self):
        with Mesh("bytes") as mesh:
            edge, names = self.start_streams(mesh.address)
            os.kill(mesh.pids("gateway")[0], signal.SIGTERM)

            def refusal():
                name = edge.submit("new")
                edge.receive_until(lambda: edge.of(name))
                return edge.of(name)[0] if edge.of(name)[0]["type"] == "ERROR" else None
            error = eventually(refusal, "the gateway refuses what is new")
            self.assertEqual(error["code"], "draining")
            self.assertIn(mesh.addresses[1], error["message"])
            self.check_answers(edge, names)

    def test_the_end_of_the_whole_mesh_is_told_to_those_who_wait(self):
        mesh = Mesh("bytes")
        self.addCleanup(mesh.close)
        edge, names = self.start_streams(mesh.address)
        self.assertEqual(mesh.end(signal.SIGINT), 0)
        for end in self.receive_ends(edge, names):
            self.assertEqual(end.get("code", "draining"), "draining", end)


if __name__ == "__main__":
    unittest.main()
