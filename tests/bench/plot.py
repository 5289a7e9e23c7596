"""Draws how time and memory grow, out of the results of the benchmarks, as SVG and without a library.

usage: plot.py RESULTS.json FOLDER
"""

import json
import math
import pathlib
import statistics
import sys

COLOURS = {"reeve": "#0b6e4f", "floor": "#7a7a7a", "runit": "#c8553d", "s6": "#d9a404", "supervisord": "#3d5a99"}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460, 320, 62, 96, 36, 44


def colour_of(name):
    return COLOURS["floor" if name.startswith("floor") else name.split()[0]]


def medians(results, benchmark, key):
    return {name: statistics.median(v) for name, v in results[benchmark]["figures"][key]["values"].items()}


def curves(results, benchmark, kind, counts):
    """Name to its points: (count, median)."""
    found = {}
    for count in counts:
        for name, value in medians(results, benchmark, f"{kind}-{count}").items():
            found.setdefault(name, []).append((count, value))
    return found


def in_words(value, unit):
    for bound, divisor, name in {"s": ((1, 1, "s"), (0, 1e-3, "ms")), "bytes": ((1e6, 1e6, "MB"), (0, 1e3, "kB"))}[unit]:
        if value >= bound:
            return f"{value / divisor:g} {name}"
    return f"{value:g}"


class Chart:
    """Both axes in powers of ten; 0 sessions stand where 1 would."""

    def __init__(self, title, below, unit, curves):
        self.title, self.below, self.unit, self.curves = title, below, unit, curves
        xs = [max(1, x) for points in curves.values() for x, _ in points]
        ys = [y for points in curves.values() for _, y in points]
        self.x = (math.log10(min(xs)), math.log10(max(xs)))
        self.y = (math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys))))

    def across(self, x):
        share = (math.log10(max(1, x)) - self.x[0]) / (self.x[1] - self.x[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def up(self, y):
        share = (math.log10(y) - self.y[0]) / (self.y[1] - self.y[0])
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def draw(self):
        lines = [f'<text x="{LEFT}" y="20" class="title">{self.title}</text>']
        for power in range(self.y[0], self.y[1] + 1):
            y = self.up(10**power)
            lines.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{in_words(10**power, self.unit)}</text>')
        for count in sorted({x for points in self.curves.values() for x, _ in points}):
            x = self.across(count)
            lines.append(f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
            lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{count:,}</text>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        lines.append(f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{self.below}</text>')
        labels = sorted((self.up(points[-1][1]), name) for name, points in self.curves.items())
        lowest = 0
        for y, name in labels:
            points = self.curves[name]
            colour = colour_of(name)
            path = "L".join(f"{self.across(x):.1f} {self.up(v):.1f}" for x, v in points)
            lines.append(f'<path class="curve" stroke="{colour}" d="M{path}"/>')
            lines += [f'<circle cx="{self.across(x):.1f}" cy="{self.up(v):.1f}" r="2.6" fill="{colour}"/>' for x, v in points]
            at = max(y + 4, lowest + 13)
            lowest = at
            word = "floor" if name.startswith("floor") else name
            lines.append(f'<text x="{WIDTH - RIGHT + 8}" y="{at:.1f}" fill="{colour}" class="name">{word}</text>')
        return lines


def write(path, charts):
    style = (
        "text{font:12px sans-serif;fill:#444}.title{font-weight:bold;font-size:13px;fill:#222}"
        ".grid{stroke:#e2e2e2;fill:none}.curve{fill:none;stroke-width:2}"
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(charts)} {HEIGHT}" '
        f'width="{WIDTH * len(charts)}" height="{HEIGHT}">',
        f"<style>{style}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, chart in enumerate(charts):
        lines += [f'<g transform="translate({number * WIDTH} 0)">', *chart.draw(), "</g>"]
    path.write_text("\n".join([*lines, "</svg>", ""]))


def main():
    results = json.loads(pathlib.Path(sys.argv[1]).read_text())
    folder = pathlib.Path(sys.argv[2])
    some, all_counts = (10, 100, 300, 1000), (0, 10, 100, 300, 1000)
    write(
        folder / "bench-sessions.svg",
        [
            Chart("Until all sessions run", "sessions", "s", curves(results, "fleet", "wall", some)),
            Chart("Processor time for that", "sessions", "s", curves(results, "fleet", "cpu", some)),
            Chart("Memory of the supervisor (PSS)", "sessions", "bytes", curves(results, "memory", "pss", all_counts)),
        ],
    )
    reaping = curves(results, "reap_files", "wall", (10, 100, 1000, 10_000))
    write(folder / "bench-reaping.svg", [Chart("Reaping, by dead instance files", "files", "s", reaping)])


if __name__ == "__main__":
    main()
