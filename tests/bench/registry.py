"""A thousand changes of the registry in each of ten seconds, through the control socket.

They are sent when they are due, whether or not earlier ones were answered; a change is answered when it is durable. The
floor is what the disk takes for one: a temporary file, fsync, rename, fsync of the folder. Calls are counted by strace in
a shorter round of its own.
"""

import asyncio
import collections
import json
import os
import re
import signal
import statistics
import subprocess
import time

import measure
import peers
import processes

RATE, SECONDS, CONNECTIONS, INSTANCES, SESSIONS = 1000, 10, 50, 10, 20


class Client:
    """One connection; one request at a time, as the protocol has it."""

    def __init__(self, path):
        self.path, self.number = path, 0

    async def open(self):
        self.reader, self.writer = await asyncio.open_unix_connection(self.path, limit=1 << 20)
        return self

    async def call(self, method, **params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.writer.write(json.dumps(request).encode() + b"\n")
        answer = json.loads(await self.reader.readline())
        if "result" not in answer:
            raise RuntimeError(f"{method}: {answer}")
        return answer["result"]


async def change(path, owner, seconds):
    """Latencies of all changes, from when they were due until they were answered."""
    clients = [await Client(path).open() for _ in range(CONNECTIONS)]
    ids = [(await clients[0].call("instance.register", pid=owner))["instance_id"] for _ in range(INSTANCES)]
    count = int(RATE * seconds)
    latencies, began = [], time.monotonic() + 0.1

    async def keep(first):
        """Whoever is late starts its next change at once: lateness counts."""
        for number in range(first, count, CONNECTIONS):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            where = {"instance_id": ids[number % INSTANCES], "session": f"session-{number // INSTANCES % SESSIONS}"}
            if number // (INSTANCES * SESSIONS) % 2 == 0:
                await clients[first].call("instance.track", pid=owner, **where)
            else:
                await clients[first].call("instance.untrack", **where)
            latencies.append(time.monotonic() - due)

    await asyncio.gather(*(keep(first) for first in range(CONNECTIONS)))
    took = time.monotonic() - began
    for client in clients:
        client.writer.close()
    return latencies, took


def on_disk(folder):
    """Seconds for one file of the size of a record to become durable."""
    began = time.perf_counter()
    with open(folder / "temporary", "wb") as file:
        file.write(b"x" * 4000)
        file.flush()
        os.fsync(file.fileno())
    os.rename(folder / "temporary", folder / "record")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)
    return time.perf_counter() - began


def count_calls(path, pid, owner, folder):
    trace = folder / "trace"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync,rename", "-o", trace, "-p", str(pid)])
    try:
        while re.search(r"TracerPid:\t0\n", open(f"/proc/{pid}/status").read()):
            time.sleep(0.01)
        latencies, _ = asyncio.run(change(path, owner, 2))
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(30)
    calls = collections.Counter(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    return {name: calls[name] / len(latencies) for name in ("fsync", "rename")}


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=1)
    with measure.Report(options, "registry") as report, measure.folder() as folder:
        with peers.Reeve(options, folder, 0) as supervisor:
            status = supervisor.status()
            owner = subprocess.Popen(["sleep", "1000"])
            try:
                floor = [on_disk(folder) for _ in range(200)]
                before = processes.activity([status["pid"]])
                used = processes.processor_time([status["pid"]])
                latencies, took = asyncio.run(change(status["control"], owner.pid, SECONDS))
                used = processes.processor_time([status["pid"]]) - used
                wrote = processes.activity([status["pid"]])
                calls = count_calls(status["control"], status["pid"], owner.pid, folder)
            finally:
                owner.kill()
                owner.wait()
        title = f"{RATE} changes a second for {SECONDS} s, from due to durable"
        report.figures("latency", title, {"reeve": latencies, "floor: one durable write": floor}, None)
        late = statistics.quantiles(latencies, n=100)[98]
        report.fact("p50", statistics.median(latencies), f"p50 {measure.in_words(statistics.median(latencies), 's')}")
        report.fact("p99", late, f"p99 {measure.in_words(late, 's')}")
        report.fact("rate", len(latencies) / took, f"{len(latencies) / took:.0f} changes a second")
        report.fact("cpu", used / took, f"{used / took * 100:.1f} % of a processor")
        written = (wrote["written bytes"] - before["written bytes"]) / took
        report.fact("bytes a second", written, f"{measure.in_words(written, 'bytes')} written a second")
        for name, each in calls.items():
            report.fact(f"{name} for each change", each, f"{each:.2f} {name} for each change, under strace")


if __name__ == "__main__":
    main()
