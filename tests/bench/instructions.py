#!/usr/bin/env python3
"""Instructions per item of path_bench's cases, counted by callgrind: exact, so that two builds can be compared.

usage: instructions.py PATH_BENCH [MODEL_DIRECTORY] [--json]     (needs the Debian package valgrind)

Each case runs with two counts, and the difference is divided by theirs, so that start and end do not count. valgrind
does not know AVX-512, and slows everything down fifty times.
"""

import json
import re
import subprocess
import sys
import tempfile

COUNTS = (4096, 12288)  # items
TOKENIZER_COUNTS = (1, 400_000)  # bytes, rounded up to whole texts
CASES = {"hop": COUNTS, "relay": COUNTS, "owner": COUNTS, "tokenizer_english": TOKENIZER_COUNTS,
         "tokenizer_chinese": TOKENIZER_COUNTS}


def instructions(bench, model, case, count):
    """(instructions of the whole run, items that it did)."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", bench, f"--case={case}",
             f"--count={count}", model], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"instructions.py: {case}: {done.stderr[-2000:]}")
    return int(re.search(r"Collected : (\d+)", done.stderr)[1]), int(done.stdout.removeprefix("items="))


def main():
    words = [word for word in sys.argv[1:] if word != "--json"]
    if not words:
        sys.exit(__doc__)
    bench, model = words[0], words[1] if len(words) > 1 else "models/shoal-tiny"
    report = {"bench": "instructions"}
    for case, (few, many) in CASES.items():
        (less, items_few), (more, items_many) = (instructions(bench, model, case, count) for count in (few, many))
        report[case] = round((more - less) / (items_many - items_few), 1)
        if "--json" not in sys.argv:
            print(f"{case:18} {report[case]:10.1f} instructions per {'byte' if 'tokenizer' in case else 'item'}")
    if "--json" in sys.argv:
        print(json.dumps(report))


if __name__ == "__main__":
    main()
