"""An installed Shoal in a folder of its own, and what is built against it there with pkg-config alone."""

import os
import pathlib
import shutil
import subprocess

from mesh import PATIENCE_S, ROOT, SHOAL, Process

BUILD = pathlib.Path(SHOAL).resolve().parents[1]
PYTHON = "/usr/bin/python3"
EXAMPLES = ROOT / "examples"
BUILD_PATIENCE_S = 10 * PATIENCE_S


def run(*command, **options):
    """Runs a command to its end; fails with all that it said unless that went well."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_PATIENCE_S, **options)
    if done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Package:
    """`meson install` of this build below a DESTDIR. `name` is that of the place: the same in every run, so that the
    compiler cache knows it."""

    def __init__(self, name):
        self.place = BUILD / "tests" / f"out_of_tree_{name}"
        shutil.rmtree(self.place, ignore_errors=True)
        destination = self.place / "destination"
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", destination)
        pc_files = list(destination.rglob("shoal.pc"))
        if len(pc_files) != 1:
            raise AssertionError(f"one shoal.pc was to be installed: {pc_files}")
        self.headers = next(destination.rglob("include/shoal"))
        self.binary = next(destination.rglob("bin/shoal"))
        self.environment = {**os.environ, "PKG_CONFIG_PATH": str(pc_files[0].parent), "PYTHONUNBUFFERED": "1",
                            "PYTHONPATH": str(ROOT / "clients" / "python")}
        if shutil.which("ccache"):
            self.environment["CXX"] = "ccache c++"

    def copy(self, name):
        """A copy of an example, out of the tree."""
        return shutil.copytree(EXAMPLES / name, self.place / name)

    def make(self, name):
        """Builds an example by its Makefile and returns the binary."""
        folder = self.copy(name)
        run("make", "CXXFLAGS=-O1 -Wall -Wextra -Werror", *([f"CXX={self.environment['CXX']}"]
                                                           if "CXX" in self.environment else []),
            cwd=folder, env=self.environment)
        return folder / name


class Service(Process):
    """A service in C++ that has joined its mesh; with joined=False it just listens."""

    def __init__(self, binary, *arguments, joined=True):
        super().__init__(str(binary), *arguments)
        self.wait_for_line("ready " if joined else "listening ")
