"""From kill -9 of the supervisor until the last of its 100 sessions is gone: the anchor's work.

The floor signals as many processes through descriptors that it holds already, and waits for them. The sessions end on
SIGTERM. Once with control groups and once without.
"""

import os
import signal
import subprocess
import time

import measure
import peers
import processes

SESSIONS = 100


class WithoutControlGroups(peers.Reeve):
    def prepare(self):
        self.environment["REEVE_CGROUP"] = "off"
        return super().prepare()


def by_anchor(options, kind):
    with measure.folder() as folder, kind(options, folder, SESSIONS) as supervisor:
        status = supervisor.wait_for_status()
        if kind is WithoutControlGroups and any(one["containment"] == "cgroup" for one in status["sessions"].values()):
            raise RuntimeError("control groups are used")
        handles = [os.pidfd_open(pid) for pid in supervisor.pids]
        began = time.perf_counter()
        os.kill(status["pid"], signal.SIGKILL)
        processes.wait_until_gone(handles)
        took = time.perf_counter() - began
        for handle in handles:
            os.close(handle)
        return took


def by_signals(options):
    command = [str(options.helpers / "bench_child"), "/dev/null"]
    children = [subprocess.Popen(command) for _ in range(SESSIONS)]
    handles = [os.pidfd_open(child.pid) for child in children]
    began = time.perf_counter()
    for handle in handles:
        signal.pidfd_send_signal(handle, signal.SIGTERM)
    processes.wait_until_gone(handles)
    took = time.perf_counter() - began
    for child, handle in zip(children, handles):
        child.wait()
        os.close(handle)
    return took


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=5)
    floor = "floor: signal and wait"
    with measure.Report(options, "kill") as report:
        for key, kind in (("cgroup", peers.Reeve), ("subreaper", WithoutControlGroups)):
            ways = {
                "reeve-anchor: the last of 100 is gone": lambda: by_anchor(options, kind),
                floor: lambda: by_signals(options),
            }
            title = f"kill -9 of a supervisor with {SESSIONS} sessions, {key}"
            report.figures(key, title, measure.alternate(options.rounds, ways), floor)


if __name__ == "__main__":
    main()
