"""What standard input and output cost under `reeve exec`: nothing, for it is the same descriptors.

Every byte is compared, both ways. Round trips of small messages go to a bare command and to one under exec in turn,
so that both meet the same machine.
"""

import argparse
import hashlib
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import measure


def under_exec(options, folder):
    return [options.reeve, "--store", str(folder / "store"), "exec", "--"]


def send(stream, block, size, sent):
    """`size` bytes that repeat only after 4 GiB of blocks: each begins with its number."""
    written = number = 0
    while written < size:
        part = (number.to_bytes(4, "big") + block)[: size - written]
        stream.write(part)
        sent.update(part)
        written += len(part)
        number += 1
    stream.close()


def pass_through(command, size):
    """Seconds from its first answer on, for `size` bytes into `cat` and out of it again, compared."""
    block = random.randbytes(1024 * 1024)
    sent, received, count = hashlib.blake2b(), hashlib.blake2b(), 0
    with subprocess.Popen([*command, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as cat:
        cat.stdin.write(b"?")
        if cat.stdout.read(1) != b"?":
            raise RuntimeError(f"{command} did not start")
        began = time.perf_counter()
        writer = threading.Thread(target=send, args=(cat.stdin, block, size, sent))
        writer.start()
        while part := cat.stdout.read(1024 * 1024):
            received.update(part)
            count += len(part)
        writer.join()
    took = time.perf_counter() - began
    if cat.returncode != 0 or count != size or sent.digest() != received.digest():
        raise RuntimeError(f"{command}: of {size} bytes {count} came back, status {cat.returncode}, or others did")
    return took


# The least that a server in Python does for a message.
SERVER = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "method": request["method"]}, separators=(",", ":")),
          flush=True)
"""


class Echo:
    def __init__(self, command, program):
        self.cat = subprocess.Popen([*command, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.took = []

    def round_trip(self, message):
        began = time.perf_counter_ns()
        self.cat.stdin.write(message)
        answer = self.cat.stdout.read(len(message))
        while len(answer) < len(message):
            answer += self.cat.stdout.read(len(message) - len(answer))
        self.took.append(time.perf_counter_ns() - began)
        if answer != message:
            raise RuntimeError("a message came back as another one")

    def end(self):
        self.cat.stdin.close()
        if self.cat.stdout.read() != b"" or self.cat.wait() != 0:
            raise RuntimeError("something else came out, or it failed")


def round_trips(options, folder, program, messages):
    bound = under_exec(options, folder)
    echoes = [Echo([], program), Echo(bound, program), Echo([], program)]
    for number in range(messages):
        message = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call"}\n' % number
        # Whoever comes first finds the processor cold: they take turns at that as well.
        for echo in echoes[number % 3 :] + echoes[: number % 3]:
            echo.round_trip(message)
    for echo in echoes:
        echo.end()
    return [echo.took for echo in echoes]


def show(name, bare, bound, unit):
    print(f"  {name:<36}{bound:>9.2f} {unit}   bare{bare:>9.2f} {unit}   ratio {bound / bare:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reeve", required=True)
    parser.add_argument("--bytes", type=int, default=1024**3)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path, help="a file to add what was measured to")
    options = parser.parse_args()
    with measure.Report(options, "stdio") as report, tempfile.TemporaryDirectory(prefix="reeve-stdio-") as name:
        folder = pathlib.Path(name)
        pairs = []
        for _ in range(options.rounds):
            bare = pass_through([], options.bytes)
            pairs.append((bare, pass_through(under_exec(options, folder), options.bytes)))
        print(f"\nstandard input and output under exec: {options.bytes} bytes through cat, every one compared")
        bare, bound = sorted(pairs, key=lambda pair: pair[1] / pair[0])[len(pairs) // 2]
        show("seconds (the median pair)", bare, bound, "s ")
        report.fact("bytes", bound / bare, f"{bound / bare:.3f} x bare")
        for title, program, messages in (
            ("cat", ["cat"], options.messages),
            ("a server in Python", [sys.executable, "-c", SERVER], options.messages // 5),
        ):
            bare, bound, again = round_trips(options, folder, program, messages)
            print(f"{messages} round trips of a small message through {title}; the second bare one shows what is chance")
            for who, took in (("reeve exec", bound), ("bare, the second", again)):
                show(f"{who}: median", statistics.median(bare) / 1000, statistics.median(took) / 1000, "us")
                report.found["facts"][f"{who} {title}"] = statistics.median(took) / statistics.median(bare)
                late = [statistics.quantiles(one, n=100)[98] / 1000 for one in (bare, took)]
                show(f"{who}: 99th of 100", *late, "us")
        left = list((folder / "store" / "instances").glob("*.json"))
        if left:
            raise RuntimeError(f"records are left: {left}")


if __name__ == "__main__":
    sys.exit(main())
