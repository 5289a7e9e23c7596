"""The table of docs/benchmarks.md: each aim, and what was measured beside it. Printed, or put into the document.

usage: table.py RESULTS.json [DOCUMENT]
"""

import json
import pathlib
import statistics
import sys

import measure

BEGIN, END = "<!-- what table.py writes begins here -->\n", "<!-- and ends here -->\n"
LOOP = "floor: fork and exec in a loop"


class Results:
    def __init__(self, path):
        self.found = json.loads(pathlib.Path(path).read_text())

    def values(self, benchmark, key, name):
        return self.found[benchmark]["figures"][key]["values"][name]

    def median(self, benchmark, key, name):
        return statistics.median(self.values(benchmark, key, name))

    def words(self, benchmark, key, name):
        return measure.in_words(self.median(benchmark, key, name), self.found[benchmark]["figures"][key]["unit"])

    def ratio(self, benchmark, key, name, floor=None):
        floor = floor or self.found[benchmark]["figures"][key]["floor"]
        return f"{measure.ratio(self.values(benchmark, key, name), self.values(benchmark, key, floor)):.2f} ×"

    def others(self, benchmark, key, *, ratio=False):
        """The peers, by their ratio to the floor or by their value."""
        names = [n for n in self.found[benchmark]["figures"][key]["values"] if not n.startswith(("reeve", "floor"))]
        one = self.ratio if ratio else self.words
        return ", ".join(f"{name} {one(benchmark, key, name)}" for name in names)

    def fact(self, benchmark, key):
        return self.found[benchmark]["facts"][key]


def fleet(r):
    wall, cpu = r.ratio("fleet", "wall-1000", "reeve"), r.ratio("fleet", "cpu-1000", "reeve")
    return (
        f"wall {r.words('fleet', 'wall-1000', 'reeve')}, {wall} the loop; processor {r.words('fleet', 'cpu-1000', 'reeve')}, "
        f"{cpu}. Wall of {r.others('fleet', 'wall-1000', ratio=True)}"
    )


def empty_start(r):
    name = "reeve run, a store that was there"
    synced = sum(r.fact("start", "fsyncs-again").values()), sum(r.fact("start", "fsyncs-new").values())
    return (
        f"{r.words('start', 'cpu', name)} of processor time until it runs, {r.words('start', 'wall', name)} by the clock "
        f"({r.ratio('start', 'cpu', name)} and {r.ratio('start', 'wall', name)} one program that only says that it is there); "
        f"{synced[0]} fsyncs ({synced[1]} in a new store)"
    )


def memory(r):
    none, many = r.median("memory", "pss-0", "reeve"), r.median("memory", "pss-1000", "reeve")
    return (
        f"{measure.in_words(none, 'bytes')}, and {measure.in_words((many - none) / 1000, 'bytes')} more for each. "
        f"With 1000: {r.others('memory', 'pss-1000')}"
    )


def anchors(r):
    return (
        f"{r.words('exec', 'memory', 'private')} private each; {r.words('exec', 'anchor', 'the anchor')} of processor time "
        f"for one, {r.ratio('exec', 'anchor', 'the anchor')} true"
    )


def idle(r):
    did = r.fact("idle", "reeve")
    return f"{did['voluntary']} switches, {did['ticks']} ticks of processor time, {did['written bytes']} bytes written"


def restart(r):
    late = measure.in_words(r.fact("restart", "p99 reeve"), "s")
    return (
        f"{r.words('restart', 'wall', 'reeve')}, {r.ratio('restart', 'wall', 'reeve')} the loop's "
        f"{r.words('restart', 'wall', LOOP)}; 99th of 100 {late}. {r.others('restart', 'wall')}"
    )


def stop(r):
    return f"{r.words('stop', 'wall', 'reeve')}; loop {r.words('stop', 'wall', LOOP)}, {r.others('stop', 'wall')}"


def reap_processes(r):
    words = []
    for key in ("prompt", "stubborn"):
        gone = r.words("reap_processes", key, "reeve reap: records gone, command ended")
        used = r.words("reap_processes", key, "reeve reap: processor time")
        floor = r.words("reap_processes", key, "floor: signal and wait")
        words.append(f"{key} {gone}, {used} of processor time (floor {floor})")
    return "; ".join(words)


def reap_containers(r):
    if "reap_containers" not in r.found:
        return "no docker answered"
    return "; ".join(f"{key} {r.ratio('reap_containers', key, 'reeve reap')}" for key in ("prompt", "stubborn"))


def reap_files(r):
    return ", ".join(f"{n:,} in {r.words('reap_files', f'wall-{n}', 'reeve reap')}" for n in (10, 100, 1000, 10_000))


def registry(r):
    p50, p99 = (measure.in_words(r.fact("registry", key), "s") for key in ("p50", "p99"))
    each = r.fact("registry", "rename for each change")
    return (
        f"{r.fact('registry', 'rate'):.0f} a second, p50 {p50}, p99 {p99} from due to durable; "
        f"{each:.2f} writes for each change; {r.fact('registry', 'cpu') * 100:.0f} % of a processor"
    )


def output(r):
    words = []
    for key, title in (("one", "one"), ("hundred", "100")):
        loop = r.words("output_rate", f"loop-{key}", "reeve")
        words.append(
            f"{title}: {r.ratio('output_rate', f'cpu-{key}', 'reeve')} `cat`, event loop {loop} "
            f"({r.others('output_rate', f'cpu-{key}', ratio=True)})"
        )
    return "; ".join(words)


def bound(r):
    count, seconds = r.fact("exec", "fsyncs")
    return (
        f"{measure.in_words(r.fact('exec', 'more'), 's')} more than the {r.words('exec', 'wall', 'floor: true')} of true, in which {count} fsyncs that took "
        f"{measure.in_words(seconds, 's')} under strace"
    )


def status(r):
    return "; ".join(
        f"{n} sessions: {r.words('status', f'cpu-{n}', 'reeve status')}, and {r.words('status', f'cpu-{n}', 'the supervisor')} "
        "of the supervisor"
        for n in (0, 1000)
    )


# What, the aim, what was measured, and the target that measures it.
ROWS = [
    ("1000 sessions from `reeve run` to all running", "1.5 × fork and exec in a loop, wall and processor", fleet, "fleet"),
    ("start to `running`, nothing configured", "under 10 ms of processor time", empty_start, "start"),
    ("memory of supervisor and anchor (PSS)", "under 2.0 MB, and 2.5 kB for each session", memory, "memory"),
    ("each further anchor (`reeve exec` ten times)", "under 60 kB private; under 1 ms of processor time", anchors, "exec"),
    ("idle, 100 sessions, 60 s", "no switch, no tick, no byte", idle, "idle"),
    ("a session killed −9 to its successor running", "1.3 × the loop, ahead of every peer", restart, "restart"),
    ("stop of 100 sessions that ignore SIGTERM, grace 2 s", "under 2.05 s, seen empty", stop, "stop"),
    ("reaping 200 dead instances × 5 processes", "0.15 s beyond the grace", reap_processes, "reap-processes"),
    ("reaping 50 dead instances × 1 container", "1.15 × the engine's own", reap_containers, "reap-containers"),
    ("reaping files of dead instances", "linear; 10,000 under 0.5 s", reap_files, "reap-files"),
    ("registry: 1000 changes a second for 10 s", "bounded write rate; durable before reported", registry, "registry"),
    ("output of one session at full rate; of 100 at 10 MB/s in all", "1.2 × `cat >file`", output, "output-rate"),
    ("`reeve exec -- true` against `true`", "under 3 ms more, fsyncs apart", bound, "exec"),
    ("`reeve status`", "under 10 ms of processor time, with 1000 sessions too", status, "status"),
]


def table(results):
    lines = ["| what | aim | measured | target |", "| --- | --- | --- | --- |"]
    for what, aim, measured, target in ROWS:
        try:
            text = measured(results)
        except KeyError as missing:
            text = f"not measured in this run ({missing})"
        lines.append(f"| {what} | {aim} | {text} | `bench-{target}` |")
    loads = [load for name, found in results.found.items() if name != "machine" for load in found["load"]]
    machine = results.found.get("machine")
    if loads and machine:
        lines += [
            "",
            f"{machine['date']}, {machine['system']}, {machine['processors']} processors; load while measuring "
            f"{min(loads):.1f} to {max(loads):.1f}.",
        ]
    return "\n".join(lines) + "\n"


def main():
    text = table(Results(sys.argv[1]))
    if len(sys.argv) < 3:
        print(text, end="")
        return
    document = pathlib.Path(sys.argv[2])
    before, _, rest = document.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    if not after:
        sys.exit(f"{document} has no place for the table")
    document.write_text(before + BEGIN + "\n" + text + "\n" + END + after)


if __name__ == "__main__":
    main()
