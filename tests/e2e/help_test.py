"""What the commands say about themselves, to people and to their shell."""

import os
import re
import shlex
import subprocess
import unittest

from mesh import SHOAL, free_ports, loopback, run_shoal
from terminal import Terminal


class Help(unittest.TestCase):
    """What every command says about itself."""

    def commands(self):
        listed = run_shoal("--help").stdout.split("Options:")[1].split("`shoal COMMAND")[0]
        names = re.findall(r"^  ([a-z0-9]+) {2,}", listed, re.MULTILINE)
        self.assertIn("chat", names)
        return [[name] for name in names] + [["bench", "hop"], ["bench", "e2e"], []]

    def test_fits_a_terminal_and_carries_no_noise_of_the_parser(self):
        for command in self.commands():
            done = run_shoal(*command, "--help")
            self.assertEqual(done.returncode, 0)
            for line in done.stdout.splitlines():
                with self.subTest(command=command, line=line):
                    self.assertLessEqual(len(line), 80 if not line.startswith("  shoal") else 100)
                    self.assertNotRegex(line, r"(UINT|INT|FLOAT)\b|\[[0-9.]+ - |,--")

    def test_shows_examples_of_the_command_itself(self):
        for command in self.commands():
            examples = re.findall(r"^  (?:source <\()?shoal ?(.*)$", run_shoal(*command, "--help").stdout, re.MULTILINE)
            with self.subTest(command=command):
                self.assertTrue(examples)
                self.assertTrue(any(example.startswith(" ".join(command)) for example in examples), examples)

    def test_examples_of_what_talks_to_a_mesh_are_accepted(self):
        environment = {**os.environ, "SHOAL_CONNECT": loopback(free_ports().client)}
        for command in ("chat", "status", "explain"):
            for example in re.findall(r"^  shoal (.*)$", run_shoal(command, "--help").stdout, re.MULTILINE):
                with self.subTest(example):
                    words = [word for word in shlex.split(example) if not word.startswith("--log=")]
                    done = run_shoal(*words, env=environment, input="hi\n")
                    self.assertEqual(done.returncode, 3, done.stderr)

    def test_without_a_command_it_says_what_one_needs_first(self):
        done = run_shoal()
        self.assertEqual(done.returncode, 0)
        for command in ("shoal up", "shoal chat", "shoal status", "--help"):
            self.assertIn(command, done.stdout)
        self.assertLess(len(done.stdout.splitlines()), 12)


class Completion(unittest.TestCase):
    """In a real bash."""

    def complete(self, *words):
        """What the last word may become."""
        script = ('compopt() { :; }; source <("$SHOAL" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_shoal; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "--norc", "-c", script, "bash", "shoal", *words], check=True, text=True,
                              capture_output=True, env={**os.environ, "SHOAL": SHOAL})
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_of_commands_options_and_kinds(self):
        self.assertEqual(self.complete("sta"), ["status"])
        self.assertEqual(self.complete("status", "--w"), ["--watch"])
        self.assertEqual(self.complete("chat", "--max"), ["--max-tokens="])
        self.assertEqual(self.complete("bench", "hop", "--tr"), ["--transport="])
        self.assertEqual(self.complete("logs", "in"), ["inference"])
        self.assertEqual(self.complete("logs", "inference", "--fo"), ["--follow"])
        self.assertEqual(self.complete("inference", "--rou"), ["--routers="])
        self.assertNotIn("bench-echo", self.complete(""))

    def test_at_the_keyboard(self):
        environment = {**os.environ, "PS1": "$ ", "TERM": "xterm",
                       "PATH": f"{os.path.dirname(SHOAL)}:{os.environ['PATH']}"}
        terminal = Terminal("bash", "--norc", "--noprofile", "-i", env=environment)
        terminal.type("source <(shoal completion bash); echo loa''ded\n")
        terminal.read_until("loaded\r\n")
        terminal.type("shoal comp\tba\t| head -n1\n")
        terminal.read_until("# Completion of shoal for bash")
        terminal.type("exit\n")
        self.assertEqual(terminal.end(), 0)


if __name__ == "__main__":
    unittest.main()
