#!/usr/bin/python3
"""What greedy clients cost others: the time that one client's short requests take, one after the other at one gateway,
alone and beside clients of the same gateway that do their worst.

usage: greedy.py SHOAL [SECONDS] [--json]     (15 seconds each unless told)

The floor is the same client beside nobody; beside two processes that copy memory it shows what a busy machine costs by
itself.
"""

import contextlib
import itertools
import json
import multiprocessing
import os
import pathlib
import sys
import time

WORDS = [word for word in sys.argv[1:] if word != "--json"]
if not WORDS:
    sys.exit(__doc__)
os.environ["SHOAL_BINARY"] = WORDS[0]
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
# pylint: disable=wrong-import-position
from mesh import Edge, Mesh  # noqa: E402

MEGABYTE = 1 << 20


def copy(_address):
    memory = bytes(8 * MEGABYTE)
    while True:
        bytearray(memory)


def serve(address):
    """Answers CALLs with 8 MB."""
    payload = b"r" * (8 * MEGABYTE - 1000)
    with Edge(address) as server:
        server.send(type="SERVE", id="s", kind="large")
        while True:
            message = server.receive(patience_s=3600)
            if message["type"] == "CALL":
                server.send(type="RESULT", id=message["id"], payload=payload)
            server.messages.clear()


def call(address):
    """Has always one such CALL open."""
    with Edge(address) as caller:
        for number in itertools.count():
            caller.send(type="CALL", id=str(number), kind="large", method="m", payload=b"")
            caller.receive()
            caller.messages.clear()


def submit(address):
    """Has always sixteen prompts of 8 MB open."""
    with Edge(address) as client:
        for _ in range(16):
            client.submit("p" * (8 * MEGABYTE))
        while True:
            if client.receive()["type"] in ("DONE", "ERROR"):
                client.submit("p" * (8 * MEGABYTE))
            client.messages.clear()


# Each in a process of its own: what the measured client waits for is the mesh.
BESIDE = {"nobody": (), "copying": (copy, copy), "results": (serve, call), "prompts": (submit,), "nobody again": ()}


@contextlib.contextmanager
def running(targets, address):
    """The targets at work."""
    processes = [multiprocessing.Process(target=target, args=(address,), daemon=True) for target in targets]
    for process in processes:
        process.start()
    time.sleep(1.5)
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def latencies(address, seconds):
    """Milliseconds of each request, ascending."""
    taken = []
    until = time.monotonic() + seconds
    with Edge(address) as client:
        while time.monotonic() < until:
            begin = time.monotonic()
            end, _ = client.ask("abc", max_tokens=3)
            if end["type"] != "DONE":
                sys.exit(f"an innocent request ended so: {end}")
            taken.append((time.monotonic() - begin) * 1e3)
            client.messages.clear()
    return sorted(taken)


def main():
    seconds = float(WORDS[1]) if len(WORDS) > 1 else 15.0
    found = {}
    with Mesh(gateways=1) as mesh:
        for name, targets in BESIDE.items():
            with running(targets, mesh.address):
                taken = latencies(mesh.address, seconds)
            found[name] = {f"p{part}": round(taken[len(taken) * part // 100], 2) for part in (50, 90, 99)}
            found[name]["requests"] = len(taken)
            print(f"{name:12} {found[name]}", flush=True)
    floor = found["nobody"]["p99"]
    print(json.dumps({"floor": {"p99_ms": floor}, "beside": found,
                      "ratio_p99": {name: round(row["p99"] / floor, 2) for name, row in found.items()}}))


if __name__ == "__main__":
    main()
