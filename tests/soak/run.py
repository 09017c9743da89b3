#!/usr/bin/python3
"""Keeps a whole mesh busy for a while, stops and kills its processes at random meanwhile, has bad neighbours call, and
says whether anything was lost.

usage: run.py [--seconds=60] [--streams=8] [--every=5] [--stop-max=3] [--kill=0] [--neighbours] [--niced=2] …

Without --kill nothing may fail: a stopped process is late, not lost. With it, a request may end with an error that
says so, but none may fall silent, answer wrongly or be cut off by a gateway that lives, and no process may end but
those that were killed. Prints what was seen as JSON, then 'N passed, N failed'.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

# pylint: disable=wrong-import-position
from faults import KINDS, Faults, Watch, ends_of  # noqa: E402
from load import Client, Results  # noqa: E402
from mesh import Mesh, eventually, loopback, status  # noqa: E402
from neighbours import Leaver, Publisher, SlowLine, SlowReader  # noqa: E402

# What a process may have more when all is quiet again than in the first quarter of its life: nothing is kept but what
# the allocator has not given back yet.
RESIDENT_GROWTH_MAX = 32 << 20  # bytes
DESCRIPTOR_GROWTH_MAX = 32
RESIDENT_MAX = 512 << 20  # bytes of any process at any time
REST_S = 60
LOG_BYTES_HOUR = 1 << 20
LOG_BYTES_START = 200 << 10

# What a request may end with when the process that served it was killed, or was of the last two of its kind.
ERRORS_OF_DEATHS = {"peer_lost", "timeout", "busy", "cut", "draining", *(f"no_{kind}" for kind in KINDS)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--streams", type=int, default=8, help="always open, at each gateway")
    parser.add_argument("--every", type=float, default=5, help="seconds between two faults")
    parser.add_argument("--stop-max", type=float, default=3, help="seconds for which a process is stopped at most")
    parser.add_argument("--kill", type=float, default=0, help="probability that a process is killed, not stopped")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of processes that something happens to")
    parser.add_argument("--neighbours", action="store_true", help="publishers and clients that leave, slow ones")
    parser.add_argument("--niced", type=int, default=0, help="run under `nice -n 19`, beside so many busy processes")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


@contextlib.contextmanager
def crowd(count):
    """So many processes that use all the time they get, while everything here gets what they leave."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    if count:
        os.nice(19)
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def neighbours(mesh, results):
    found = []
    for number, address in enumerate(mesh.addresses):
        port = mesh.ports.client + 10 * number
        found += [Publisher(loopback(port + 1), results), Leaver(address, results), SlowReader(address, results),
                  SlowLine(port, results)]
    return found


def whole(mesh):
    """Whether every gateway lists two processes of each kind, each with another epoch."""
    for address in mesh.addresses:
        listed = status(address)
        if any(len({row["epoch"] for row in listed if row["kind"] == kind}) != 2 for kind in KINDS):
            return False
    return True


def at_rest(watch):
    """What processes have more than early in their lives, as soon as that is little, and by the end of REST_S."""
    deadline = time.monotonic() + REST_S
    while True:
        (resident, resident_kind), (descriptors, descriptors_kind) = watch.growth_at_rest()
        little = resident <= RESIDENT_GROWTH_MAX and descriptors <= DESCRIPTOR_GROWTH_MAX
        if little or time.monotonic() > deadline:
            return {"resident_growth": resident, "resident_growth_of": resident_kind,
                    "descriptor_growth": descriptors, "descriptor_growth_of": descriptors_kind}
        time.sleep(0.5)


def run(options):
    """What was seen, by name."""
    results = Results()
    with Mesh(say="json", **{"log-format": "json"}) as mesh:
        clients = [Client(address, options.streams, results, options.seed + number)
                   for number, address in enumerate(mesh.addresses)]
        others = neighbours(mesh, results) if options.neighbours else []
        watch = Watch(mesh)
        faults = Faults(mesh, options.every, options.stop_max, options.kill, options.seed, options.kinds.split(","))
        threads = [watch, faults, *clients, *others]
        for thread in threads:
            thread.start()
        time.sleep(options.seconds)
        faults.stop()
        for thread in [*others, *clients, watch]:
            thread.stop()
        seen = {"whole": bool(eventually(lambda: whole(mesh), "the mesh is whole again"))} | at_rest(watch)
        ends = ends_of(mesh.lines)
        log_bytes = sum(len(text) for text in mesh.logs().values())
        mesh.end(signal.SIGINT)
    return seen | {
        "ends": dict(results.counts), "examples": results.examples, "faults": dict(faults.counts),
        "processes_ended": dict(collections.Counter(f"{name.split()[0]}: {how}" for name, how in ends)),
        "log_bytes": log_bytes,
        "most_resident": watch.most_resident(),
    }


def verdicts(options, seen):
    """(sentence, whether it holds)"""
    allowed = {"done"} | (ERRORS_OF_DEATHS if options.kill else set())
    bad = {how: count for how, count in seen["ends"].items() if how not in allowed}
    kills = {fault.split()[1] + ": signal 9": count for fault, count in seen["faults"].items() if "kill" in fault}
    cut_max = kills.get("gateway: signal 9", 0) * (options.streams + 2)  # the slow clients have one request each
    yield f"requests end as they should: {bad or 'all'}", not bad
    yield "requests were answered all the time", seen["ends"].get("done", 0) > options.seconds / 10
    cut = seen["ends"].get("cut", 0)
    yield f"no gateway that lives cuts a client off: {cut}", cut <= cut_max
    yield f"no process ended but those that were killed: {seen['processes_ended']}", seen["processes_ended"] == kills
    yield "the mesh is whole in the end", seen["whole"]
    yield f"memory comes back: {seen['resident_growth']} bytes more", seen["resident_growth"] <= RESIDENT_GROWTH_MAX
    most = max(seen["most_resident"].values())
    yield f"memory is bounded: {most} bytes", most <= RESIDENT_MAX
    yield f"descriptors stay: {seen['descriptor_growth']} more", seen["descriptor_growth"] <= DESCRIPTOR_GROWTH_MAX
    bound = LOG_BYTES_START + LOG_BYTES_HOUR * options.seconds / 3600
    yield f"the log is small: {seen['log_bytes']} bytes", bool(options.kill) or seen["log_bytes"] <= bound


def main():
    options = arguments()
    with crowd(options.niced):
        seen = run(options)
    print(json.dumps(seen, indent=1))
    passed = 0
    found = list(verdicts(options, seen))
    for sentence, holds in found:
        passed += holds
        print(f"{'ok' if holds else 'FAILED'}: {sentence}")
    print(f"{passed} passed, {len(found) - passed} failed")
    return passed != len(found)


if __name__ == "__main__":
    sys.exit(main())
