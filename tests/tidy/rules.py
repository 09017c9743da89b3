"""The rules of the house that a program can check: text, names, sizes, and who includes whom (ARCHITECTURE.md, layers).

Each rule is a function of a Tree that yields Findings. Nothing here runs a compiler: see headers.py and tidy.py.
"""

import dataclasses
import os
import pathlib
import re

CPP = {".cc", ".h", ".cu", ".cuh"}
CODE = CPP | {".py", ".build"}
COLUMNS_MAX = 120
LINES_MAX = 400
SKIPPED = re.compile(r"\.(?!ci$)|__pycache__$|node_modules$")  # hidden folders, .ci aside, and what tools leave

# Layer (the longest listed folder that holds a file) -> the other layers whose headers it may include.
# Folders that are not listed (tests, tools, examples) may include everything, and no layer includes them.
ACTORS = {"base", "protocol", "actors", "actors/flow", "actors/net", "actors/host"}
SERVICE = ACTORS | {"config", "services"}
LAYERS = {
    "base": set(),
    "config": {"base"},
    "protocol": {"base"},
    "text": {"base"},
    "kernels": {"base"},
    "kernels/echo": {"base", "kernels"},
    "kernels/host": {"base", "kernels"},
    "engine": {"base", "kernels"},
    "actors": {"base", "protocol"},
    "actors/flow": {"base", "protocol", "actors"},
    "actors/net": {"base", "protocol", "actors", "actors/flow"},
    "actors/host": ACTORS,
    "sdk": ACTORS | {"config"},
    "services": ACTORS | {"config"},
    "services/gateway": SERVICE | {"text"},
    "services/preprocess": SERVICE | {"text"},
    "services/router": SERVICE,
    "services/inference": SERVICE | {"engine", "kernels", "text"},  # text for the tokenizer's digest
    "services/postprocess": SERVICE | {"text"},
    "cli": SERVICE | {f"services/{kind}" for kind in ("gateway", "preprocess", "router", "inference", "postprocess")},
}
# Third parties with one home each: the pattern of the include, the files that may have it, and the name for people.
HOMES = [
    (re.compile(r"caf/"), re.compile(r"actors/host/"), "CAF"),
    (re.compile(r"zmq"), re.compile(r"(actors/net|cli|tests|tools)/"), "ZeroMQ"),
    (re.compile(r"msgpack"), re.compile(r"protocol/[^/]*\.cc$|(cli|tests|tools)/"), "msgpack"),
]
# What is a core: files that are called so, and all of the libraries that are, in the files of meson.
CORE = re.compile(r"(^|/)[a-z0-9_]*_core\.(h|cc)$|^actors/flow/")
CORE_LIBRARY = re.compile(r"static_library\('(?:[a-z0-9_]*_core|router_policies|flow)',\s*((?:'[^']+',?\s*)+)")
IMPURE_INCLUDE = re.compile(
    r"(caf/.*|zmq.*|chrono|ctime|random|thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier"
    r"|stop_token|time\.h|pthread\.h|unistd\.h|poll\.h|sys/.*)$")
IMPURE_WORD = re.compile(
    r"\b(steady_clock|system_clock|high_resolution_clock|random_device|this_thread|clock_gettime|gettimeofday|getrandom"
    r"|s?rand)\b(?!\s*=)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Written so that these lines do not find themselves.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E)\b")
FOREIGN_PATH = re.compile(r"(?<![\w.$}])/(home|work|Users)/\w|\.\./shar[e]d/")
SWALLOW = re.compile(r"catch\s*\(\s*\.\.\.\s*\)\s*\{\s*\}")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One broken rule at one place."""

    rule: str
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text} [{self.rule}]"


class Tree:
    """The source files below a folder, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.lines = {}  # path from the root -> its lines
        for folder, folders, names in os.walk(self.root):
            top = pathlib.Path(folder) == self.root
            folders[:] = sorted(f for f in folders if not SKIPPED.match(f) and not (top and f.startswith("build")))
            for name in sorted(names):
                path = pathlib.Path(folder, name)
                if self.is_text(path):
                    relative = path.relative_to(self.root).as_posix()
                    self.lines[relative] = path.read_text(encoding="utf-8").splitlines()

    @staticmethod
    def is_text(path):
        if path.is_symlink() or not path.is_file():
            return False
        if path.suffix in CODE or path.suffix in {".md", ".txt", ".yml", ".toml"}:
            return True
        with open(path, "rb") as file:  # scripts have no suffix
            return file.read(2) == b"#!"

    def of(self, *suffixes):
        return [path for path in self.lines if pathlib.PurePosixPath(path).suffix in suffixes]

    def is_code(self, path):
        return pathlib.PurePosixPath(path).suffix in CODE or self.lines[path][:1] and self.lines[path][0][:2] == "#!"

    def includes(self, path):
        """(line number, is it a <system> include, name) of each #include of a file; a neighbour by its whole path."""
        for number, line in enumerate(self.lines[path], 1):
            if match := INCLUDE.match(line):
                neighbour = os.path.normpath(os.path.join(os.path.dirname(path), match[2]))
                found = match[1] == '"' and neighbour in self.lines
                yield number, match[1] == "<", neighbour if found else match[2]


def columns(tree):
    for path in filter(tree.is_code, tree.lines):
        for number, line in enumerate(tree.lines[path], 1):
            if len(line) > COLUMNS_MAX:
                yield Finding("columns", path, number, f"{len(line)} columns; at most {COLUMNS_MAX}")


def length(tree):
    for path in filter(tree.is_code, tree.lines):
        if len(tree.lines[path]) > LINES_MAX:
            yield Finding("length", path, LINES_MAX, f"{len(tree.lines[path])} lines; at most {LINES_MAX}")


def words(tree):
    for path, lines in tree.lines.items():
        for number, line in enumerate(lines, 1):
            if match := UNFINISHED.search(line):
                yield Finding("unfinished", path, number, f"'{match[0]}': finish it")
            if match := FOREIGN_PATH.search(line):
                yield Finding("foreign-path", path, number, f"'{match[0]}' is a path of somebody's machine")
        text = "\n".join(lines)
        for match in SWALLOW.finditer(text):
            yield Finding("swallow", path, text.count("\n", 0, match.start()) + 1, "an error is swallowed")


def headers(tree):
    for path in tree.of(".h", ".cuh"):
        lines = tree.lines[path]
        if not lines or not lines[0].startswith("//"):
            yield Finding("header-comment", path, 1, "the first line says what this is")
        if "#pragma once" not in lines:
            yield Finding("pragma-once", path, 1, "#pragma once is missing")


def layer_of(path):
    """The longest listed folder that holds this path, or None."""
    folders = [folder for folder in LAYERS if path.startswith(folder + "/")]
    return max(folders, key=len, default=None)


def layers(tree):
    for path in tree.of(*CPP):
        layer = layer_of(path)
        for number, system, name in tree.includes(path):
            if layer is None or system or name not in tree.lines:
                continue
            target = layer_of(name)
            if target != layer and target not in LAYERS[layer]:
                yield Finding("layers", path, number, f"{layer} does not know {name}")


def homes(tree):
    for path in tree.of(*CPP):
        for number, _, name in tree.includes(path):
            for library, home, title in HOMES:
                if library.match(name) and not home.match(path):
                    yield Finding("homes", path, number, f"{title} is included elsewhere only")


def cores(tree):
    """The files of cores; those that a library of cores lists with their headers."""
    found = set(filter(CORE.search, tree.of(*CPP)))
    for path in tree.of(".build"):
        for library in CORE_LIBRARY.finditer("\n".join(tree.lines[path])):
            for name in re.findall(r"'([^']+)'", library[1]):
                source = (pathlib.PurePosixPath(path).parent / name).as_posix()
                found |= {source, source.removesuffix(".cc") + ".h"} & set(tree.lines)
    return sorted(found)


def purity(tree):
    """Cores meet no clock, thread, random device, CAF or ZeroMQ, in themselves or through what they include."""
    for path in cores(tree):
        for number, system, name in tree.includes(path):
            if system and IMPURE_INCLUDE.match(name):
                yield Finding("pure-core", path, number, f"a core does not include <{name}>")
        for reached in closure(tree, path):
            for number, line in enumerate(tree.lines[reached], 1):
                if match := IMPURE_WORD.search(line.split("//")[0]):
                    yield Finding("pure-core", reached, number, f"'{match[0]}' is reached from the core {path}")
            for number, system, name in tree.includes(reached):
                if system and re.match(r"caf/|zmq", name):
                    yield Finding("pure-core", reached, number, f"<{name}> is reached from the core {path}")


def closure(tree, path):
    """The file itself and every project header that it includes, directly or not."""
    seen, todo = {path}, [path]
    while todo:
        for _, system, name in tree.includes(todo.pop()):
            if not system and name in tree.lines and name not in seen:
                seen.add(name)
                todo.append(name)
    return sorted(seen)


RULES = [columns, length, words, headers, layers, homes, purity]
