"""Stopping 100 sessions that ignore SIGTERM, grace 2 s, by each supervisor's own command line, until all were gone."""

import os
import time

import measure
import peers
import processes

SESSIONS = 100


def stop(kind, options):
    with measure.folder() as folder, kind(options, folder, SESSIONS, stubborn=True) as supervisor:
        if kind is peers.Reeve:
            supervisor.wait_for_status()
        handles = [os.pidfd_open(pid) for pid in supervisor.pids]
        began = time.perf_counter()
        supervisor.stop_sessions()
        processes.wait_until_gone(handles)
        took = time.perf_counter() - began
        for handle in handles:
            os.close(handle)
        return took


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=3)
    with measure.Report(options, "stop") as report:
        ways = {kind.name: lambda kind=kind: stop(kind, options) for kind in peers.installed()}
        results = measure.alternate(options.rounds, ways)
        report.figures("wall", f"stop of {SESSIONS} that ignore SIGTERM, grace 2 s", results, peers.Loop.name)


if __name__ == "__main__":
    main()
