"""A mesh in containers, by a real Docker engine: the image, two processes of each kind, a client from outside, more of
a kind, and kill -9 of each kind. Run by scripts/test --compose."""

import json
import pathlib
import shutil
import sys

import yaml  # which docker-compose needs too

from tests.compose.harness import (ROOT, Checks, Failed, clone, copy_compiler_cache, expect, kill, run,
                                   temporary_folder, wait_until)

sys.path.insert(0, str(ROOT / "clients" / "python"))
import shoal  # the client is one file, to be copied, and no package

KINDS = ("router", "preprocess", "inference", "postprocess", "gateway")
SERVICES = {"gateway": ("gateway", "gateway2")}  # of the compose file, where a kind has not one of its own name
IMAGE = "shoal"
IMAGE_BYTES_MAX = 200_000_000  # without a model
PROJECT = "shoal-test"
QUESTION = "What is 17 + 25?"


class Mesh:
    """The containers of one docker-compose project, and clients of them."""

    def __init__(self, folder):
        self.folder = folder

    def compose(self, *arguments, timeout=180):
        return run("docker-compose", "-p", PROJECT, *arguments, cwd=self.folder, timeout=timeout)

    def containers(self, kind):
        """The ids of the kind's running containers."""
        return [container for service in SERVICES.get(kind, (kind,)) for container in run(
            "docker", "ps", "-q", "--no-trunc", "--filter", f"label=com.docker.compose.project={PROJECT}",
            "--filter", f"label=com.docker.compose.service={service}").split()]

    def client_addresses(self):
        """Where the gateways' client ports are published on this host; one that is being restarted has none."""
        return [address for container in self.containers("gateway") for address in self.published(container, 5555)]

    def published(self, container, port):
        """Where a container's port is published on this host, or nothing."""
        ports = json.loads(run("docker", "inspect", "-f", "{{json .NetworkSettings.Ports}}", container))
        return [f"tcp://127.0.0.1:{host['HostPort']}" for host in (ports.get(f"{port}/tcp") or ())[:1]]

    def processes(self):
        """kind -> the epochs that the mesh itself knows, or nothing while no gateway answers."""
        try:
            with shoal.Client(self.client_addresses(), timeout=2) as client:
                known = client.status()
        except shoal.ShoalError:
            return {}
        return {kind: {process["epoch"] for process in known if process["kind"] == kind} for kind in KINDS}

    def wait_for(self, counts):
        """Waits until the mesh knows exactly so many processes of each kind."""
        def known():
            processes = self.processes()
            seen.append(processes)
            return all(len(processes.get(kind, ())) == count for kind, count in counts.items())

        seen = []
        try:
            wait_until(f"a mesh of {counts}", known)
        except Failed as failed:
            known_last = {kind: len(epochs) for kind, epochs in seen[-1].items()}
            raise Failed(f"{failed}; known at last: {known_last}\n{self.logs()}") from None

    def logs(self):
        return "\n".join(self.compose("logs", "--no-color", "--tail=8").splitlines()[-100:])


def build_image(folder):
    """Builds the image from the checkout, with this machine's compiler cache, and returns its size in bytes."""
    run(ROOT / "deploy" / "base-image", timeout=600)
    copy_compiler_cache(folder / ".cache" / "ccache")
    run("docker", "build", "-q", "-f", "deploy/Dockerfile", "-t", IMAGE, ".", cwd=folder, timeout=1800)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    size = int(run("docker", "image", "inspect", "-f", "{{.Size}}", IMAGE))
    expect(size <= IMAGE_BYTES_MAX, f"the image has {size:,} bytes")
    print(f"       the image has {size / 1e6:.0f} MB")


def ask(addresses, stream=True):
    """Asks through each of these gateways and fails unless every answer is whole, in order and of several parts."""
    for address in addresses:
        try:
            with shoal.Client(address, timeout=30) as client:
                answer = client.submit(QUESTION, stream=stream)
                deltas = list(answer)
        except shoal.ShoalError as error:
            raise Failed(f"{address}: {error}") from None
        usage, text = answer.answer.usage, answer.answer.reasoning_content + answer.answer.content
        expect(text.strip() and usage["completion_tokens"] > 0, f"{address}: an empty answer: {answer.answer}")
        if stream:
            position = 0
            for delta in deltas:
                expect(delta.position == position + len(delta.ids), f"{address}: {delta} does not follow {position}")
                position = delta.position
            expect(len(deltas) > 1, f"{address}: streamed in {len(deltas)} parts")
            expect(position == usage["completion_tokens"], f"{address}: {position} positions, {usage}")


def publish(mesh):
    """Sends a request through each gateway's publish port and fails unless its answer comes out at the same gateway."""
    for container in mesh.containers("gateway"):
        addresses = mesh.published(container, 5556) + mesh.published(container, 5557)
        expect(len(addresses) == 2, f"publish and answers ports of {container[:12]}: {addresses}")
        push(*addresses)


def push(requests, answers):
    try:
        with shoal.Publisher(requests, answers) as publisher:
            name = publisher.publish(QUESTION)
            answered, answer = next(publisher.answers(), (None, None))
    except shoal.ShoalError as error:
        raise Failed(f"{requests}: {error}") from None
    expect(answered == name and isinstance(answer, shoal.Answer) and answer.usage["completion_tokens"] > 0,
           f"{requests}: {answered} {answer}")


def returns_after_kill(mesh, kind, counts):
    """kill -9 of a container's main process, from the host: the restart policy brings it back, later requests pass."""
    known = mesh.processes()
    container = mesh.containers(kind)[0]
    pid = int(run("docker", "inspect", "-f", "{{.State.Pid}}", container))
    restarts = int(run("docker", "inspect", "-f", "{{.RestartCount}}", container))
    kill(pid)
    wait_until(f"the restart of a {kind}",
               lambda: int(run("docker", "inspect", "-f", "{{.RestartCount}}", container)) > restarts)

    def one_replaced():
        processes = mesh.processes()
        return all(len(processes.get(k, ())) == n for k, n in counts.items()) and processes[kind] != known[kind]

    wait_until(f"a new {kind} in the mesh", one_replaced)
    ask(mesh.client_addresses())


def main():
    checks = Checks()
    with temporary_folder() as name:
        folder = pathlib.Path(name) / "shoal"
        clone(folder)
        checks.check("every published port is one, and of one container", publishes_single_ports, folder)
        checks.check("the image builds and has at most 200 MB", build_image, folder, needed=True)
        mesh = Mesh(folder)
        try:
            run_checks(checks, mesh)
        finally:
            mesh.compose("down", "--volumes", "--timeout", "5")
    return checks.total()


def run_checks(checks, mesh):
    two = dict.fromkeys(KINDS, 2)
    more = two | {"inference": 3, "preprocess": 3}
    checks.check("docker-compose up starts a container for each process", mesh.compose, "up", "-d", needed=True)
    checks.check("two processes of each kind find each other", mesh.wait_for, two, needed=True)
    addresses = checks.check("each gateway has a client port of this host", published, mesh, needed=True)
    checks.check("a client outside gets a streamed answer from each gateway", ask, addresses)
    checks.check("a client outside gets a whole answer from each gateway", ask, addresses, False)
    checks.check("what is published from outside is answered by each gateway", publish, mesh)
    checks.check("--scale starts more of a kind", mesh.compose, "up", "-d", "--scale", "inference=3", "--scale",
                 "preprocess=3")
    checks.check("the new processes join without anybody's settings changed", mesh.wait_for, more)
    checks.check("the larger mesh answers", ask, addresses)
    for kind in KINDS:
        checks.check(f"after kill -9 a {kind} comes back and later requests are answered", returns_after_kill, mesh,
                     kind, more)
    checks.check("docker-compose stop ends every container by itself", stops, mesh)


def published(mesh):
    """The two client addresses, where the file says."""
    addresses = mesh.client_addresses()
    expect(addresses == ["tcp://127.0.0.1:5555", "tcp://127.0.0.1:5565"], f"published client addresses: {addresses}")
    return addresses


def publishes_single_ports(folder):
    """No port is a range and none is of a service with replicas: versions of compose differ about both."""
    services = yaml.safe_load((folder / "docker-compose.yml").read_text())["services"]
    for name, service in services.items():
        for port in service.get("ports", ()):
            expect(service["deploy"]["replicas"] == 1 and "-" not in port, f"{name} publishes {port}")


def stops(mesh):
    """Nobody has to be killed: no container ends with 137."""
    containers = [container for kind in KINDS for container in mesh.containers(kind)]
    mesh.compose("stop")
    codes = {c[:12]: run("docker", "inspect", "-f", "{{.State.ExitCode}}", c).strip() for c in containers}
    expect(set(codes.values()) == {"0"}, f"exit codes: {codes}")


if __name__ == "__main__":
    sys.exit(main())
