#!/usr/bin/env python3
"""What a mesh costs that has nothing to do: processor time of all threads of `shoal up`, as a share of one core.

usage: idle.py SHOAL [SECONDS] [--json]     (60 seconds unless told)

Counts utime and stime of every process (/proc/PID/stat, proc(5)), the supervisor's among them, from ten seconds after
the mesh is ready.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from tests.e2e.mesh import free_ports  # noqa: E402

SETTLE_S = 10


def family(pid):
    """The process and its children."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [int(child) for child in children]


def used(pids):
    """pid -> (kind, seconds of processor time)."""
    ticks = os.sysconf("SC_CLK_TCK")
    result = {}
    for pid in pids:
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        result[pid] = (arguments[1].decode(), (int(fields[11]) + int(fields[12])) / ticks)
    return result


def main():
    words = [word for word in sys.argv[1:] if word != "--json"]
    if not words:
        sys.exit(__doc__)
    seconds = float(words[1]) if len(words) > 1 else 60.0
    ports = free_ports()
    with tempfile.TemporaryDirectory() as folder:
        mesh = subprocess.Popen([words[0], "up", f"--client_port={ports.client}", f"--router_port={ports.router}",
                                 f"--run_dir={folder}", "--json"], stdout=subprocess.PIPE, text=True)
        try:
            for line in mesh.stdout:
                if json.loads(line).get("event") == "ready":
                    break
            time.sleep(SETTLE_S)
            pids = family(mesh.pid)
            before, begun = used(pids), time.monotonic()
            time.sleep(seconds)
            after, took = used(pids), time.monotonic() - begun
        finally:
            mesh.terminate()
            mesh.wait()
    share = {}
    for pid, (kind, total) in after.items():
        share[kind] = share.get(kind, 0) + (total - before[pid][1]) / took
    report = {"bench": "idle", "processes": len(pids) - 1, "seconds": round(took, 1),
              "share_of_a_core": round(sum(share.values()), 5),
              "by_kind": {kind: round(value, 5) for kind, value in sorted(share.items())}}
    if "--json" in sys.argv:
        print(json.dumps(report))
        return
    whole = 100 * report["share_of_a_core"]
    print(f"{report['processes']} processes over {report['seconds']} s: {whole:.2f} % of a core")
    for kind, value in report["by_kind"].items():
        print(f"  {kind:12} {100 * value:.2f} %")


if __name__ == "__main__":
    main()
