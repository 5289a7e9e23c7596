"""From the execution of a supervisor until all its sessions run, by number of sessions.

Time is until the last session says by itself that it runs; processor time is that of everybody: the supervisor, what it
started, and the sessions up to there. The floor is a loop of fork and exec that starts the same program as often.
"""

import measure
import peers
import processes


def one(kind, options, count):
    """Seconds, and seconds of processor time."""
    with measure.folder() as folder, kind(options, folder, count) as supervisor:
        return supervisor.ready, processes.processor_time(supervisor.tree(), waited_for=True)


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=3)
    with measure.Report(options, "fleet") as report:
        for count in (0, 10, 100, 300, 1000):
            kinds = [kind for kind in peers.installed() if count > 0 or kind is not peers.Loop]
            ways = {kind.name: lambda kind=kind: one(kind, options, count) for kind in kinds}
            results = measure.alternate(options.rounds, ways)
            floor = peers.Loop.name if count > 0 else None
            report.figures(f"wall-{count}", f"{count} sessions: from exec until all run", measure.part(results, 0), floor)
            report.figures(f"cpu-{count}", f"{count} sessions: processor time", measure.part(results, 1), floor)


if __name__ == "__main__":
    main()
