"""What the benchmarks share: their arguments, a private folder, rounds in alternation, and figures beside their floor."""

import argparse
import contextlib
import json
import os
import pathlib
import resource
import shutil
import statistics
import tempfile
import time

import processes


class Report:
    """What one benchmark found. Printed at once, and added to the file that `--json` names at the end."""

    def __init__(self, options, name):
        self.options = options
        self.name = name
        self.found = {"load": [os.getloadavg()[0]], "figures": {}, "facts": {}}
        print(f"\n== {name}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)

    def __enter__(self):
        self.began = time.monotonic()
        return self

    def __exit__(self, failed, *_):
        self.found["load"].append(os.getloadavg()[0])
        self.found["seconds"] = round(time.monotonic() - self.began, 1)
        print(f"   took {self.found['seconds']} s; load {self.found['load'][-1]:.1f} at the end", flush=True)
        if failed or not self.options.json:
            return
        everything = json.loads(self.options.json.read_text()) if self.options.json.exists() else {}
        everything[self.name] = self.found
        self.options.json.write_text(json.dumps(everything, indent=1) + "\n")

    def figures(self, key, title, figures, floor=None, unit="s"):
        """figures: name to the values of the rounds. The ratio is the median of the rounds' ratios to `floor`."""
        self.found["figures"][key] = {"title": title, "unit": unit, "floor": floor, "values": figures}
        print(f"\n{title}")
        for name, values in figures.items():
            line = f"  {name:<46}{in_words(statistics.median(values), unit):>10}"
            line += f"   ({in_words(min(values), unit)} to {in_words(max(values), unit)}, {len(values)} rounds)"
            if floor is not None and name != floor:
                line += f"   {ratio(values, figures[floor]):.2f} x the floor"
            print(line, flush=True)

    def fact(self, key, value, text):
        self.found["facts"][key] = value
        print(f"  {text}", flush=True)


def ratio(values, floor):
    """Median of the ratios of the rounds, where both have as many, for a round met one machine."""
    if len(values) != len(floor):
        return statistics.median(values) / statistics.median(floor)
    return statistics.median(value / base for value, base in zip(values, floor))


def in_words(value, unit):
    if unit == "s":
        if value >= 1:
            return f"{value:.2f} s"
        return f"{value * 1000:.1f} ms" if value >= 0.01 else f"{value * 1000:.2f} ms"
    if unit == "bytes":
        return f"{value / 1e6:.2f} MB" if value >= 1e6 else f"{value / 1e3:.1f} kB"
    return f"{value:g}"


def arguments(description, rounds):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--reeve", required=True, help="the program")
    parser.add_argument("--helpers", required=True, type=pathlib.Path, help="the folder of the bench_ programs")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=pathlib.Path, help="a file to add what was measured to")
    # A descriptor for each process that is waited for.
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    processes.become_subreaper()
    return parser.parse_args()


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="reeve-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def alternate(rounds, ways):
    """One list of results for each way (name to function); A B A B, so that all meet the same machine."""
    results = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            results[name].append(way())
    return results


def part(results, index):
    """Of results that are tuples."""
    return {name: [value[index] for value in values] for name, values in results.items()}


def environment(store, config):
    """REEVE_CONFIG too: nobody's own configuration is to be used."""
    return {**os.environ, "REEVE_STORE": str(store), "REEVE_CONFIG": str(config)}


def write_config(path, **config):
    path.write_text(json.dumps(config))
    return path


def check_report(text, **expected):
    report = json.loads(text)
    wrong = {key: report[key] for key, value in {**expected, "failed": 0}.items() if report[key] != value}
    if wrong:
        raise RuntimeError(f"reaped {wrong}, expected {expected}: {report}")
