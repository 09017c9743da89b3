"""Every header compiles alone. usage: headers.py ROOT BUILD_DIR

A header that is the first include of a source file was proven by the build. The others are compiled here, twice in a
row, with the flags of a source file from BUILD_DIR's compile_commands.json; objects go through ccache, so only what
changed costs time.
"""

import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import rules


def flags_of(entry, root):
    """A compile command without input, outputs, precompiled header, optimisation and the include paths of meson, among
    which are the folders of the sources: with base/ in it, <time.h> would be base/time.h."""
    kept, words = [], iter(shlex.split(entry["command"]))
    for word in words:
        if word in ("-o", "-MF", "-MQ", "-include", "-c"):
            next(words)
        elif not word.startswith(("-MD", "-O", "-g", "-fpch")) and not word.endswith("ccache"):
            if not word.startswith("-I") or os.path.isabs(word[2:]):
                kept.append(word)
    return [*kept, f"-I{os.path.relpath(root, entry['directory'])}"]


def nearest(commands, header):
    """The compile command of a source file that includes the header, or else shares the most folders with it."""
    parts = header.split("/")

    def nearness(entry):
        return header in entry["includes"], len(os.path.commonprefix([entry["source"].split("/"), parts]))

    return max(commands, key=nearness)


def compile_alone(header, entry, root, out):
    """The compiler's complaint about a file that includes only this header, or None."""
    source = out / (header.replace("/", "_") + ".cc")
    text = f'#include "{header}"\n#include "{header}"\n'
    if not source.exists() or source.read_text(encoding="utf-8") != text:
        source.write_text(text, encoding="utf-8")
    ccache = [shutil.which("ccache")] if shutil.which("ccache") else []
    flags = [*flags_of(entry, root), "-O0", "-fdiagnostics-color=never"]
    name = os.path.relpath(source, entry["directory"])  # so that ccache knows it in every checkout
    command = [*ccache, *flags, "-c", name, "-o", os.path.splitext(name)[0] + ".o"]
    done = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else None


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    tree = rules.Tree(root)
    for entry in commands:
        entry["source"] = os.path.relpath(pathlib.Path(entry["directory"], entry["file"]), root)
    commands = [entry for entry in commands if entry["source"] in tree.lines]  # the build makes sources of its own
    for entry in commands:
        entry["includes"] = [name for _, _, name in tree.includes(entry["source"])]
    out = build / "tests" / "tidy" / "headers"
    out.mkdir(parents=True, exist_ok=True)
    proven = {entry["includes"][0] for entry in commands if entry["includes"]} & set(tree.of(".h"))
    headers = [header for header in tree.of(".h") if header not in proven]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        complaints = list(pool.map(lambda header: compile_alone(header, nearest(commands, header), root, out), headers))
    failed = 0
    for header, complaint in zip(headers, complaints):
        if complaint is not None:
            failed += 1
            print(f"{header} does not compile alone:\n{complaint}")
    print(f"{len(proven)} headers are the first include of a source file; {len(headers)} others were compiled alone")
    print(f"{len(headers) - failed} passed, {failed} failed")
    return 1 if failed or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
