"""Does what docs/services.md says, block by block: `sh` runs to its end, `sh background` is a terminal of its own, and
`text` is what the block before it printed, among other things."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from mesh import ROOT, Process, eventually, free_ports, loopback, status
from package import BUILD, BUILD_PATIENCE_S

GUIDE = ROOT / "docs" / "services.md"
BLOCK = re.compile(r"^```(\w+)( background)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Terminal:
    """A shell that keeps its folder and its exported variables from one block to the next."""

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment

    def run(self, block):
        with tempfile.NamedTemporaryFile("r") as after:
            state = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"
            keep = f"\n/usr/bin/python3 -c '{state}' >{after.name}"
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block + keep], cwd=self.folder,
                                  env=self.environment, capture_output=True, text=True, check=False,
                                  timeout=BUILD_PATIENCE_S)
            if done.returncode:
                raise AssertionError(f"ended with {done.returncode}:\n{block}\n{done.stdout}{done.stderr}")
            self.folder, self.environment = json.load(after)
        return done.stdout

    def start(self, block):
        return Process("bash", "-c", "exec " + block, cwd=self.folder, env=self.environment)


class Guide(unittest.TestCase):
    def setUp(self):
        home = BUILD / "tests" / "guide_home"  # always the same, so that the compiler cache knows it
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        # Debian's own python3 has the packages that the guide names.
        environment = {**os.environ, "HOME": str(home), "PATH": "/usr/bin:" + os.environ["PATH"]}
        if shutil.which("ccache"):
            environment["CCACHE_DIR"] = subprocess.check_output(["ccache", "-k", "cache_dir"], text=True).strip()
        self.terminal = Terminal(ROOT, environment)
        first, second = free_ports(1, 1), free_ports(2, 2)
        while second.client == first.client:
            second = free_ports(2, 2)
        self.ports = {"5555": first.client, "5570": first.router, "5575": second.client, "5571": second.router}
        self.gateways = []

    def members(self):
        """How many processes and serving clients the newest mesh has."""
        processes = status(self.gateways[-1])
        return len(processes) + sum(len(process["labels"].get("serves", "").split(",")) for process in processes
                                    if process["labels"].get("serves"))

    def start(self, block):
        is_mesh = block.startswith("shoal up")
        before = 0 if is_mesh else self.members()
        process = self.terminal.start(block)
        self.addCleanup(process.end)
        if is_mesh:
            process.wait_for_line("The mesh is up")
            self.gateways.append(loopback(self.ports["5555" if not self.gateways else "5575"]))
        eventually(lambda: self.members() > before, f"the mesh has a member more after {block}")

    def test_every_command_of_the_guide_does_what_the_guide_says(self):
        printed = ""
        blocks = BLOCK.findall(GUIDE.read_text())
        self.assertGreater(len(blocks), 15)
        for language, background, block in blocks:
            block = re.sub("|".join(self.ports), lambda match: str(self.ports[match[0]]), block)
            if "package" in block:  # the installation, from the build that is tested
                block = re.sub(r"(?<= )build(?=/| --no| package|$)", str(BUILD), block, flags=re.MULTILINE)
            if language == "sh" and background:
                self.start(block)
            elif language == "sh":
                printed = self.terminal.run(block)
            elif language == "text":
                for line in block.splitlines():
                    self.assertIn(line, printed)
            elif language == "cmake":
                self.builds_with_cmake(block)

    def builds_with_cmake(self, text):
        pathlib.Path(self.terminal.folder, "CMakeLists.txt").write_text(text)
        self.terminal.run("cmake -B build-cmake >/dev/null\ncmake --build build-cmake")


if __name__ == "__main__":
    unittest.main()
