"""Hosts that speak MCP to a server under `reeve exec`, and leave it in every way that hosts do.

usage: hosts_test.py --reeve PROGRAM --host python|node --server python|node SCENARIO

The server has a child that detached itself and ignores SIGTERM. Whatever the host does, nothing of the tree may be
left, nor a record of it, and the command's exit status is the server's. Exits with 77 when there is no Node.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

HERE = pathlib.Path(__file__).resolve().parent
GRACE = 0.7  # seconds
LIMIT = 30.0
# scenario: the host's manner, the server's, and how the command must end (None: nobody is left to see it)
SCENARIOS = {
    "closes_its_input": ("close", "polite", 0),
    "closes_the_input_of_a_deaf_server": ("close", "deaf", 5),
    "closes_the_input_of_a_stubborn_server": ("close", "stubborn", 137),
    "terminates_it": ("terminate", "deaf", 5),
    "terminates_a_stubborn_server": ("terminate", "stubborn", 137),
    "is_killed": ("stay", "polite", None),
    "is_killed_beside_a_stubborn_server": ("stay", "stubborn", None),
    "is_hung_up": ("stay", "polite", None),
    "is_hung_up_beside_a_stubborn_server": ("stay", "stubborn", None),
}


def program_of(kind, name):
    if kind == "python":
        return [sys.executable, str(HERE / (name + ".py"))]
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        print("skipped: there is no Node")
        sys.exit(77)
    return [node, str(HERE / (name + ".mjs"))]


class Notes:
    def __init__(self, folder):
        self.folder = folder

    def wait_for(self, name):
        deadline = time.monotonic() + LIMIT
        while not (self.folder / name).exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody has noted: {name}")
            time.sleep(0.01)
        return (self.folder / name).read_text()

    def time_of(self, name):
        return float(self.wait_for(name))


class Watched:
    """Processes that must not outlive the test, held so that a pid that was given away again cannot deceive."""

    def __init__(self):
        self.handles = {}

    def add(self, name, pid):
        self.handles[name] = os.pidfd_open(pid)

    def alive(self):
        return [name for name, handle in self.handles.items() if not select.select([handle], [], [], 0)[0]]

    def wait_until_gone(self):
        deadline = time.monotonic() + LIMIT
        for name, handle in self.handles.items():
            if not select.select([handle], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"still there: {', '.join(self.alive())}")

    def end(self):
        for handle in self.handles.values():
            if not select.select([handle], [], [], 0)[0]:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)


def records_of(store):
    return list((store / "instances").glob("*.json"))


def wait_until(condition, what):
    deadline = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


def play(options, folder, watched):
    manner, server_manner, expected = SCENARIOS[options.scenario]
    notes, store = Notes(folder / "notes"), folder / "store"
    notes.folder.mkdir()
    server = [*program_of(options.server, "server"), str(notes.folder), server_manner]
    command = [options.reeve, "--store", str(store), "exec", "--grace", f"{int(GRACE * 1000)}ms", "--", *server]
    # On a terminal of its own, as from a shell: the kernel hangs it up when the other end is closed.
    master, terminal = pty.openpty()
    host = subprocess.Popen(
        [*program_of(options.host, "host"), str(notes.folder), manner, *command],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    os.close(terminal)
    try:
        # All are held before the host may go.
        notes.wait_for("host")
        watched.add("the host", host.pid)
        watched.add("the detached child", int(notes.wait_for("child")))
        watched.add("the server", int(notes.wait_for("server")))
        watched.add("reeve exec", int(notes.wait_for("command")))
        if len(records_of(store)) != 1:
            raise AssertionError("it runs without a record")
        (notes.folder / "go").touch()
        if manner == "stay":
            if options.scenario.startswith("is_killed"):
                host.kill()
            else:
                os.close(master)
                master = -1
        host.wait(LIMIT)
    except Exception:
        # What the host said. With nobody on the other side any more, reading fails.
        with contextlib.suppress(OSError):
            if master >= 0 and select.select([master], [], [], 0)[0]:
                sys.stderr.write(os.read(master, 65536).decode(errors="replace"))
        raise
    finally:
        if host.poll() is None:
            host.kill()
            host.wait()
        if master >= 0:
            os.close(master)
    watched.wait_until_gone()
    # The record goes last, with the anchor's own end.
    wait_until(lambda: not records_of(store), "the record is left")
    if expected is None:
        return
    status = int(notes.wait_for("status"))
    if status != expected:
        raise AssertionError(f"it ended with {status} instead of {expected}")
    if manner == "close" and server_manner != "polite":
        # The order that MCP asks for: the input's end, a wait, SIGTERM, a wait, SIGKILL.
        waited = notes.time_of("term") - notes.time_of("eof")
        if waited < GRACE * 0.9:
            raise AssertionError(f"SIGTERM came {waited} s after the end of the input, before the grace was over")
    if manner == "close" and server_manner == "polite" and (notes.folder / "term").exists():
        raise AssertionError("a server that left by itself was sent SIGTERM")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reeve", required=True)
    parser.add_argument("--host", required=True, choices=("python", "node"))
    parser.add_argument("--server", required=True, choices=("python", "node"))
    parser.add_argument("scenario", choices=SCENARIOS)
    options = parser.parse_args()
    watched = Watched()
    with tempfile.TemporaryDirectory(prefix="reeve-hosts-") as folder:
        try:
            play(options, pathlib.Path(folder), watched)
        finally:
            watched.end()


if __name__ == "__main__":
    main()
