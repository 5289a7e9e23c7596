"""`reeve exec -- true` beside `true`; what its fsyncs take of it; and the memory of ten anchors."""

import os
import pathlib
import re
import statistics
import subprocess
import time

import measure
import processes

COPIES = 10


def timed(command):
    began = time.perf_counter()
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode != 0:
        raise RuntimeError(f"{command} ended with {program.returncode}")
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


def syncs_of(command, folder):
    """How many fsyncs, and the seconds that they took, by strace's own clock."""
    trace = folder / "trace"
    subprocess.run(["strace", "-f", "-T", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace, *command], check=True)
    took = [float(seconds) for seconds in re.findall(r"<([0-9.]+)>$", trace.read_text(), re.MULTILINE)]
    return len(took), sum(took)


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=101)
    floor = "floor: true"
    with measure.Report(options, "exec") as report, measure.folder() as folder:
        bound = [options.reeve, "--store", str(folder / "store"), "exec", "--"]
        timed([*bound, "true"])  # makes the store
        ways = {"reeve exec -- true": lambda: timed([*bound, "true"]), floor: lambda: timed(["true"])}
        results = measure.alternate(options.rounds, ways)
        wall, cpu = measure.part(results, 0), measure.part(results, 1)
        report.figures("wall", "reeve exec -- true: until it has ended", wall, floor)
        report.figures("cpu", "reeve exec -- true: processor time", cpu, floor)
        more = statistics.median(a - b for a, b in zip(*wall.values()))
        synced = [syncs_of([*bound, "true"], folder) for _ in range(9)]
        count, seconds = synced[0][0], statistics.median(seconds for _, seconds in synced)
        report.fact("more", more, f"{measure.in_words(more, 's')} more than true")
        report.fact("fsyncs", [count, seconds], f"{count} fsyncs, {measure.in_words(seconds, 's')} in all (by strace)")

        anchor = pathlib.Path(options.reeve).parent / "reeve-anchor"
        alone = measure.alternate(
            options.rounds, {"the anchor": lambda: timed([anchor, "--version"]), floor: lambda: timed(["true"])}
        )
        report.figures("anchor", "one start of the anchor alone: processor time", measure.part(alone, 1), floor)

        copies = [subprocess.Popen([*bound, "sleep", "1000"]) for _ in range(COPIES)]
        try:
            deadline = time.monotonic() + 60
            while any(len(processes.tree(copy.pid)) < 2 for copy in copies):
                if time.monotonic() > deadline:
                    raise TimeoutError("they do not run")
                time.sleep(0.05)
            private = [processes.memory([copy.pid], "Private_Clean", "Private_Dirty") for copy in copies]
            shared = [processes.memory([copy.pid], "Pss") for copy in copies]
        finally:
            for copy in copies:
                copy.terminate()
            for copy in copies:
                copy.wait(60)
        report.figures(
            "memory", f"{COPIES} anchors of reeve exec", {"private": private, "PSS": shared}, unit="bytes"
        )


if __name__ == "__main__":
    main()
