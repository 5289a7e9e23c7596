"""From kill -9 of a session until its successor runs, without a backoff.

Every supervisor has sessions that are older than a second, for some start younger ones again only then. They take turns.
s6 and supervisord wait for a second in any case, and so are asked less often.
"""

import contextlib
import os
import signal
import statistics
import time

import measure
import peers

SESSIONS, SLOW_ROUNDS = 150, 5


def successor(supervisor, number):
    began = time.perf_counter()
    os.kill(supervisor.pids[number], signal.SIGKILL)
    supervisor.fifo.pids(1)
    return time.perf_counter() - began


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=SESSIONS)
    with measure.Report(options, "restart") as report, contextlib.ExitStack() as stack:
        running = [
            stack.enter_context(kind(options, stack.enter_context(measure.folder()), SESSIONS)) for kind in peers.installed()
        ]
        running[0].wait_for_status()
        time.sleep(1.5)
        took = {supervisor.name: [] for supervisor in running}
        for number in range(min(options.rounds, SESSIONS)):
            for supervisor in running:
                if number < SLOW_ROUNDS or supervisor.name not in (peers.S6.name, peers.Supervisord.name):
                    took[supervisor.name].append(successor(supervisor, number))
        report.figures("wall", "a session killed -9 to its successor running", took, peers.Loop.name)
        late = {name: statistics.quantiles(values, n=100)[98] for name, values in took.items() if len(values) > 50}
        for name, value in late.items():
            report.fact(f"p99 {name}", value, f"{name}: 99th of 100 {measure.in_words(value, 's')}")


if __name__ == "__main__":
    main()
