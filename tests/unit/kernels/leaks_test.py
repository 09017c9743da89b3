"""No instruction of a module leaks out of it: a machine that lacks them runs everything else of the program.

usage: leaks_test.py EXECUTABLE MODULE=LIBRARY...

An inline function of a shared header that a module's compiler emits is one of many equal copies, of which the linker
keeps any one for everybody. So the libraries of modules may define nothing but what is in their own namespace, and in
an executable that links them all, only functions of cpu_avx2 may hold its instructions.
"""

import re
import subprocess
import sys
import unittest

EXECUTABLE, *LIBRARIES = sys.argv[1:]
LIBRARIES = dict(library.split("=") for library in LIBRARIES)
# Symbols that other objects can see or that the linker may choose among: capital letters, and weak or unique ones.
SYMBOL = re.compile(r"^[0-9a-f]+ ([A-TV-Zuvwi]) (.*)$")
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# AVX and later: three-operand spellings begin with v; so do a few old instructions of operating systems.
AVX = re.compile(r"^\s+[0-9a-f]+:\s+(v(?!err|erw|mcall|mfunc)\w+|\S.*%[yz]mm)")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def foreign_symbols(library, namespace):
    """What the library defines for others outside its own namespace."""
    symbols = [match[2] for match in map(SYMBOL.match, output("nm", "-C", "--defined-only", library)) if match]
    own = [symbol for symbol in symbols if symbol.startswith(namespace)]
    if not own:
        raise AssertionError(f"{library} defines nothing in {namespace}")
    return sorted(set(symbols) - set(own))


def functions_with_avx(executable):
    name, found = "", set()
    for line in output("objdump", "-d", "-C", "--no-show-raw-insn", executable):
        if match := FUNCTION.match(line):
            name = match[1]
        elif AVX.match(line):
            found.add(name)
    return found


class Leaks(unittest.TestCase):
    """One sentence a behaviour."""

    def test_a_module_defines_nothing_outside_its_namespace(self):
        for module, library in LIBRARIES.items():
            with self.subTest(module):
                self.assertEqual(foreign_symbols(library, f"shoal::kernels::{module}::"), [])

    @unittest.skipUnless("cpu_avx2" in LIBRARIES, "this processor family has no AVX")
    def test_avx_stands_only_in_functions_of_the_module_that_is_named_after_it(self):
        own = "shoal::kernels::cpu_avx2::"
        found = functions_with_avx(EXECUTABLE)
        self.assertIn(f"{own}matmul(shoal::kernels::Matmul const&)", found)  # it is looked for where it is
        self.assertEqual([name for name in sorted(found) if not name.startswith(own)], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
