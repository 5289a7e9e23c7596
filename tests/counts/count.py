"""Counts the instructions of the hot paths with callgrind, and fails where one takes more than its bound.

Instructions of a debug build are the same on a busy machine and on an idle one, so a bound of one and a half times what
was counted notices work that is done twice, and no chance.

usage: count.py HOT_PATHS BOUNDS.json [--renew] [PATH...]
"""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FEW, MANY, GENEROUS = 2, 6, 1.5
SKIPPED = 77


def instructions(program, path, rounds, folder):
    """Of the program itself and all its threads; a child is counted in a file of its own until it executes another."""
    command = ["valgrind", "--tool=callgrind", "--vgdb=no", f"--callgrind-out-file={folder}/%p", program, path, str(rounds)]
    # The environment is copied for each session, so it must be the same everywhere.
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                           env={"PATH": "/usr/bin:/bin", "HOME": "/"})
    said = run.communicate()[1]
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {run.returncode}:\n{said}")
    return int(re.search(r"^(?:summary|totals): (\d+)", (folder / str(run.pid)).read_text(), re.MULTILINE)[1])


def counted(program, path):
    with tempfile.TemporaryDirectory(prefix="reeve-counts-") as name:
        few, many = (instructions(program, path, rounds, pathlib.Path(name)) for rounds in (FEW, MANY))
    return (many - few) // (MANY - FEW)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("bounds", type=pathlib.Path)
    parser.add_argument("--renew", action="store_true", help="write the bounds anew from what is counted now")
    parser.add_argument("paths", nargs="*", help="only these")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return SKIPPED
    bounds = json.loads(options.bounds.read_text())
    failed = False
    for path in options.paths or bounds:
        count = counted(options.program, path)
        bound = bounds[path]["at_most"]
        failed = failed or count > bound
        print(f"{path:<8}{count:>12,} instructions   at most {bound:>12,}{'' if count <= bound else '   TOO MANY'}")
        if options.renew:
            bounds[path] = {"counted": count, "at_most": int(count * GENEROUS)}
    if options.renew:
        options.bounds.write_text(json.dumps(bounds, indent=2) + "\n")
        return 0
    if failed:
        print("If that is meant, renew the bounds: cmake --build --preset debug --target renew-counts")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
