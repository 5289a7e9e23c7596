"""The memory that a supervisor holds (PSS) when it and its sessions have come to rest, by number of sessions.

That of all its own processes, without the sessions. It does not depend on the load of the machine.
"""

import measure
import peers
import processes


def one(kind, options, count):
    with measure.folder() as folder, kind(options, folder, count) as supervisor:
        if kind is peers.Reeve:
            supervisor.wait_until_idle()
        return processes.memory(supervisor.own(), "Pss")


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=1)
    with measure.Report(options, "memory") as report:
        for count in (0, 10, 100, 300, 1000):
            kinds = [kind for kind in peers.installed() if kind is not peers.Loop]
            ways = {kind.name: lambda kind=kind: one(kind, options, count) for kind in kinds}
            results = measure.alternate(options.rounds, ways)
            report.figures(f"pss-{count}", f"{count} sessions: memory of the supervisor (PSS)", results, unit="bytes")


if __name__ == "__main__":
    main()
