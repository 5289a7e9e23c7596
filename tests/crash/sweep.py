#!/usr/bin/env python3
"""The crash sweep: the supervisor, the anchor or both are killed at every system call of every phase of a
life; each time a fresh start follows, and then there is no survivor, no innocent hurt, no unreadable record,
no temporary file, no left control group, and one holder of the lock.

    sweep.py REEVE                         every point
    sweep.py REEVE --sample 36             some of every scenario, spread evenly and by chance
    sweep.py REEVE --point start:supervisor:both:123:cgroup    one, as a failure names it
"""
import argparse
import collections
import concurrent.futures
import os
import random
import sys
import time
from typing import NamedTuple

from point import Point, own_cgroup, remove_groups


class Spec(NamedTuple):
    phase: str
    clock: str  # whose system calls are counted
    victim: str  # who is killed at call number `when`
    when: int  # 0: nobody, to count
    cgroup: bool
    all_calls: bool = False  # also those that leave no trace

    def victims(self):
        return ["supervisor", "anchor"] if self.victim == "both" else [self.victim]

    def name(self):
        return f"{self.phase}:{self.clock}:{self.victim}:{self.when}:" \
               f"{'cgroup' if self.cgroup else 'plain'}{':all' if self.all_calls else ''}"

    @staticmethod
    def parse(text):
        phase, clock, victim, when, cgroup, *every = text.split(":")
        return Spec(phase, clock, victim, int(when), cgroup == "cgroup", bool(every))


# While sessions are launched, stopped and reaped the anchor makes no call. It is killed at each one of the
# supervisor's, which must notice.
SCENARIOS = [(phase, "supervisor", victim) for victim in ("supervisor", "both", "anchor")
             for phase in ("start", "launch", "stop", "reap", "shutdown", "upgrade")]
SCENARIOS += [(phase, "anchor", "anchor") for phase in ("start", "takedown", "shutdown")]


def run_point(reeve, spec):
    point = Point(reeve, spec)
    began = time.monotonic()
    failure = point.run()
    return spec, failure, point.calls, point.killed, time.monotonic() - began


def enter_group(name):
    """Every job has a group of its own, so that what is left in it was left by its point."""
    top = own_cgroup()
    try:
        os.mkdir(f"{top}/{name}-{os.getpid()}")
        with open(f"{top}/{name}-{os.getpid()}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
    except OSError:
        pass  # not ours to divide: then reeve cannot either


def sample(counts, wanted, chance):
    """Some points of every scenario: half of them spread evenly over its calls, half by chance."""
    points = []
    share = max(1, -(-wanted // max(1, len(counts))))
    for spec, calls in counts.items():
        if calls == 0:
            continue
        for i in range(share):
            even = 1 + (2 * i + 1) * calls // (2 * share)
            when = even if i % 2 == 0 and share > 1 else chance.randint(1, calls)
            points.append(spec._replace(when=min(when, calls)))
    chance.shuffle(points)
    return points[:wanted]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("reeve")
    options.add_argument("--jobs", type=int, default=os.cpu_count())
    options.add_argument("--sample", type=int, help="so many points, instead of all")
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options.add_argument("--only", default="", help="only scenarios whose name holds this")
    options.add_argument("--all-calls", action="store_true", help="also at calls that leave no trace")
    options.add_argument("--every", type=int, default=1, help="only every so many calls")
    options.add_argument("--minutes", type=float, default=1e9, help="begin no point after so many minutes")
    options.add_argument("--point", action="append", default=[], help="this point; may be given again")
    chosen = options.parse_args()
    chance = random.Random(chosen.seed)
    ends = time.monotonic() + chosen.minutes * 60
    print(f"seed {chosen.seed}", flush=True)

    group = f"reeve-crash-{os.getpid()}"
    top = own_cgroup()
    failures, seen, unkilled = [], collections.Counter(), 0
    pool = concurrent.futures.ProcessPoolExecutor(chosen.jobs, initializer=enter_group, initargs=(group,))

    def run_all(points):
        nonlocal unkilled
        left = iter(points)
        running = set()
        while True:
            while len(running) < chosen.jobs and time.monotonic() < ends and (spec := next(left, None)):
                running.add(pool.submit(run_point, chosen.reeve, spec))
            if not running:
                return
            finished, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in finished:
                spec, failure, calls, killed, took = future.result()
                seen[spec._replace(when=0)] += 1
                unkilled += spec.when > 0 and not killed
                if failure:
                    failures.append(spec.name())
                    print(f"FAILED {spec.name()} after {took:.1f} s: {failure}", flush=True)
                yield spec, calls

    try:
        if chosen.point:
            points = [Spec.parse(text) for text in chosen.point]
        else:
            modes = [True, False] if top and os.access(top, os.W_OK) else [False]
            specs = [Spec(*scenario, 0, mode, chosen.all_calls) for scenario in SCENARIOS for mode in modes]
            specs = [spec for spec in specs if chosen.only in spec.name()]
            # How many calls a clock makes does not depend on who is to be killed.
            counting = {spec._replace(victim=""): spec for spec in specs}
            calls_of = {spec._replace(victim=""): calls for spec, calls in run_all(counting.values())}
            counts = {spec: calls_of[spec._replace(victim="")] for spec in specs}
            for spec, calls in calls_of.items():
                print(f"{spec.name()}: {calls} system calls", flush=True)
            if chosen.sample:
                points = sample(counts, chosen.sample, chance)
            else:
                points = [spec._replace(when=n) for spec, calls in counts.items()
                          for n in range(1, calls + 1, chosen.every)]
                chance.shuffle(points)  # so that a sweep that is cut short has seen something of everything
        began = time.monotonic()
        for number, (spec, _) in enumerate(run_all(points), 1):
            if number % 100 == 0:
                rate = number / (time.monotonic() - began)
                print(f"{number} of {len(points)} points, {rate:.1f} a second, {len(failures)} failed", flush=True)
    finally:
        pool.shutdown()
        if top:
            for name in os.listdir(top):
                if name.startswith(group):
                    remove_groups(os.path.join(top, name))
    total = sum(seen.values())
    for name in failures:
        print("failed:", name)
    print(f"{total} points, {total - len(failures)} without survivors, innocents hurt, unreadable records, "
          f"leftovers or second holders; {unkilled} were over before their call")
    return 1 if failures or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
