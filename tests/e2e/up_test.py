"""`shoal up` as a supervisor: it ends with its children, starts again what died, and says what is in its way; and
processes that join, leave or are missing."""

import os
import pathlib
import re
import signal
import tempfile
import unittest

from mesh import (KINDS, ROOT, SHOAL, Edge, Mesh, Process, Service, eventually, free_ports, is_alive, loopback,
                  run_shoal, status)


def epochs(mesh, kind):
    return {process["epoch"] for process in status(mesh.address) if process["kind"] == kind}


class Supervisor(unittest.TestCase):
    def test_once_ends_after_the_first_answer(self):
        ports = free_ports(1, 1)
        done = run_shoal("up", "--once", "--model=bytes", "--gateways=1", "--preprocesses=1", "--routers=1",
                         "--inferences=1", "--postprocesses=1", f"--client-port={ports.client}",
                         f"--router-port={ports.router}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("> Hello, Shoal!\nHello, Shoal!\n", done.stdout)

    def test_an_interrupt_ends_all_children_and_is_no_failure(self):
        with Mesh() as mesh:
            children = mesh.children()
            self.assertEqual(len(children), 10)
            self.assertEqual(mesh.end(signal.SIGINT), 0)
            self.assertFalse([pid for pid in children if is_alive(pid)])

    def test_children_that_are_asked_to_end_do_so_by_themselves(self):
        with Mesh() as mesh:
            self.assertEqual(mesh.end(signal.SIGTERM), 0)
            for name, log in mesh.logs().items():
                self.assertIn("ended: exit code 0)", log, name)

    def test_its_own_sudden_death_takes_all_children_with_it(self):
        with Mesh() as mesh:
            children = mesh.children()
            self.assertEqual(len(children), 10)
            mesh.end(signal.SIGKILL)
            eventually(lambda: not [pid for pid in children if is_alive(pid)], "all children are gone")

    def test_a_taken_port_is_an_error_that_names_port_and_option(self):
        ports = free_ports()
        holder = Service("router", loopback(ports.router), bind=loopback(ports.router))
        try:
            done = run_shoal("up", "--model=bytes", f"--client-port={ports.client}", f"--router-port={ports.router}")
            self.assertEqual(done.returncode, 2)
            self.assertIn(str(ports.router), done.stderr)
            self.assertIn("--router-port", done.stderr)
        finally:
            holder.end()

    def test_a_child_that_cannot_start_is_an_error_that_shows_its_reason(self):
        ports = free_ports()
        model = os.path.join(os.path.dirname(os.path.abspath(__file__)), "broken_model")
        done = run_shoal("up", f"--model={model}", f"--client-port={ports.client}", f"--router-port={ports.router}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot start", done.stderr)
        self.assertIn("broken_model", done.stderr)


class Detached(unittest.TestCase):
    """`shoal up -d`, `logs` and `stop`."""

    def setUp(self):
        runtime = tempfile.TemporaryDirectory(prefix="shoal-e2e-")
        self.addCleanup(runtime.cleanup)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": runtime.name}

    def run_shoal(self, *words):
        return run_shoal(*words, env=self.environment)

    def start(self, *extra):
        ports = free_ports(1, 1)
        done = self.run_shoal("up", "-d", "--model=bytes", "--gateways=1", "--preprocesses=1", "--routers=1",
                              "--inferences=1", "--postprocesses=1", f"--client-port={ports.client}",
                              f"--router-port={ports.router}", *extra)
        self.addCleanup(self.run_shoal, "stop", f"--client-port={ports.client}")
        return ports, done

    def test_it_returns_once_the_mesh_is_up_and_the_mesh_goes_on_until_it_is_stopped(self):
        ports, done = self.start()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("> Hello, Shoal!\nHello, Shoal!\n", done.stdout)
        self.assertIn(" stop", done.stdout)
        pid = int(re.search("process ([0-9]+)", done.stdout)[1])
        self.assertEqual(os.getsid(pid), pid)
        with Edge(loopback(ports.client)) as edge:
            self.assertEqual(edge.ask("still here")[1], "still here")
        self.assertEqual(self.run_shoal("stop").returncode, 0)
        self.assertFalse(is_alive(pid))
        self.assertEqual(status(loopback(ports.client)), [])
        again = self.run_shoal("stop")
        self.assertEqual(again.returncode, 3)
        self.assertRegex(again.stderr, r"^shoal stop: nothing runs here: no mesh runs in /.*\n$")
        self.assertNotIn("--connect", again.stderr)

    def test_its_processes_die_with_it(self):
        ports, done = self.start()
        pid = int(re.search("process ([0-9]+)", done.stdout)[1])
        children = [int(word) for word in re.findall(r"^\w+ +([0-9]+) +tcp", done.stdout, re.MULTILINE)]
        self.assertEqual(len(children), 5)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not [child for child in children if is_alive(child)], "all children are gone")
        self.assertEqual(self.run_shoal("stop").returncode, 3)

    def test_what_keeps_it_from_starting_is_shown_and_is_its_exit_code(self):
        _, done = self.start("--inference.slots=1000000")
        self.assertEqual(done.returncode, 2)
        model = os.path.join(os.path.dirname(os.path.abspath(__file__)), "broken_model")
        _, done = self.start(f"--model={model}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot start", done.stdout)
        self.assertEqual(self.run_shoal("stop").returncode, 3)

    def test_of_several_meshes_one_has_to_be_named(self):
        (first, _), (second, _) = self.start(), self.start()
        refused = self.run_shoal("stop")
        self.assertEqual(refused.returncode, 2)
        for ports in (first, second):
            self.assertIn(str(ports.client), refused.stderr)
        self.assertEqual(self.run_shoal("stop", f"--client_port={first.client}").returncode, 0)
        self.assertEqual(self.run_shoal("stop").returncode, 0)

    def test_a_folder_holds_one_mesh(self):
        self.start()
        folder = next(pathlib.Path(self.environment["XDG_RUNTIME_DIR"]).glob("*/up-*"))
        other, refused = self.start(f"--run-dir={folder}")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("runs in", refused.stderr)
        self.assertEqual(status(loopback(other.client)), [])

    def test_logs_are_shown_by_kind_and_followed(self):
        self.assertEqual(self.run_shoal("logs").returncode, 1)
        self.start()
        self.assertIn("ready kind=gateway", self.run_shoal("logs", "gateway").stdout)
        self.assertIn("inference-0 | ready kind=inference", self.run_shoal("logs").stdout)
        self.assertIn("The mesh is up", self.run_shoal("logs", "up").stdout)
        self.assertEqual(len(self.run_shoal("logs", "gateway", "-n", "1").stdout.splitlines()), 1)
        unknown = self.run_shoal("logs", "gatewy")
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("did you mean gateway?", unknown.stderr)
        follower = Process(SHOAL, "logs", "router", "-f", env=self.environment)
        follower.wait_for_line("ready kind=router")
        self.assertEqual(self.run_shoal("stop").returncode, 0)
        follower.wait_for_line("(router 0 ended: exit code 0)")
        self.assertEqual(follower.end(signal.SIGINT), 0)


class OwnServices(unittest.TestCase):
    def test_a_stage_in_the_file_is_started_with_the_mesh_and_again_when_it_died(self):
        example = ROOT / "examples" / "check_answer_python" / "check_answer.py"
        env = {**os.environ, "PYTHONPATH": str(ROOT / "clients" / "python")}
        with tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "shoal.toml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"""
                    [gateway]
                    pipeline = ["preprocess", "check_answer"]
                    [up]
                    services = ["/usr/bin/python3 -B {example} bomb,poison $SHOAL_GATEWAYS"]
                    """)
            one = dict.fromkeys(("gateways", "routers", "preprocesses", "inferences", "postprocesses"), 1)
            with Mesh(env=env, config=config, **one) as mesh, Edge(mesh.address) as edge:
                self.assertEqual(edge.ask("a bomb")[0]["type"], "ERROR")
                self.assertEqual(edge.ask("a bombast")[1], "a bombast")
                victim, = (pid for pid, words in mesh.children().items() if str(example) in words)
                os.kill(victim, signal.SIGKILL)
                eventually(lambda: edge.ask("a bombast")[1] == "a bombast", "the stage is back")
                self.assertNotIn(victim, mesh.children())
                self.assertIn("signal 9", mesh.logs()["service-0.log"])

    def test_a_service_that_cannot_start_ends_the_start_and_shows_why(self):
        ports = free_ports(1, 1)
        done = run_shoal("up", "--once", "--model=bytes", "--gateways=1", "--routers=1",
                         "--services=cat /no/such/file", f"--client-port={ports.client}",
                         f"--router-port={ports.router}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cat cannot start", done.stderr)
        self.assertIn("/no/such/file", done.stderr)


class SuddenDeath(unittest.TestCase):
    """kill -9 of one process of a kind costs no later request, and the process comes back as another life."""

    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh()

    @classmethod
    def tearDownClass(cls):
        cls.mesh.close()

    def kill_one(self, kind, which):
        before = eventually(lambda: epochs(self.mesh, kind), "two are listed", until=lambda found: len(found) == 2)
        victim = self.mesh.pids(kind)[which]
        with Edge(self.address_without(victim)) as edge:
            edge.ask("connected")
            os.kill(victim, signal.SIGKILL)
            # Later requests begin here, before anybody can have noticed, and go on until the process is back.
            names = [edge.submit(f"{i} after the death of {kind} {which}") for i in range(20)]
            for i, name in enumerate(names):
                text = f"{i} after the death of {kind} {which}"
                end = edge.receive_end(name)
                self.assertEqual((end["type"], edge.text(name)), ("DONE", text), end)

            def answered_and_back():
                end, streamed = edge.ask("one more")
                self.assertEqual((end["type"], streamed), ("DONE", "one more"), end)
                now = {process["epoch"] for process in edge.status() if process["kind"] == kind}
                return len(now) == 2 and len(now - before) == 1
            eventually(answered_and_back, f"{kind} is back in another life")
        eventually(lambda: len(self.mesh.pids(kind)) == 2, "the supervisor has two again")

    def address_without(self, victim):
        """The client address of a gateway that is not this process."""
        words = self.mesh.children()[victim]
        return next(address for address in self.mesh.addresses if f"--client_bind={address}" not in words)

    def test_of_each_process_in_turn(self):
        for kind in KINDS:
            for which in (0, 1):
                with self.subTest(kind=kind, which=which):
                    self.kill_one(kind, which)

    def test_clients_of_a_dead_gateway_reach_it_again_at_the_same_address(self):
        os.kill(self.mesh.pids("gateway")[0], signal.SIGKILL)
        for address in self.mesh.addresses:
            eventually(lambda address=address: len(status(address)) == 10, f"{address} answers")
            with Edge(address) as edge:
                self.assertEqual(edge.ask("again")[1], "again")


class Membership(unittest.TestCase):
    """Processes join and leave with nothing but the routers' addresses; nobody else's settings change."""

    def test_processes_join_and_leave(self):
        with Mesh() as mesh:
            for kind in ("inference", "preprocess", "postprocess", "router", "gateway"):
                with self.subTest(kind=kind):
                    settings = {} if kind in ("router", "gateway") else {"model": "bytes"}
                    if kind == "router":
                        settings["bind"] = "tcp://127.0.0.1:*"
                    if kind == "gateway":
                        settings["client_bind"] = "tcp://127.0.0.1:*"
                    joined = Service(kind, mesh.routers, **settings)
                    try:
                        eventually(lambda: joined.epoch in epochs(mesh, kind), f"the {kind} has joined")
                    finally:
                        self.assertEqual(joined.end(signal.SIGTERM), 0)
                    eventually(lambda: joined.epoch not in epochs(mesh, kind), f"the {kind} has left")
                    with Edge(mesh.address) as edge:
                        self.assertEqual(edge.ask("still here")[1], "still here")

    def test_a_process_that_joined_is_given_work(self):
        with Mesh(inferences=1) as mesh:
            joined = Service("inference", mesh.routers, model="bytes")
            try:
                eventually(lambda: joined.epoch in epochs(mesh, "inference"), "it has joined")

                def worked():
                    with Edge(mesh.address) as edge:
                        names = [edge.submit(f"work {i}") for i in range(16)]
                        for i, name in enumerate(names):
                            self.assertEqual(edge.receive_end(name)["type"], "DONE")
                            self.assertEqual(edge.text(name), f"work {i}")
                    return [p for p in status(mesh.address)
                            if p["epoch"] == joined.epoch and p["load"]["tokens_total"] > 0]
                eventually(worked, "it has generated something")
            finally:
                joined.end()


class NobodyAlive(unittest.TestCase):
    """While nobody of a kind is alive, a request is refused at once, with a code that names the kind."""

    def test_each_missing_kind_is_named(self):
        ports = free_ports(1, 1)
        routers = loopback(ports.router)
        services = [Service("gateway", routers, joined=False, client_bind=loopback(ports.client))]
        start = [("router", {"bind": routers}), ("preprocess", {"model": "bytes"}), ("inference", {"model": "bytes"}),
                 ("postprocess", {"model": "bytes"})]
        try:
            with Edge(loopback(ports.client)) as edge:
                for kind, settings in start:
                    codes = {"no_router", "no_preprocess", "no_inference", "no_postprocess"}
                    missing = codes - {f"no_{service.kind}" for service in services}
                    end, _ = edge.ask("hello")
                    self.assertIn(end["code"], missing)
                    services.append(Service(kind, routers, **settings))
                    eventually(lambda kind=kind: edge.ask("hello")[0].get("code") != f"no_{kind}",
                               f"the {kind} is known to the gateway")
                self.assertEqual(edge.ask("hello")[1], "hello")
                inference = next(service for service in services if service.kind == "inference")
                inference.end(signal.SIGKILL)
                eventually(lambda: edge.ask("hello")[0].get("code") == "no_inference", "its absence is named")
        finally:
            for service in services:
                service.end()


class OneProcess(unittest.TestCase):
    def test_what_cannot_be_served_is_said_and_ends_the_process(self):
        child = Process(SHOAL, "inference", "--routers=tcp://127.0.0.1:1", "--model=/nonexistent")
        self.assertNotEqual(child.child.wait(60), 0)
        child.end()
        self.assertIn("/nonexistent", "\n".join(child.errors))

    def test_it_says_that_no_router_answers_and_is_ready_once_one_does(self):
        routers = loopback(free_ports(1, 1).router)
        service = Service("postprocess", routers, joined=False, model="bytes")
        router = None
        try:
            eventually(lambda: [line for line in list(service.errors) if "event=alone" in line], "it says so")
            self.assertIn(routers, "".join(service.errors))
            self.assertFalse([line for line in service.lines if line.startswith("ready")])
            router = Service("router", routers, bind=routers)
            service.wait_for_line("ready ")
        finally:
            service.end()
            if router is not None:
                router.end()

    def test_a_model_that_nobody_else_has_is_said(self):
        with Mesh(gateways=1, routers=1, preprocesses=1, inferences=1, postprocesses=1) as mesh:
            model = os.path.join(os.path.dirname(SHOAL), "..", "..", "models", "shoal-tiny")
            stranger = Service("postprocess", mesh.routers, model=model)
            try:
                eventually(lambda: [line for line in list(stranger.errors) if "event=misfit" in line], "it says so")
                self.assertIn("but bytes", "".join(stranger.errors))
            finally:
                stranger.end()
            friend = Service("postprocess", mesh.routers, model="bytes")
            with Edge(mesh.address) as edge:
                self.assertEqual(edge.ask("hello")[1], "hello")
            friend.end()
            self.assertNotIn("misfit", "".join(friend.errors))


if __name__ == "__main__":
    unittest.main()
