"""How reaping grows with the number of dead instances, by `reeve reap`: records whose processes are gone already.

The floor reads the same files, removes them, and makes that durable once.
"""

import os
import subprocess
import time

import leftovers
import measure

COUNTS = (10, 100, 1000, 10_000)
EACH = 1


def by_reeve(options, count):
    """Seconds, and of processor time."""
    with measure.folder() as folder:
        config = measure.write_config(folder / "reeve.json", engine={"command": str(folder / "no-engine")})
        leftovers.leave_files(options.helpers, folder / "store", count, EACH)
        began = time.perf_counter()
        reap = subprocess.Popen(
            [options.reeve, "reap", "--json"],
            env=measure.environment(folder / "store", config),
            stdout=subprocess.PIPE,
            text=True,
        )
        text = reap.stdout.read()
        _, status, used = os.wait4(reap.pid, 0)
        reap.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - began
        measure.check_report(text, instances=count, processes_killed=0)
        if any((folder / "store" / "instances").glob("*.json")):
            raise RuntimeError("records are left")
        return took, used.ru_utime + used.ru_stime


def by_hand(options, count):
    with measure.folder() as folder:
        leftovers.leave_files(options.helpers, folder / "store", count, EACH)
        instances = folder / "store" / "instances"
        began, used = time.perf_counter(), time.process_time()
        for path in os.scandir(instances):
            if path.name.endswith(".json"):
                with open(path.path, "rb") as file:
                    file.read()
                os.unlink(path.path)
        handle = os.open(instances, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(handle)
        os.close(handle)
        return time.perf_counter() - began, time.process_time() - used


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=3)
    floor = "floor: read, unlink, one fsync"
    with measure.Report(options, "reap_files") as report:
        for count in COUNTS:
            ways = {"reeve reap": lambda: by_reeve(options, count), floor: lambda: by_hand(options, count)}
            results = measure.alternate(options.rounds, ways)
            report.figures(f"wall-{count}", f"{count} dead instance files", measure.part(results, 0), floor)
            report.figures(f"cpu-{count}", f"{count} dead instance files: processor time", measure.part(results, 1), floor)


if __name__ == "__main__":
    main()
