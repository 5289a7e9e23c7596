"""From the execution of `reeve run` with nothing configured until it runs, and from SIGTERM until it has left.

It says that it runs by READY=1. The floor is one program that says so by a line into a FIFO. Processor time is that of
everybody below up to that moment: what comes after it, such as asking an engine for leftovers, holds nobody up. A round
of its own counts every fsync and names the file; strace slows it down, so it is not timed.
"""

import collections
import os
import re
import signal
import socket
import subprocess
import time

import measure
import peers
import processes


def run(command, until, **popen):
    """Seconds until it runs, seconds to its end, and seconds of processor time until it runs."""
    began = time.perf_counter()
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **popen)
    until()
    ready = time.perf_counter() - began
    used = processes.processor_time(processes.tree(program.pid))
    asked = time.perf_counter()
    program.send_signal(signal.SIGTERM)
    program.wait(60)
    if program.returncode not in (0, -signal.SIGTERM):
        raise RuntimeError(f"{command}: ended with {program.returncode}")
    return ready, time.perf_counter() - asked, used


def reeve(options, folder, store="store", before=()):
    config = measure.write_config(folder / "reeve.json")
    path = folder / "notify"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        notify.settimeout(60)

        def ready():
            while b"READY=1" not in notify.recv(4096):
                pass

        surroundings = {**measure.environment(folder / store, config), "NOTIFY_SOCKET": str(path)}
        return run([*before, options.reeve, "run"], ready, env=surroundings)


def new_store(options):
    with measure.folder() as folder:
        return reeve(options, folder)


def one_program(options):
    with measure.folder() as folder:
        fifo = peers.Fifo(folder / "fifo")
        return run([options.helpers / "bench_child", fifo.path], lambda: fifo.pids(1))


def count_syncs(options, report):
    """Up to READY=1, in a new store and in one that was there."""
    for key, title in (("new", "a new store"), ("again", "a store that was there")):
        with measure.folder() as folder:
            if key == "again":
                reeve(options, folder)
            trace = folder / "trace"
            strace = ["strace", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,sendto,sendmsg", "-o", str(trace)]
            config = measure.write_config(folder / "reeve.json")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.bind(str(folder / "ready"))
                notify.settimeout(60)
                surroundings = {**measure.environment(folder / "store", config), "NOTIFY_SOCKET": str(folder / "ready")}
                traced = subprocess.Popen([*strace, options.reeve, "run"], env=surroundings, stderr=subprocess.DEVNULL)
                try:
                    while b"READY=1" not in notify.recv(4096):
                        pass
                finally:
                    os.kill(processes.tree(traced.pid)[1], signal.SIGTERM)
                    traced.wait(60)
            files = collections.Counter()
            for line in trace.read_text().splitlines():
                if "READY=1" in line:
                    break
                if synced := re.search(r"f(?:data)?sync\(\d+<([^>]*)>", line):
                    name = re.sub(r"\.tmp.*|\.reeve-tmp.*", "a temporary file", os.path.relpath(synced[1], folder))
                    files[name] += 1
        text = ", ".join(f"{name} {times}" for name, times in files.most_common())
        report.fact(f"fsyncs-{key}", dict(files), f"fsyncs until running, {title}: {sum(files.values())} ({text})")


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=21)
    floor = "floor: one program"
    with measure.Report(options, "start") as report, measure.folder() as kept:
        reeve(options, kept)
        ways = {
            "reeve run, a new store": lambda: new_store(options),
            "reeve run, a store that was there": lambda: reeve(options, kept),
            floor: lambda: one_program(options),
        }
        results = measure.alternate(options.rounds, ways)
        report.figures("wall", "nothing configured: from exec until running", measure.part(results, 0), floor)
        report.figures("cpu", "nothing configured: processor time until running", measure.part(results, 2), floor)
        report.figures("stop", "nothing configured: from SIGTERM until the end", measure.part(results, 1), floor)
        count_syncs(options, report)


if __name__ == "__main__":
    main()
