"""What supervisors with 100 sessions do in 60 s in which nothing happens, all of them side by side."""

import contextlib
import time

import measure
import peers
import processes

SESSIONS, SECONDS, SETTLED = 100, 60, 3


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=1)
    kinds = [kind for kind in peers.installed() if kind is not peers.Loop]
    with measure.Report(options, "idle") as report, contextlib.ExitStack() as stack:
        running = {
            kind.name: stack.enter_context(kind(options, stack.enter_context(measure.folder()), SESSIONS)) for kind in kinds
        }
        running[peers.Reeve.name].wait_for_status()
        time.sleep(SETTLED)  # the last status is written a moment after the last change
        own = {name: supervisor.own() for name, supervisor in running.items()}
        before = {name: processes.activity(pids) for name, pids in own.items()}
        time.sleep(SECONDS)
        print(f"\n{SESSIONS} sessions, {SECONDS} s in which nothing happens")
        for name, pids in own.items():
            after = processes.activity(pids)
            did = {what: after[what] - before[name][what] for what in after}
            report.fact(name, did, f"{name} ({len(pids)} processes): " + ", ".join(f"{k} {v}" for k, v in did.items()))


if __name__ == "__main__":
    main()
