"""What it costs to bring the output of sessions into rotated logs: reeve beside `cat > file`, s6-log and supervisord.

Processor time of whoever copies, without that of the writers; the time until all writers were rid of their output.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import time

import measure
import processes

MIB = 1 << 20


class Writers:
    """The FIFOs by which writers are started together and say that they are done."""

    def __init__(self, options, folder, count, size, chunk, pause):
        self.count = count
        self.ends = {}
        for name in ("go", "done"):
            os.mkfifo(folder / name)
            self.ends[name] = os.open(folder / name, os.O_RDWR | os.O_NONBLOCK)
        self.command = [
            str(options.helpers / "bench_writer"), str(folder / "go"), str(folder / "done"), str(size), str(chunk), str(pause)
        ]  # fmt: skip

    def run(self):
        """Seconds until all are done."""
        began = time.perf_counter()
        os.write(self.ends["go"], b"g" * self.count)
        left = self.count
        while left > 0:
            if not select.select([self.ends["done"]], [], [], 120)[0]:
                raise TimeoutError(f"{left} writers are not done")
            left -= len(os.read(self.ends["done"], left))
        return time.perf_counter() - began

    def close(self):
        for end in self.ends.values():
            os.close(end)


def measured(writers, pids):
    """Seconds until all was taken, of processor time, and of that of the first one's first thread: Reeve's event loop."""
    before, loop_before = processes.processor_time(pids), processes.thread_time(pids[0], pids[0])
    wall = writers.run()
    return wall, processes.processor_time(pids) - before, processes.thread_time(pids[0], pids[0]) - loop_before


def end(program):
    program.send_signal(signal.SIGTERM)
    program.wait(60)


def reeve(options, folder, writers):
    config = measure.write_config(
        folder / "reeve.json",
        sessions={
            f"writer-{n}": {"command": writers.command, "log": {"max_size": "10MiB", "keep": 5}, "stop": {"grace": "1s"}}
            for n in range(writers.count)
        },
    )
    store = folder / "store"
    program = subprocess.Popen(
        [options.reeve, "run"], env=measure.environment(store, config), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            status = subprocess.run(
                [options.reeve, "--store", store, "status", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            ).stdout
            state = json.loads(status) if status else {}
            if state.get("state") == "running" and all(s["state"] == "running" for s in state["sessions"].values()):
                break
            if time.monotonic() > deadline:
                raise TimeoutError("reeve does not run")
        return measured(writers, [state["pid"]])
    finally:
        end(program)


def piped(writers, make_consumer):
    """A consumer of its own behind each writer, as s6 has it."""
    programs, consumers = [], []
    try:
        for number in range(writers.count):
            consumer = make_consumer(number)
            consumers.append(consumer)
            programs.append(subprocess.Popen(writers.command, stdout=consumer.stdin))
            consumer.stdin.close()
        return measured(writers, [consumer.pid for consumer in consumers])
    finally:
        for program in programs + consumers:
            end(program)


def cat(options, folder, writers):
    def consumer(number):
        with open(folder / f"cat-{number}", "wb") as file:
            return subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)

    return piped(writers, consumer)


def s6_log(options, folder, writers):
    return piped(
        writers,
        lambda number: subprocess.Popen(["s6-log", "n5", f"s{10 * MIB}", folder / f"s6-{number}"], stdin=subprocess.PIPE),
    )


def supervisord(options, folder, writers):
    text = f"[supervisord]\nnodaemon=true\nlogfile={folder}/own.log\npidfile={folder}/own.pid\nminfds=4096\n"
    for number in range(writers.count):
        text += f"[program:w{number}]\ncommand={' '.join(writers.command)}\nstdout_logfile={folder}/sv-{number}.log\n"
        text += f"stdout_logfile_maxbytes={10 * MIB}\nstdout_logfile_backups=5\nstartsecs=0\nstopwaitsecs=1\n"
    (folder / "supervisord.conf").write_text(text)
    program = subprocess.Popen(
        ["supervisord", "-c", folder / "supervisord.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return measured(writers, [program.pid])
    finally:
        end(program)


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=3)
    floor = "floor: cat > file"
    ways = {"reeve": reeve, floor: cat}
    for name, run, command in (("s6-log", s6_log, "s6-log"), ("supervisord", supervisord, "supervisord")):
        if shutil.which(command):
            ways[name] = run
        else:
            print(f"{name} is not installed, and so not measured")

    with measure.Report(options, "output_rate") as report:
        for key, title, count, size, chunk, pause in (
            ("one", "one session, 256 MiB as fast as it can", 1, 256 * MIB, 65_536, 0),
            ("hundred", "100 sessions, 10 MB/s in all for 5 s", 100, 500_000, 10_000, 100),
        ):

            def once(run):
                with measure.folder() as folder:
                    writers = Writers(options, folder, count, size, chunk, pause)
                    try:
                        return run(options, folder, writers)
                    finally:
                        writers.close()

            results = measure.alternate(options.rounds, {name: lambda run=run: once(run) for name, run in ways.items()})
            loop = {"reeve": [one[2] for one in results["reeve"]]}
            report.figures(f"cpu-{key}", f"{title}: processor time of the copying", measure.part(results, 1), floor)
            report.figures(f"wall-{key}", f"{title}: until everything was taken", measure.part(results, 0), floor)
            report.figures(f"loop-{key}", f"{title}: processor time of the event loop", loop)


if __name__ == "__main__":
    main()
