"""Processes as the benchmarks see them: trees, what they use, and waiting for their end."""

import contextlib
import ctypes
import os
import pathlib
import select
import time

TICK = 1 / os.sysconf("SC_CLK_TCK")


def become_subreaper():
    """Orphans of ours come to us and not to a pid 1 that may be slow: prctl(2), PR_SET_CHILD_SUBREAPER."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def wait_for_children():
    """Waits for every orphan that came to us. Only where no other child of ours runs."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


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


def stat_of(pid):
    """The fields of /proc/PID/stat after the name, proc(5); [0] is the state."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree(root):
    """The pids of a process and of all below it."""
    children = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(stat_of(entry.name)[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def program_of(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(os.readlink(f"/proc/{pid}/exe")).name
    return ""


def processor_time(pids, waited_for=False):
    """Seconds that these have run, all threads: schedstat, in nanoseconds. With that of children waited for, in ticks."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) / 1e9
            if waited_for:
                total += sum(int(field) for field in stat_of(pid)[13:15]) * TICK
    return total


def thread_time(pid, thread):
    return int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0]) / 1e9


def memory(pids, *kinds):
    """Bytes, summed over processes and over these lines of smaps_rollup, such as "Pss"."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in kinds:
                total += int(value.split()[0]) * 1024
    return total


def activity(pids):
    """What these have done so far: voluntary and other switches, ticks of processor time, bytes and calls of writing."""
    seen = {"voluntary": 0, "involuntary": 0, "ticks": 0, "written bytes": 0, "write calls": 0}
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            for line in pathlib.Path(f"/proc/{pid}/task/{task}/status").read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches"):
                    seen["voluntary"] += int(line.split()[1])
                elif line.startswith("nonvoluntary_ctxt_switches"):
                    seen["involuntary"] += int(line.split()[1])
        seen["ticks"] += sum(int(field) for field in stat_of(pid)[11:15])
        for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
            if line.startswith("wchar"):
                seen["written bytes"] += int(line.split()[1])
            elif line.startswith("syscw"):
                seen["write calls"] += int(line.split()[1])
    return seen
