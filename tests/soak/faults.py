"""What happens to the processes of a mesh: they are stopped for a while, or killed; and what became of them all."""

import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import threading

KINDS = ("gateway", "preprocess", "router", "inference", "postprocess")


class Faults(threading.Thread):
    """Every `every_s` something happens to one process of the mesh, chosen at random: it is stopped for 0.1 s to
    `stop_max_s`, or with the probability `kill` killed; then at least one of its kind is left."""

    def __init__(self, mesh, every_s, stop_max_s, kill, seed, kinds=KINDS):
        super().__init__(daemon=True)
        self._mesh = mesh
        self._every_s = every_s
        self._stop_max_s = stop_max_s
        self._kill = kill
        self._kinds = kinds
        self._random = random.Random(seed)
        self._ended = threading.Event()
        self.counts = collections.Counter()  # "stop router", "kill gateway", ...

    def stop(self):
        self._ended.set()
        self.join()

    def run(self):
        while not self._ended.wait(self._every_s):
            kind = self._random.choice(self._kinds)
            pids = self._mesh.pids(kind)
            if not pids:
                continue
            pid = self._random.choice(pids)
            if self._random.random() < self._kill:
                if len(pids) < 2:
                    continue
                self._signal(pid, signal.SIGKILL)
                self.counts[f"kill {kind}"] += 1
            else:
                self._signal(pid, signal.SIGSTOP)
                self._ended.wait(self._random.uniform(0.1, self._stop_max_s))
                self._signal(pid, signal.SIGCONT)
                self.counts[f"stop {kind}"] += 1

    @staticmethod
    def _signal(pid, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def ends_of(lines):
    """(process, reason) of every process that `shoal up` said in JSON has ended, before it was asked to end all."""
    events = [json.loads(line) for line in list(lines)]
    return [(event["process"], event["reason"]) for event in events if event["event"] == "ended"]


class Watch(threading.Thread):
    """Memory and descriptors of every process of a mesh, over time."""

    def __init__(self, mesh, every_s=2.0):
        super().__init__(daemon=True)
        self._mesh = mesh
        self._every_s = every_s
        self._ended = threading.Event()
        self._seen = collections.defaultdict(list)  # (kind, pid) -> [(resident bytes, descriptors)]

    def stop(self):
        self._ended.set()
        self.join()

    def run(self):
        while not self._ended.wait(self._every_s):
            for pid, kind in self._kinds():
                if sample := self._sample(pid):
                    self._seen[kind, pid].append(sample)

    def _kinds(self):
        """(pid, kind) of each process; one that was only just forked has no kind yet."""
        return [(pid, words[1]) for pid, words in self._mesh.children().items() if len(words) > 1]

    @staticmethod
    def _sample(pid):
        """(resident bytes, descriptors); None if the process has ended."""
        proc = pathlib.Path(f"/proc/{pid}")
        try:
            resident = int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            return resident, len(list((proc / "fd").iterdir()))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return None

    def growth_at_rest(self):
        """(resident bytes, descriptors) that a process of now has more than it had at most in the first quarter of its
        life, each with the kind of the process that has most more."""
        most_bytes, most_descriptors = (0, ""), (0, "")
        for pid, kind in self._kinds():
            samples = self._seen[kind, pid]
            early = samples[:1 + len(samples) // 4]
            if early and (now := self._sample(pid)):
                most_bytes = max(most_bytes, (now[0] - max(sample[0] for sample in early), kind))
                most_descriptors = max(most_descriptors, (now[1] - max(sample[1] for sample in early), kind))
        return most_bytes, most_descriptors

    def most_resident(self):
        """The most bytes that one process of each kind had resident."""
        most = collections.defaultdict(int)
        for (kind, _), samples in self._seen.items():
            most[kind] = max(most[kind], *(sample[0] for sample in samples))
        return dict(most)
