"""From kill -9 of the supervisor until the last of its 100 sessions is gone: the anchor's work.

The floor signals as many processes through descriptors that it holds already, and waits for them. The sessions end on
SIGTERM. Once with control groups and once without.
"""

import json
import os
import signal
import subprocess
import time

import measure

SESSIONS = 100


def status_of(store):
    try:
        return json.loads((store / "status.json").read_text())
    except (OSError, ValueError):
        return {}


def wait_until_running(store, run, limit=120.0):
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if run.poll() is not None:
            raise RuntimeError(f"reeve run ended with {run.returncode}")
        sessions = status_of(store).get("sessions", {})
        if len(sessions) == SESSIONS and all(one["state"] == "running" for one in sessions.values()):
            return status_of(store)
        time.sleep(0.05)
    raise TimeoutError("they do not all run")


def by_anchor(options, surroundings):
    with measure.folder() as folder:
        store = folder / "store"
        command = [str(options.helpers / "bench_child"), "/dev/null"]
        config = measure.write_config(
            folder / "reeve.json", sessions={f"session-{n}": {"command": command} for n in range(SESSIONS)}
        )
        run = subprocess.Popen(
            [options.reeve, "run"],
            env={**measure.environment(store, config), **surroundings},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        handles = []
        try:
            status = wait_until_running(store, run)
            if surroundings and any(one["containment"] == "cgroup" for one in status["sessions"].values()):
                raise RuntimeError("control groups are used")
            handles = [os.pidfd_open(one["pid"]) for one in status["sessions"].values()]
            began = time.perf_counter()
            os.kill(status["pid"], signal.SIGKILL)
            measure.wait_until_gone(handles)
            return time.perf_counter() - began
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait(60)
            for handle in handles:
                os.close(handle)


def by_signals(options, _surroundings):
    command = [str(options.helpers / "bench_child"), "/dev/null"]
    children = [subprocess.Popen(command) for _ in range(SESSIONS)]
    handles = [os.pidfd_open(child.pid) for child in children]
    began = time.perf_counter()
    for handle in handles:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
    measure.wait_until_gone(handles)
    took = time.perf_counter() - began
    for child, handle in zip(children, handles):
        child.wait()
        os.close(handle)
    return took


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=9)
    ours, floor = "reeve-anchor: the last of 100 is gone", "floor: signal and wait"
    for title, surroundings in (("with control groups", {}), ("without", {"REEVE_CGROUP": "off"})):
        figures = {ours: [], floor: []}
        for _ in range(options.rounds):
            figures[ours].append(by_anchor(options, surroundings))
            figures[floor].append(by_signals(options, surroundings))
        measure.show(f"kill -9 of a supervisor with {SESSIONS} sessions, {title}", figures, floor)


if __name__ == "__main__":
    main()
