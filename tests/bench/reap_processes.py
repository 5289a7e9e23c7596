"""Reaping 200 dead instances with 5 live processes each, by `reeve reap`.

The floor signals the same processes through descriptors that it holds already and waits for them: it reads no
record, proves nothing and forgets nothing. Some processes end on SIGTERM; others ignore it and take the whole grace,
of which only the time beyond it is shown.
"""

import os
import shutil
import signal
import subprocess
import time

import leftovers
import measure

INSTANCES, EACH = 200, 5
SLEEP = shutil.which("sleep")
OBEDIENT = [SLEEP, "100000"]
STUBBORN = ["/bin/sh", "-c", f"trap '' TERM; exec {SLEEP} 100000"]
GRACE = 1.0


def leave(options, folder, command):
    return leftovers.Leftovers(options.helpers, folder / "store", INSTANCES, EACH, 0, command)


def by_reeve(options, command):
    """Seconds until all processes are gone, until the records are as well, and of processor time."""
    with measure.folder() as folder:
        # No engine: its calls are measured with containers.
        config = measure.write_config(
            folder / "reeve.json", engine={"command": str(folder / "no-engine")}, reap_grace=f"{GRACE:g}s"
        )
        with leave(options, folder, command) as left:
            began = time.perf_counter()
            reap = subprocess.Popen(
                [options.reeve, "reap", "--json"],
                env=measure.environment(folder / "store", config),
                stdout=subprocess.PIPE,
                text=True,
            )
            left.wait_until_gone()
            gone = time.perf_counter() - began
            report = reap.stdout.read()
            _, status, used = os.wait4(reap.pid, 0)
            reap.returncode = os.waitstatus_to_exitcode(status)
            done = time.perf_counter() - began
            measure.check_report(report, instances=INSTANCES, processes_killed=INSTANCES * EACH)
            if any((folder / "store" / "instances").glob("*.json")):
                raise RuntimeError("records are left")
            return gone, done, used.ru_utime + used.ru_stime


def by_signals(options, command, number):
    with measure.folder() as folder, leave(options, folder, command) as left:
        began = time.perf_counter()
        for handle in left.handles:
            signal.pidfd_send_signal(handle, number)
        left.wait_until_gone()
        return time.perf_counter() - began


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=5)
    floor = "floor: signal and wait"
    with measure.Report(options, "reap_processes") as report:
        for key, title, command, grace, number in (
            ("prompt", "that end on SIGTERM", OBEDIENT, 0.0, signal.SIGTERM),
            ("stubborn", f"that ignore SIGTERM, beyond the grace of {GRACE:g} s", STUBBORN, GRACE, signal.SIGKILL),
        ):
            ways = {
                "reeve": lambda: by_reeve(options, command),
                floor: lambda: by_signals(options, command, number),
            }
            results = measure.alternate(options.rounds, ways)
            figures = {
                "reeve reap: all processes gone": [gone - grace for gone, _, _ in results["reeve"]],
                "reeve reap: records gone, command ended": [done - grace for _, done, _ in results["reeve"]],
                "reeve reap: processor time": [used for _, _, used in results["reeve"]],
                floor: results[floor],
            }
            report.figures(key, f"reaping {INSTANCES} dead instances x {EACH} processes {title}", figures, floor)


if __name__ == "__main__":
    main()
