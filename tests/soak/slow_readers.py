#!/usr/bin/python3
"""Clients that read slowly, or not at all for a while and then to the end: every id comes once and in order.

usage: slow_readers.py [--pace=0.01] [--idle=0] [--streams=3] [--ids=900] [--client=dealer|python] [--noise=1]

One connection has `--streams` requests of so many ids. It reads nothing for `--idle` seconds, then a message each
`--pace` seconds. `--noise` other clients ask small questions meanwhile. Prints what was seen as JSON, with the most
memory that a gateway had, then 'N passed, N failed'.
"""

import argparse
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parents[1] / "clients" / "python")]

# pylint: disable=wrong-import-position
import msgpack  # noqa: E402
import shoal  # noqa: E402
import zmq  # noqa: E402
from faults import Watch  # noqa: E402
from load import Client, Results  # noqa: E402
from mesh import Mesh  # noqa: E402

RESIDENT_MAX = 256 << 20  # of a gateway, whatever its clients do


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pace", type=float, default=0.01, help="seconds a message")
    parser.add_argument("--idle", type=float, default=0, help="seconds before the first message is read")
    parser.add_argument("--streams", type=int, default=3)
    parser.add_argument("--ids", type=int, default=900, help="of each stream")
    parser.add_argument("--client", choices=("dealer", "python"), default="dealer")
    parser.add_argument("--noise", type=int, default=1, help="streams that others have open meanwhile")
    return parser.parse_args()


def prompts(options):
    return [chr(ord("a") + number) * options.ids for number in range(options.streams)]


def read_dealer(address, options):
    """How each stream ended, as a plain DEALER sees it: "done", a code, or what was wrong."""
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(address)
    wanted = dict(enumerate(prompts(options)))
    for number, prompt in wanted.items():
        socket.send(msgpack.packb({"type": "SUBMIT", "id": number, "prompt": prompt}))
    time.sleep(options.idle)
    content = dict.fromkeys(wanted, "")
    position = dict.fromkeys(wanted, 0)
    ends = {}
    while len(ends) < len(wanted):
        if not socket.poll(30_000):
            return ["silent"] * (len(wanted) - len(ends)) + list(ends.values())
        message = msgpack.unpackb(socket.recv())
        number = int(message["id"])
        if message["type"] == "DELTA":
            content[number] += message["content"]
            position[number] += len(message["ids"])
            if message["position"] != position[number]:
                ends[number] = f"position {message['position']} after {position[number]} ids"
        elif message["type"] == "DONE":
            ends[number] = "done" if content[number] == wanted[number] else f"{len(content[number])} ids"
        elif message["type"] == "ERROR":
            ends[number] = message["code"]
        time.sleep(options.pace)
    return list(ends.values())


def read_python(address, options):
    """The same with the client that Shoal ships, one stream after the other."""
    ends = []
    with shoal.Client(address) as client:
        streams = [client.continue_text(prompt) for prompt in prompts(options)]
        time.sleep(options.idle)
        for stream, prompt in zip(streams, prompts(options)):
            content = ""
            try:
                for delta in stream:
                    content += delta.content
                    time.sleep(options.pace)
                ends.append("done" if content == prompt else f"{len(content)} ids")
            except shoal.ShoalError as error:
                ends.append(error.code)
    return ends


def main():
    options = arguments()
    results = Results()
    with Mesh() as mesh:
        watch = Watch(mesh, every_s=0.5)
        noise = Client(mesh.address, options.noise, results, seed=1, tokens_max=40)
        watch.start()
        noise.start()
        read = read_python if options.client == "python" else read_dealer
        ends = read(mesh.address, options)
        noise.stop()
        watch.stop()
    resident = watch.most_resident()["gateway"]
    print(json.dumps({"ends": ends, "others": dict(results.counts), "gateway_resident": resident}))
    checks = [ends == ["done"] * options.streams, set(results.counts) == {"done"}, resident <= RESIDENT_MAX]
    print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed")
    return not all(checks)


if __name__ == "__main__":
    sys.exit(main())
