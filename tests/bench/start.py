"""From the execution of `reeve run` until it and its sessions run, and from SIGTERM until it has left.

The floor is a loop of fork and exec in C++ that starts the same program as often, records nothing and watches
nobody. Everybody says by one byte into a FIFO, or by READY=1, when they run.
"""

import os
import select
import signal
import socket
import subprocess
import time

import measure


class Fifo:
    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.end = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # for writing too: no end of file between two writers

    def wait_for_bytes(self, count, limit=60.0):
        deadline = time.monotonic() + limit
        while count > 0:
            if not select.select([self.end], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{count} programs did not start")
            count -= len(os.read(self.end, count))


def end(program):
    """Seconds from SIGTERM to the end."""
    began = time.perf_counter()
    program.send_signal(signal.SIGTERM)
    if program.wait(60) not in (0, -signal.SIGTERM):
        raise RuntimeError(f"{program.args}: ended with {program.returncode}")
    return time.perf_counter() - began


def start(command, until, **popen):
    """Seconds until it runs, and to its end."""
    began = time.perf_counter()
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **popen)
    try:
        until()
        ready = time.perf_counter() - began
        return ready, end(program)
    finally:
        if program.poll() is None:
            program.kill()
            program.wait()


def reeve_without_sessions(options, folder):
    config = measure.write_config(folder / "reeve.json")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(folder / "notify"))
        notify.settimeout(60)

        def ready():
            while b"READY=1" not in notify.recv(4096):
                pass

        surroundings = {**measure.environment(folder / "store", config), "NOTIFY_SOCKET": str(folder / "notify")}
        return start([options.reeve, "run"], ready, env=surroundings)


def reeve_with(count, options, folder):
    fifo = Fifo(folder / "fifo")
    command = [str(options.helpers / "bench_child"), str(fifo.path)]
    config = measure.write_config(
        folder / "reeve.json", sessions={f"session-{n}": {"command": command} for n in range(count)}
    )
    return start(
        [options.reeve, "run"], lambda: fifo.wait_for_bytes(count), env=measure.environment(folder / "store", config)
    )


def loop_with(count, options, folder):
    fifo = Fifo(folder / "fifo")
    command = [options.helpers / "bench_fork_loop", str(count), options.helpers / "bench_child", fifo.path]
    return start(command, lambda: fifo.wait_for_bytes(count))


def one_program(options, folder):
    fifo = Fifo(folder / "fifo")
    return start([options.helpers / "bench_child", fifo.path], lambda: fifo.wait_for_bytes(1))


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=11)
    floor = "floor: bare fork and exec"
    for title, ours, bare in (
        ("no sessions (floor: one program)", reeve_without_sessions, one_program),
        ("100 sessions", lambda *where: reeve_with(100, *where), lambda *where: loop_with(100, *where)),
    ):
        begin = {"reeve run": [], floor: []}
        stop = {"reeve run": [], floor: []}
        for _ in range(options.rounds):
            for name, run in (("reeve run", ours), (floor, bare)):
                with measure.folder() as folder:
                    started, stopped = run(options, folder)
                    begin[name].append(started)
                    stop[name].append(stopped)
        measure.show(f"from exec until running: {title}", begin, floor)
        measure.show(f"from SIGTERM until the end: {title}", stop, floor)


if __name__ == "__main__":
    main()
