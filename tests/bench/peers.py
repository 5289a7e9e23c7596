"""Supervisors that run the same sessions, each in its own way: Reeve, a bare loop, runit, s6 and supervisord.

Every session is bench_child, which says by a line into a FIFO that it runs. A supervisor is a context: started when it
is entered, and nothing of it left when it is left.
"""

import contextlib
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

import measure
import processes


class Fifo:
    def __init__(self, path):
        os.mkfifo(path)
        self.path = path
        self.end = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # for writing too: no end of file between two writers
        self.rest = b""

    def pids(self, count, limit=120.0):
        """Of the next `count` children that say that they run."""
        deadline = time.monotonic() + limit
        pids = []
        while len(pids) < count:
            if not select.select([self.end], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"{count - len(pids)} of {count} did not start")
            *lines, self.rest = (self.rest + os.read(self.end, 65_536)).split(b"\n")
            pids += [int(line) for line in lines]
        return pids

    def close(self):
        os.close(self.end)


class Supervisor:
    name = ""
    needs = None  # a program of a package; without it there is nothing to measure

    def __init__(self, options, folder, count, stubborn=False):
        self.options, self.count, self.stubborn = options, count, stubborn
        self.folder = pathlib.Path(folder)
        self.fifo = Fifo(self.folder / "fifo")
        self.child = str(options.helpers / "bench_child")
        self.environment = {**os.environ, "BENCH_FIFO": str(self.fifo.path)}
        if stubborn:
            self.environment["BENCH_STUBBORN"] = "1"
        self.command = [str(word) for word in self.prepare()]

    def prepare(self):
        """Writes its configuration and returns the command that starts it."""
        raise NotImplementedError

    def until_running(self):
        """When there are no sessions, some other sign that it runs."""

    def __enter__(self):
        began = time.perf_counter()
        self.program = subprocess.Popen(
            self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            self.pids = self.fifo.pids(self.count)
            if self.count == 0:
                self.until_running()
            self.ready = time.perf_counter() - began
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        """Its own way out, and the hard one for whatever that left."""
        self.program.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.program.wait(20)
        handles = []
        for pid in processes.tree(os.getpid())[1:]:
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                handles.append(handle)
                if self.belongs(pid):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                else:
                    os.close(handles.pop())
        processes.wait_until_gone(handles)
        for handle in handles:
            os.close(handle)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0] > 0:
                pass
        self.fifo.close()

    def belongs(self, pid):
        """By its environment, which it has from us."""
        with contextlib.suppress(OSError):
            return f"BENCH_FIFO={self.fifo.path}".encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        return False

    def tree(self):
        return processes.tree(self.program.pid)

    def own(self):
        """Without the sessions."""
        return [pid for pid in self.tree() if processes.program_of(pid) not in ("bench_child", "")]

    def stop_sessions(self):
        """By its own command line; the grace is 2 s."""
        raise NotImplementedError


class Reeve(Supervisor):
    name = "reeve"

    def prepare(self):
        session = {
            "command": [self.child],
            "backoff": {"initial": "0ms", "max": "1ms"},  # 0: no pause before any
            "give_up_after": {"restarts": 1000, "within": "1s"},
            "restart": "always",
            "stop": {"grace": "2s"},
        }
        config = measure.write_config(
            self.folder / "reeve.json", sessions={f"session-{n}": session for n in range(self.count)}
        )
        self.environment.update(REEVE_STORE=str(self.folder / "store"), REEVE_CONFIG=str(config))
        return [self.options.reeve, "run"]

    def __exit__(self, *_):
        super().__exit__()
        # What is left of one that was killed: its control groups would outlive the folder of its store.
        subprocess.run([self.options.reeve, "reap", "--all"], env=self.environment, stdout=subprocess.DEVNULL, timeout=60)

    def until_running(self):
        deadline = time.monotonic() + 60
        while self.status().get("state") != "running":
            if time.monotonic() > deadline:
                raise TimeoutError("reeve does not run")
            time.sleep(0.001)

    def status(self):
        with contextlib.suppress(OSError, ValueError):
            return measure.json.loads((self.folder / "store" / "status.json").read_text())
        return {}

    def wait_for_status(self, limit=120.0):
        """Until the status shows what the children have said: all of them run."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            status = self.status()
            if status.get("state") == "running" and len(status["sessions"]) == self.count:
                if all(one["state"] == "running" for one in status["sessions"].values()):
                    return status
            time.sleep(0.05)
        raise TimeoutError("they do not all run")

    def wait_until_idle(self, limit=120.0):
        """The same, and until the first reap is over, which may ask an engine, and nothing has changed for a second."""
        deadline = time.monotonic() + limit
        status, since = self.wait_for_status(limit), time.monotonic()
        while status["reaper"]["last_run"] is None or time.monotonic() < since + 1:
            if time.monotonic() > deadline:
                raise TimeoutError("it is always busy")
            time.sleep(0.05)
            if (now := self.status()).get("seq", status["seq"]) != status["seq"]:
                status, since = now, time.monotonic()

    def call(self, *words):
        return subprocess.run(
            [self.options.reeve, *words], env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def stop_sessions(self):
        self.call("stop", *[f"session-{n}" for n in range(self.count)])


class Loop(Supervisor):
    name = "floor: fork and exec in a loop"

    def prepare(self):
        return [self.options.helpers / "bench_fork_loop", str(self.count), self.child]

    def stop_sessions(self):
        for pid in self.pids:
            os.kill(pid, signal.SIGTERM)
        time.sleep(2)
        self.program.terminate()  # so that nobody is started again; it sends SIGTERM once more, and waits
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)


class Folders(Supervisor):
    """runit and s6: a folder for each service, with a program `run` in it."""

    def make_folders(self, **files):
        services = self.folder / "services"
        services.mkdir()
        for number in range(self.count):
            service = services / f"{number}"
            service.mkdir()
            (service / "run").symlink_to(self.child)
            for name, text in files.items():
                (service / name.replace("_", "-")).write_text(text)
        return services

    def services(self):
        return [str(self.folder / "services" / f"{number}") for number in range(self.count)]


class Runit(Folders):
    name, needs = "runit", "runsvdir"

    def prepare(self):
        return ["runsvdir", self.make_folders()]

    def __exit__(self, *_):
        self.program.send_signal(signal.SIGHUP)  # SIGTERM ends runsvdir alone, runsvdir(8)
        super().__exit__()

    def stop_sessions(self):
        subprocess.run(["sv", "-w", "2", "force-stop", *self.services()], stdout=subprocess.DEVNULL)


class S6(Folders):
    name, needs = "s6", "s6-svscan"

    def prepare(self):
        return ["s6-svscan", "-c", "2000", self.make_folders(timeout_kill="2000\n")]

    def stop_sessions(self):
        for service in self.services():
            subprocess.run(["s6-svc", "-d", service], check=True)


class Supervisord(Supervisor):
    name, needs = "supervisord", "supervisord"

    def prepare(self):
        text = (
            f"[supervisord]\nnodaemon=true\nlogfile={self.folder}/own.log\npidfile={self.folder}/own.pid\nminfds=8192\n"
            f"[unix_http_server]\nfile={self.folder}/socket\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[supervisorctl]\nserverurl=unix://{self.folder}/socket\n"
        )
        if self.count > 0:
            text += (
                f"[program:child]\ncommand={self.child}\nnumprocs={self.count}\nprocess_name=child-%(process_num)d\n"
                f"autorestart=true\nstartsecs=0\nstopwaitsecs=2\nstdout_logfile={self.folder}/child-%(process_num)d.log\n"
                "redirect_stderr=true\n"
            )
        (self.folder / "supervisord.conf").write_text(text)
        return ["supervisord", "-c", self.folder / "supervisord.conf"]

    def until_running(self):
        deadline = time.monotonic() + 60
        while not (self.folder / "socket").exists():
            if time.monotonic() > deadline:
                raise TimeoutError("supervisord does not run")
            time.sleep(0.001)

    def stop_sessions(self):
        call = ["supervisorctl", "-c", str(self.folder / "supervisord.conf"), "stop", "all"]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)


def installed(*kinds):
    """Those of them that can be run here; what is missing is said."""
    found = []
    for kind in kinds or (Reeve, Loop, Runit, S6, Supervisord):
        if kind.needs is None or shutil.which(kind.needs):
            found.append(kind)
        else:
            print(f"{kind.needs} is not installed, and so not measured")
    return found
