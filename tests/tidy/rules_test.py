"""Every rule of rules.py finds what it forbids and nothing else: a small good tree, and one broken thing at a time."""

import pathlib
import tempfile
import unittest

import rules
import tidy

GOOD = {
    "base/time.h": "// Time.\n#pragma once\n\n#include <chrono>\n",
    "base/clock.h": "// The clock of the machine.\n#pragma once\n\nlong now();\n",
    "protocol/codec.h": "// The codec.\n#pragma once\n\n#include \"base/time.h\"\n",
    "protocol/codec.cc": "#include \"protocol/codec.h\"\n\n#include <msgpack.hpp>\n",
    "actors/flow/wire.h": "// Wires.\n#pragma once\n\n#include \"protocol/codec.h\"\n",
    "actors/net/loop.cc": "#include <zmq.h>\n",
    "actors/host/port.cc": "#include <caf/all.hpp>\n",
    "services/router/router_core.h": "// The core.\n#pragma once\n\n#include \"base/time.h\"\n",
    "services/router/queue.h": "// The queue.\n#pragma once\n\nclass Queue;\n",
    "services/router/queue.cc": "#include \"services/router/queue.h\"\n",
    "services/meson.build": "core = static_library('router_core', 'router/router_core.cc',\n  'router/queue.cc')\n",
    "cli/main.cc": "#include \"services/router/router_core.h\"\n",
    "tests/unit/a_test.cc": "#include \"services/router/router_core.h\"\n",
    "scripts/up": "#!/usr/bin/env bash\necho up\n",
}


def findings(changes):
    """The names of the rules that the good tree breaks after these changes (path -> text)."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in (GOOD | changes).items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        tree = rules.Tree(folder)
        return sorted({finding.rule for rule in [*rules.RULES, tidy.form] for finding in rule(tree)})


def header(*lines):
    return "// A header.\n#pragma once\n\n" + "".join(line + "\n" for line in lines)


class Rules(unittest.TestCase):
    """One sentence a rule."""

    def finds(self, rule, path, text):
        self.assertEqual(findings({path: text}), [rule])

    def test_a_good_tree_has_no_findings(self):
        self.assertEqual(findings({}), [])

    def test_a_line_of_121_columns_is_found_and_one_of_120_is_not(self):
        self.finds("columns", "scripts/up", "#!/bin/sh\n" + "x" * 121 + "\n")
        self.assertEqual(findings({"scripts/up": "#!/bin/sh\n" + "\u4e2d" * 120 + "\n"}), [])

    def test_a_file_of_401_lines_is_found_and_one_of_400_is_not(self):
        self.finds("length", "base/time.cc", "// x\n" * 401)
        self.assertEqual(findings({"base/time.cc": "// x\n" * 400}), [])

    def test_unfinished_work_is_found(self):
        self.finds("unfinished", "README.md", "TO" + "DO: more\n")

    def test_a_path_of_a_developers_machine_is_found(self):
        self.finds("foreign-path", "scripts/up", "#!/bin/sh\nls " + "/ho" + "me/ada\n")

    def test_a_swallowed_error_is_found(self):
        self.finds("swallow", "base/a.cc", "void f() {\n  try {\n    g();\n  } catch (...) {\n  }\n}\n")

    def test_a_header_without_a_first_comment_or_pragma_once_is_found(self):
        self.finds("header-comment", "base/a.h", "#pragma once\n")
        self.finds("pragma-once", "base/a.h", "// A header.\n")

    def test_a_lower_layer_including_a_higher_one_is_found(self):
        self.finds("layers", "base/a.h", header('#include "protocol/codec.h"'))
        self.finds("layers", "actors/flow/a.h", header('#include "services/router/router_core.h"'))
        self.finds("layers", "services/a.h", header('#include "services/router/router_core.h"'))
        self.finds("layers", "base/a.h", header('#include "../protocol/codec.h"'))

    def test_a_layer_including_a_test_is_found(self):
        self.finds("layers", "base/a.cc", '#include "tests/unit/a_test.cc"\n')

    def test_one_service_including_another_is_found(self):
        self.finds("layers", "services/gateway/a.h", header('#include "services/router/router_core.h"'))

    def test_a_library_included_outside_its_home_is_found(self):
        self.finds("homes", "services/router/a.cc", "#include <caf/actor.hpp>\n")
        self.finds("homes", "services/router/a.cc", "#include <zmq.hpp>\n")
        self.finds("homes", "protocol/a.h", header("#include <msgpack.hpp>"))

    def test_a_core_that_includes_a_clock_thread_or_random_device_is_found(self):
        for name in ("chrono", "thread", "mutex", "random", "sys/time.h"):
            self.finds("pure-core", "services/router/router_core.cc", f"#include <{name}>\n")
        self.finds("pure-core", "actors/flow/a.h", header("#include <thread>"))

    def test_a_file_of_a_library_of_cores_is_a_core_whatever_its_name(self):
        self.finds("pure-core", "services/router/queue.cc", "#include <thread>\n")
        self.finds("pure-core", "services/router/queue.h", header("#include <mutex>"))
        self.assertEqual(findings({"services/router/log_file.cc": "#include <thread>\n"}), [])

    def test_a_clock_in_a_header_that_a_core_includes_is_found(self):
        clock = header("auto now() { return std::chrono::steady_clock::now(); }")
        self.finds("pure-core", "base/time.h", clock)
        self.assertEqual(findings({"base/clock.h": clock}), [])

    def test_a_misformatted_file_is_found(self):
        self.finds("format", "base/a.cc", "int   f();\n")


if __name__ == "__main__":
    unittest.main()
