#!/usr/bin/python3
"""Runs one fuzz target for some seconds, from seeds that are made here and from what earlier runs kept.

usage: run.py TARGET_fuzz [--seconds=30]

The seeds are the golden messages and small good files, so they follow the project without being kept. What the run
learnt stays beside the target in TARGET_fuzz.corpus, and an input that fails in TARGET_fuzz.crash-…: give that file to
the target as its only argument to see the failure again. Prints '1 passed, 0 failed' or the opposite.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import msgpack

ROOT = pathlib.Path(__file__).resolve().parents[2]
INPUT_BYTES_MAX = 4096


def golden_messages():
    """(type number, frames) of every golden message, in each of its forms."""
    for path in sorted((ROOT / "tests" / "golden" / "messages").glob("*.hex")):
        forms = {}
        for line in path.read_text(encoding="ascii").splitlines():
            form, _, digits = (line + " ").split(" ", 2)
            forms.setdefault(form, []).append(bytes.fromhex(digits))
        for frames in forms.values():
            yield msgpack.unpackb(frames[0])[1], frames


def head_seeds():
    return [frames[0] for _, frames in golden_messages()]


def body_seeds():
    for number, (_, body, *attachments) in golden_messages():
        yield bytes([number, len(attachments), *(min(len(attachment), 64) for attachment in attachments)]) + body


def edge_seeds():
    user = [{"role": "user", "content": "Hello, Shoal!"}]
    parts = [{"role": "developer", "content": [{"type": "text", "text": "Be kind."}]}, *user]
    ticket = {"request": "0123456789abcdef" * 2, "position": 3, "chain": "0123456789abcdef"}
    for request in (
            {"type": "SUBMIT", "id": "1", "messages": user},
            {"type": "SUBMIT", "id": 7, "messages": parts, "stream": False, "model": "bytes", "max_tokens": 5},
            {"type": "SUBMIT", "id": "p", "prompt": "raw", "temperature": 0.5, "top_p": 1, "top_k": 3, "min_p": 0.1,
             "seed": 2**63, "stop": ["a", "b"], "tier": "VIP", "deadline_ms": 1000, "window": 8},
            {"type": "CANCEL", "id": "1"}, {"type": "CREDIT", "id": "1", "position": 9}, {"type": "STATUS", "id": "s"},
            {"type": "CALL", "id": "c", "kind": "moderate", "method": "stage", "payload": b"x", "deadline_ms": 9},
            {"type": "CALL", "id": "c", "kind": "router", "method": "status", "epoch": "0123456789abcdef"},
            {"type": "SERVE", "id": "s", "kind": "moderate"}, {"type": "HELP", "id": "h"},
            {"type": "RESULT", "id": "7", "payload": b"x"}, {"type": "RESULT", "id": "7", "code": "busy"},
            {"type": "SUBMIT", "id": "1", "client": "me", "prompt": "published"},
            {"type": "RESUME", "id": "r", **ticket}, {"type": "ACK", "id": "1"},
            {"messages": user, "model": "bytes", "tenant": "t", "tier": "vip"}, {"verdict": "PASS"},
            {"verdict": "REPLACE", "messages": parts}, {"verdict": "REPLACE", "prompt": "raw"},
            {"verdict": "REFUSE", "code": "listed_word", "text": "Not this word."},
            {"text": "four 4", "channel": "reasoning", "before": "three 3, ", "position": 12, "final": False,
             "hold_max": 256, "stream": "00c0ffee00c0ffee", "model": "bytes", "tenant": "t", "tier": "vip"},
            {"verdict": "PASS", "hold": 7}, {"verdict": "REPLACE", "text": "five", "hold": 0}):
        yield msgpack.packb(request)


def tokenizer_seeds():
    yield b"\x00" + b'{"model": {"type": "BPE", "vocab": {}, "merges": []}, "added_tokens": []}'
    split = {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}"}, "behavior": "Isolated", "invert": False}
    for patch in ({}, {"normalizer": {"type": "NFC"}}, {"model": {"ignore_merges": True}},
                  {"model": {"vocab": {"aab": 256}, "merges": ["a a", "aa b"]}},
                  {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [split]}},
                  {"added_tokens": [{"id": 300, "content": "<x>", "special": True, "normalized": True}]}):
        yield b"\x01" + json.dumps(patch).encode()


def template_seeds():
    yield from (path.read_bytes() for path in sorted((ROOT / "tests" / "templates" / "own").iterdir()))
    for source in (
            "{% for m in messages if m.role == 'user' %}{{ loop.index ~ m['content'][1:-1] }}{% else %}x{% endfor %}",
            "{% macro m(a, b=2) %}{{ a ** b // 3 }}{% endmacro %}{{ m(1) | trim }}{{ m(b=1, a='x'.split(' ')) }}",
            "{% set ns = namespace(x=[1]) %}{% set ns.x = ns.x + [(2, {'a': none})] %}{{ ns.x | tojson(indent=2) }}",
            "{{ '{}<{a}>{{'.format(messages[0].content, a=bos_token) }}",
            "{% if no %}{{ 'x' | frob(1) is frob }}{% else %}{{ none | select | list }}{% endif %}",
            "{{ range(5) | select('odd') | map('string') | join(', ') }}{% raw %}{{ x }}{% endraw -%} {# c #}",
            "{{ messages | map(attribute='content') | sort(reverse=true) | unique | list }}{{ -1 if x is defined }}",
            "{%- filter upper | replace('A', 'b', 1) %}a{% break %}{% endfilter %}{{ strftime_now('%Y') }}"):
        yield source.encode()


def checkpoint_seeds():
    embed = {"dtype": "F32", "shape": [2, 6], "data_offsets": [0, 48]}
    norm = {"dtype": "BF16", "shape": [8], "data_offsets": [48, 64]}
    header = json.dumps({"model.embed_tokens.weight": embed, "model.norm.weight": norm}).encode()
    yield b"\x00" + len(header).to_bytes(8, "little") + header + bytes(64)
    yield b"\x01" + header
    index = {"weight_map": {"model.embed_tokens.weight": "model.safetensors"}}
    yield b"\x02" + json.dumps(index).encode()
    for name in ("lite", "group_limited", "yarn"):
        yield b"\x03" + (ROOT / "tests" / "golden" / "tiny" / name / "config.json").read_bytes()
    yield b"\x04" + b'{"eos_token_id": [1, 2], "temperature": 0.6}'


def config_seeds():
    yield b'routers = ["tcp://127.0.0.1:5570", "ipc://x"]\nbind = "tcp://127.0.0.1:*"\ninsecure = true\nmodel = "x"\n'
    yield b'[gateway]\nclient_bind = \'tcp://[::1]:5555\'\nnode = """a\nb"""\n[services.moderate]\nwords = ["x"]\n'
    for kind in ("gateway", "preprocess", "router", "inference", "postprocess", "up"):
        yield f"[{kind}]\nmodel = 'bytes' # with a number\nslots = 0x1_0\nweight = 1.5e-3\n".encode()
    level = {"name": "VIP", "max_concurrency": 32, "timeout": 500, "queue_max": 8, "tokens_per_second": 1e3,
             "burst_tokens": 2000, "requests_per_second": 0.5, "burst_requests": 1}
    yield json.dumps({"priority_levels": [level, {"name": "Batch", "timeout": 600000}]}).encode()
    yield b"[[priority_levels]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in level.items()).encode()


def zmtp_seeds():
    greeting = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)
    for role, kind in enumerate((b"DEALER", b"PUSH", b"SUB")):
        ready = b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind
        hands = greeting + b"\x04" + bytes([len(ready)]) + ready
        for rest in (b"\x01\x00\x00\x05hello", b"\x04\x09\x04PING\x00\x0aab", b"\x04\x0b\x09SUBSCRIBEx",
                     b"\x00\x02\x01x", b"\x02" + (300).to_bytes(8, "big") + bytes(300)):
            yield bytes([role, 7]) + hands + rest
    yield b"\x00\x01GET / HTTP/1.1\r\n\r\n"


def write_seeds(target, folder):
    for i, seed in enumerate(globals()[target + "_seeds"]()):
        (folder / f"{i:03}").write_bytes(seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    target = arguments.binary.name.removesuffix("_fuzz")
    corpus = arguments.binary.with_name(arguments.binary.name + ".corpus")
    corpus.mkdir(exist_ok=True)
    seeds = pathlib.Path(tempfile.mkdtemp(prefix="shoal-seeds-"))
    try:
        write_seeds(target, seeds)
        run = subprocess.run(
            [arguments.binary, f"-max_total_time={arguments.seconds}", f"-max_len={INPUT_BYTES_MAX}", "-timeout=10",
             "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={arguments.binary}.", corpus, seeds],
            stderr=subprocess.PIPE, text=True, errors="replace", check=False,
            env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"})
    finally:
        shutil.rmtree(seeds, ignore_errors=True)
    executed = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    ok = run.returncode == 0 and executed and int(executed[1]) > 0
    if not ok:
        print(run.stderr[-8000:])
    print(f"{target}: {executed[1] if executed else 'no'} executions in {arguments.seconds} s")
    print("1 passed, 0 failed" if ok else "0 passed, 1 failed")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
