"""Runs every benchmark one after another, then writes the results, the plots and the table of docs/benchmarks.md.

usage: everything.py --reeve PROGRAM --helpers FOLDER --json FILE [--documents FOLDER]
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# What is short and exact first; what keeps both processors busy last.
ORDER = [
    "start", "exec", "restart", "status", "stop", "kill", "reap_files", "reap_processes", "registry", "fleet", "output_rate",
    "reap_containers", "stdio", "memory", "idle",
]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reeve", required=True)
    parser.add_argument("--helpers", required=True)
    parser.add_argument("--json", required=True, type=pathlib.Path, help="where the results go")
    parser.add_argument("--documents", type=pathlib.Path, help="docs/, where the table and the plots go")
    options = parser.parse_args()
    machine = {
        "system": f"{platform.system()} {platform.release()}",
        "processors": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
    }
    options.json.write_text(json.dumps({"machine": machine}))
    began = time.monotonic()
    print(f"{machine['system']}, {machine['processors']} processors, {machine['date']}")
    failed = []
    for name in ORDER:
        command = [sys.executable, HERE / f"{name}.py", "--reeve", options.reeve, "--json", options.json]
        # A quarter of what the target stdio-full sends.
        command += ["--bytes", str(1 << 28)] if name == "stdio" else ["--helpers", options.helpers]
        if subprocess.run(command).returncode != 0:
            failed.append(name)
    print(f"\n== all of it took {time.monotonic() - began:.0f} s\n", flush=True)
    subprocess.run([sys.executable, HERE / "table.py", options.json], check=True)
    if options.documents and not failed:
        subprocess.run([sys.executable, HERE / "table.py", options.json, options.documents / "benchmarks.md"], check=True)
        subprocess.run([sys.executable, HERE / "plot.py", options.json, options.documents / "pictures"], check=True)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
