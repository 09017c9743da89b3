"""Reads the golden bytes of all messages with Python's msgpack and by the tables of protocol/README.md alone: a second
implementation of the format, which shares no line with the first. usage: goldens.py ROOT
"""

import pathlib
import re
import struct
import sys

import msgpack

HEAD = [
    ("version", 0x0100), ("type", None), ("flags", 3), ("request", bytes(range(0xA0, 0xB0))), ("choice", 3),
    ("attempt", 2 << 16 | 5), ("position", 70_000), ("chain", 0xF123456789ABCDEF), ("budget_ms", 599_999), ("tier", 3),
    ("trace", bytes(range(1, 25))),
]
NUMBERS = {"Code": 16, "Type": 8, "Finish": 8, "Reasoning": 8, "StreamState": 8}


def read_tables(readme):
    """Heading -> the (field, type) rows of its first table."""
    tables, heading = {}, None
    for line in readme.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        row = re.match(r"\| `(\w+)` \| `([^`]+)`", line)
        if row and heading:
            tables.setdefault(heading, []).append(row.groups())
        elif heading and line == "No fields.":
            tables[heading] = []
    return tables


def read_forms(path):
    """Form -> its frames."""
    forms = {}
    for line in path.read_text(encoding="ascii").splitlines():
        form, _, digits = (line + " ").split(" ", 2)
        forms.setdefault(form, []).append(bytes.fromhex(digits))
    return forms


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Reader:
    """Checks one body against the tables; takes its attachments from the left."""

    def __init__(self, tables, attachments):
        self.tables = tables
        self.attachments = list(attachments)

    def value(self, kind, got, where):
        word, _, bound = kind.rpartition(" ") if re.search(r" \d+$", kind) else (kind, "", "0")
        bound = int(bound)
        if word == "str":
            check(isinstance(got, str) and 0 < len(got.encode()) <= bound, where)
        elif word == "bin":
            check(isinstance(got, bytes) and 0 < len(got) <= bound, where)
        elif word == "ids":
            raw = self.attachments.pop(0)
            ids = struct.unpack(f"<{got}I", raw)
            check(0 < len(ids) <= bound, where)
        elif word == "bool":
            check(got is True, where)
        elif word == "f32":
            check(isinstance(got, float) and got % 1 == 0.375, where)
        elif word.startswith("["):
            check(isinstance(got, list) and 0 < len(got) <= bound, where)
            for entry in got:
                self.value(word[1:-1], entry, where + "[]")
        elif word in self.tables:
            self.fields(self.tables[word], got, where)
        else:
            bits = NUMBERS.get(word) or int(re.fullmatch(r"u(8|16|32|64)", word).group(1))
            check(isinstance(got, int) and not isinstance(got, bool) and 0 < got < 1 << bits, where)
            if word.startswith("u") and not where.endswith(".counts[]"):  # samples fill the width of their type
                check(got >= (1 << bits) - 100, where)

    def fields(self, table, got, where):
        check(isinstance(got, list) and len(got) == len(table), f"{where}: not the {len(table)} fields of the table")
        for (field, kind), value in zip(table, got):
            self.value(kind, value, f"{where}.{field}")


def check_head(frame, number, count, where):
    head = msgpack.unpackb(frame)
    check(len(head) == count, f"{where}: {len(head)} fields")
    for (field, expected), got in zip(HEAD, head):
        check(got == (number if field == "type" else expected), f"{where}.{field}")


def check_message(name, number, table, tables, forms):
    head, body, *attachments = forms["exact"]
    check_head(head, number, len(HEAD), f"{name} head")
    reader = Reader(tables, attachments)
    reader.fields(table, msgpack.unpackb(body), name)
    check(not reader.attachments, f"{name}: attachments left over")

    head, body, *attachments = forms["shorter"]
    check_head(head, number, len(HEAD) - 1, f"{name} shorter head")
    reader = Reader(tables, attachments)
    reader.fields(table[:-1], msgpack.unpackb(body), f"{name} shorter")
    check(not reader.attachments, f"{name} shorter: attachments left over")

    head, body, *attachments = forms["longer"]
    check_head(head, number, len(HEAD) + 1, f"{name} longer head")
    longer = msgpack.unpackb(body)
    check(longer.pop() == "later", f"{name} longer")
    reader = Reader(tables, attachments)
    reader.fields(table, longer, f"{name} longer")


def main():
    root = pathlib.Path(sys.argv[1])
    readme = (root / "protocol/README.md").read_text(encoding="utf-8")
    tables = read_tables(readme)
    check([field for field, _ in tables["2 Head"]] == [field for field, _ in HEAD], "the table of the head")
    messages = {heading: table for heading, table in tables.items() if re.fullmatch(r"[A-Z]+ 0x[0-9a-f]{2}", heading)}
    files = {path.stem for path in (root / "tests/golden/messages").glob("*.hex")}
    check(files == {heading.split()[0] for heading in messages}, "files and headings differ")
    for heading, table in messages.items():
        name, number = heading.split()
        check_message(name, int(number, 16), table, tables, read_forms(root / f"tests/golden/messages/{name}.hex"))

    example = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
    exec(compile(example, "protocol/README.md", "exec"), {})  # its own assertions are the check
    print(f"{len(messages)} messages read by the specification")


if __name__ == "__main__":
    main()
