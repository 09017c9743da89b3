"""Measures how many held-out questions a running mesh answers exactly, greedily, by task, language and size.

    /usr/bin/python3 tools/accuracy --connect=tcp://127.0.0.1:5555 --per-task=50 [--json] [--allow-wrong=N]

Start the mesh with the bundled model first (scripts/up). Needs pyzmq and msgpack. Questions about Shoal and strange
input are counted apart. Exits with 1 when more than --allow-wrong answers are wrong, or none could be had.
"""

import argparse
import collections
import json
import pathlib
import random
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "clients" / "python")]

from shoal import Client, ShoalError  # noqa: E402  (the paths above come first)

from tools.accuracy.table import Tally  # noqa: E402
from tools.train import tasks  # noqa: E402
from tools.train.tasks.sample import LANGUAGES, Sample, plain  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connect", default="tcp://127.0.0.1:5555",
                        help="client addresses of gateways, separated by commas")
    parser.add_argument("--per-task", type=int, default=50, help="questions a task and language")
    parser.add_argument("--shoal", type=int, default=100, help="questions about Shoal a language, counted apart")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--in-flight", type=int, default=16, help="requests at a time")
    parser.add_argument("--max-tokens", type=int, default=320)
    parser.add_argument("--timeout", type=float, default=120,
                        help="seconds that a request may be without a sign of life")
    parser.add_argument("--allow-wrong", type=int, help="exit with 1 above so many; without it any number is fine")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON in the last line")
    return parser.parse_args()


def ask_all(client, samples, args):
    """Yields (sample, answer text or error code) in order, with several requests on their way."""
    waiting, todo = collections.deque(), collections.deque(samples)
    while waiting or todo:
        while todo and len(waiting) < args.in_flight:
            sample = todo.popleft()
            waiting.append((sample, client.submit(sample.question, temperature=0, max_tokens=args.max_tokens)))
        sample, stream = waiting.popleft()
        try:
            yield sample, stream.wait().content.strip()
        except ShoalError as error:
            yield sample, f"(error {error})"


def ask_shoal(client, args):
    """Asks held-out paraphrases of questions about Shoal, prints those that got another answer, and counts."""
    samples = [s for language in LANGUAGES for s in tasks.chat.shoal_tests(language)[: args.shoal]]
    right = 0
    for sample, text in ask_all(client, samples, args):
        right += text == sample.answer
        if text != sample.answer:
            print(f"  {sample.question}\n    {text}")
    print(f"about Shoal: {right} of {len(samples)} as taught")
    return [right, len(samples)]


def ask_strange(client, args):
    """Sends what people may type by mistake or for fun, and counts the answers that are whole sentences."""
    samples = [Sample("strange", "en", 0, text, "", "", True) for text in tasks.unknown.STRANGE]
    whole = [bool(text) and "\ufffd" not in text for _, text in ask_all(client, samples, args)]
    print(f"strange input: {sum(whole)} of {len(whole)} answered by whole sentences")
    return [sum(whole), len(whole)]


def main():
    args = arguments()
    samples = tasks.tests(2 * args.per_task, random.Random(args.seed))
    tally, began = Tally(), time.monotonic()
    with Client(args.connect.split(","), timeout=args.timeout) as client:
        for sample, text in ask_all(client, samples, args):
            if not tally.add(sample, text == plain(sample.answer)):
                question = json.dumps(sample.question, ensure_ascii=False)
                print(f"wrong: {sample.task} {question} gave {text!r}, not {plain(sample.answer)!r}")
        seconds = time.monotonic() - began
        print(tally.table())
        print(f"{tally.right} of {tally.asked} right in {seconds:.0f} s")
        shoal, strange = ask_shoal(client, args), ask_strange(client, args)
    if args.json:
        print(json.dumps({"right": tally.right, "asked": tally.asked, "seconds": round(seconds, 1),
                          "shoal": shoal, "strange": strange, "counts": tally.counts}))
    wrong = tally.asked - tally.right
    if args.allow_wrong is not None and wrong > args.allow_wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except ShoalError as error:
        raise SystemExit(f"accuracy: {error}") from None
