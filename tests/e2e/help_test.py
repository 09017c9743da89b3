"""What the commands say about themselves, to people and to their shell."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from mesh import ROOT, SHOAL, free_ports, loopback, run_shoal
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


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class CompletionInZsh(unittest.TestCase):
    """At its keyboard, where `shoal` is a function that shows what it was called with."""

    def setUp(self):
        environment = {**os.environ, "PS1": "$ ", "TERM": "dumb", "SHOAL": SHOAL}
        self.terminal = Terminal("zsh", "-f", "-i", env=environment, columns=400)
        self.terminal.type('autoload -U compinit; compinit -u -D; source <("$SHOAL" completion zsh); '
                           "shoal() { print -r -- \"<$*>\" }; echo loa''ded\n")
        self.terminal.read_until("loaded\r\n")

    def tearDown(self):
        self.terminal.type("exit\n")
        self.assertEqual(self.terminal.end(), 0)

    def test_of_commands_options_and_kinds(self):
        for typed, completed in (("stat\t", "<status>"), ("status --wa\t", "<status --watch>"),
                                 ("chat --max\t7", "<chat --max-tokens=7>"),
                                 ("bench ho\t--trans\t", "<bench hop --transport=>"),
                                 ("logs inf\t--fo\t", "<logs inference --follow>"),
                                 ("completion fi\t", "<completion fish>"),
                                 (f"replay {ROOT}/LICEN\t", f"<replay {ROOT}/LICENSE>"),
                                 (f"up --config={ROOT}/LICEN\t", f"<up --config={ROOT}/LICENSE>")):
            with self.subTest(typed):
                self.terminal.type(f"shoal {typed}\n")
                self.terminal.read_until("\n<")
                self.assertEqual("<" + self.terminal.read_until(">").rstrip(), completed)

    def test_as_a_file_that_is_loaded_when_it_is_needed(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "_shoal").write_text(run_shoal("completion", "zsh").stdout, encoding="utf-8")
            self.terminal.type(f"unset '_comps[shoal]'; unfunction _shoal; fpath=({folder} $fpath); compinit -u -D; "
                               "echo ag''ain\n")
            self.terminal.read_until("again\r\n")
            self.terminal.type("shoal stat\t\n")
            self.terminal.read_until("<status>")


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class CompletionInFish(unittest.TestCase):
    def complete(self, line):
        """What its last word may become."""
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "SHOAL": SHOAL, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
            script = '$SHOAL completion fish | source; complete -C "$argv[1]"'
            done = subprocess.run(["fish", "-c", script, line], check=True, text=True, capture_output=True,
                                  env=environment)
        self.assertEqual(done.stderr, "")
        return [found.split("\t")[0] for found in done.stdout.splitlines()]

    def test_of_commands_options_and_kinds(self):
        self.assertEqual(self.complete("shoal sta"), ["status"])
        self.assertEqual(self.complete("shoal status --wa"), ["--watch"])
        self.assertEqual(self.complete("shoal chat --max"), ["--max-tokens"])
        self.assertEqual(self.complete("shoal bench hop --trans"), ["--transport"])
        self.assertEqual(self.complete("shoal logs inf"), ["inference"])
        self.assertEqual(self.complete("shoal logs inference --fo"), ["--follow"])
        self.assertEqual(self.complete("shoal inference --rou"), ["--routers"])
        self.assertEqual(self.complete(f"shoal replay {ROOT}/LICEN"), [f"{ROOT}/LICENSE"])
        self.assertEqual(self.complete(f"shoal up --config={ROOT}/LICEN"), [f"--config={ROOT}/LICENSE"])
        self.assertNotIn("bench-echo", self.complete("shoal "))
        self.assertIn("completion", self.complete("shoal "))


if __name__ == "__main__":
    unittest.main()
