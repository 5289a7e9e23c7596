"""What the benchmarks share: a private folder, leftovers of dead instances, and figures beside their floor."""

import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import resource
import select
import shutil
import signal
import statistics
import subprocess
import tempfile
import time


def arguments(description, rounds):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--reeve", required=True, help="the program")
    parser.add_argument("--helpers", required=True, type=pathlib.Path, help="the folder of the bench_ programs")
    parser.add_argument("--rounds", type=int, default=rounds)
    # A descriptor for each process that is waited for.
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    become_subreaper()
    return parser.parse_args()


def become_subreaper():
    """Orphans of ours come to us and not to a pid 1 that may be slow: prctl(2), PR_SET_CHILD_SUBREAPER."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="reeve-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


def wait_for_children():
    """Waits for every orphan that came to us. Only where no other child of ours runs."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


class Leftovers:
    """Records of dead instances, and their live processes, which do not survive the `with`."""

    def __init__(self, helpers, store, instances, processes, containers, command):
        call = [helpers / "bench_leftovers", store, str(instances), str(processes), str(containers), *command]
        text = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout
        said = [line.split() for line in text.splitlines()]
        self.store_id = next(value for kind, value in said if kind == "store")
        self.instances = [value for kind, value in said if kind == "instance"]
        # Children of ours by now, and not waited for: a number is nobody else's.
        self.handles = [os.pidfd_open(int(value)) for kind, value in said if kind == "process"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)
        wait_for_children()

    def wait_until_gone(self, limit=60.0):
        wait_until_gone(self.handles, limit)


def wait_until_gone(handles, limit=60.0):
    """Of processes that are held by pidfds."""
    waiting = select.poll()
    for handle in handles:
        waiting.register(handle, select.POLLIN)
    left = len(handles)
    deadline = time.monotonic() + limit
    while left > 0:
        ended = waiting.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not ended:
            raise TimeoutError(f"{left} processes are still there")
        for handle, _ in ended:
            waiting.unregister(handle)
            left -= 1


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


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def show(title, figures, floor=None):
    """figures: name to a list of seconds. The ratio is the median of the ratios of the rounds, to `floor`'s."""
    print(f"\n{title}")
    for name, values in figures.items():
        line = f"  {name:<46}{milliseconds(statistics.median(values)):>10}"
        line += f"   ({milliseconds(min(values))} to {milliseconds(max(values))})"
        if floor is not None and name != floor:
            ratio = statistics.median(value / base for value, base in zip(values, figures[floor]))
            line += f"   {ratio:.2f} x the floor"
        print(line, flush=True)
