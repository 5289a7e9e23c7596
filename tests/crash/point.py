"""One point of the crash sweep: a life that is killed in the middle, a fresh start, and what is left."""
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

from tracer import FOLLOWING, Tracer

PATIENCE = 30.0  # of a wait whose end is certain, on however slow a machine


class Broken(Exception):
    """What should hold after a crash does not."""


def wait_for(what, holds, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Broken(f"in vain waited for: {what}")
        time.sleep(0.005)


def read_json(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def command_lines():
    """Of all processes that have not ended: a zombie has none."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    yield int(name), file.read()
            except OSError:
                pass


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def signal_if_there(pid, number):
    """The call that is to kill it may have come by itself already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def own_cgroup():
    """The directory of our control group of version 2; None where there is none."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            mounts = [line.split() for line in table if " - cgroup2 " in line]
        with open("/proc/self/cgroup", encoding="utf-8") as table:
            paths = [line[3:].strip() for line in table if line.startswith("0::")]
    except OSError:
        return None
    if not mounts or not paths:
        return None
    return (mounts[0][4] + paths[0]).rstrip("/")


def remove_groups(top):
    for folder, _, _ in os.walk(top, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            pass


class Point:
    """Everything that one point needs, in a private store, under a token that only its own processes carry."""

    def __init__(self, programs, spec):
        self.reeve = programs
        self.spec = spec
        self.home = tempfile.mkdtemp(prefix="reeve-crash-")
        self.store = os.path.join(self.home, "store")
        self.config = os.path.join(self.home, "config.json")
        # Digits, because `sleep` takes them as an argument: so every process of the zoo has it in its argv.
        self.token = "0.00000" + "".join(random.choices("123456789", k=24))
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.home}
        if not spec.cgroup:
            self.environment["REEVE_CGROUP"] = "off"
        self.calls, self.killed, self.helpers, self.innocents, self.fresh = 0, False, [], [], None

    # --- what it runs ---

    def zoo(self):
        t = self.token
        plain = f"sleep 1000 {t} & sleep 1001 {t} & wait; : {t}"
        hidden = (f"trap '' TERM HUP INT; (setsid sh -c 'sleep 1002 {t} & exec sleep 1003 {t}' "
                  f"</dev/null >/dev/null 2>&1 &) ; sleep 1004 {t} & wait; : {t}")
        return {"plain": ["/bin/sh", "-c", plain], "hidden": ["/bin/sh", "-c", hidden]}

    zoo_size = 7

    def write_config(self, sessions, autostart=True):
        config = {"engine": {"command": "no-engine-here"}, "reap_grace": "200ms", "sessions": {}}
        for name, command in sessions.items():
            config["sessions"][name] = {"command": command, "autostart": autostart, "stop": {"grace": "200ms"}}
        draft = f"{self.config}.{os.getpid()}"  # the tracer writes it, too
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(config, file)
        os.rename(draft, self.config)

    def members(self):
        mark = self.token.encode()
        innocent = {process.pid for process in self.innocents}
        return [(pid, line) for pid, line in command_lines() if mark in line and pid not in innocent]

    def start_innocents(self):
        """One by the side, one that says it belongs to an instance that nobody knows, one of another store."""
        unknown = "00000000-0000-4000-8000-%012d" % random.randrange(10**12)
        for extra in ({}, {"REEVE_STORE": self.store, "REEVE_INSTANCE": unknown, "REEVE_SESSION": "plain"},
                      {"REEVE_STORE": "/nowhere", "REEVE_INSTANCE": unknown, "REEVE_SESSION": "hidden"}):
            self.innocents.append(subprocess.Popen(["sleep", "1000", self.token], start_new_session=True,
                                                   env={**self.environment, **extra}))

    def argv(self, *words):
        return [self.reeve, "--store", self.store, *words]

    def call(self, *words):
        return subprocess.run(self.argv(*words), env=self.environment, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)

    def call_beside(self, *words):
        """Its outcome does not matter: whom it asks may die."""
        self.helpers.append(subprocess.Popen(self.argv(*words), env=self.environment, stdin=subprocess.PIPE,
                                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                             start_new_session=True))
        return self.helpers[-1]

    # --- what can be seen of it ---

    def status(self):
        return read_json(os.path.join(self.store, "status.json")) or {}

    def is_up(self, other_than=-1):
        now = self.status()
        up = now.get("state") == "running" and (now.get("reaper") or {}).get("last_run")
        return now if up and now["pid"] != other_than and is_running(now["pid"]) else None

    def state_of(self, name):
        return self.status().get("sessions", {}).get(name, {}).get("state")

    def records(self):
        folder = os.path.join(self.store, "instances")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return {name: read_json(os.path.join(folder, name)) for name in names if name.endswith(".json")}

    def temporary_files(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.store) for name in names
                if name.startswith(".tmp-") or name.endswith(".new")]

    def supervisors(self):
        return [pid for pid, line in command_lines() if b"supervise\0" in line and self.store.encode() in line]

    def lock_holders(self):
        try:
            inode = os.stat(os.path.join(self.store, ".locked")).st_ino
        except FileNotFoundError:
            return []
        with open("/proc/locks", encoding="utf-8") as table:
            locks = [line.split() for line in table]
        return [int(line[4]) for line in locks if line[1] == "FLOCK" and int(line[5].split(":")[2]) == inode]

    def groups(self):
        top = own_cgroup() if self.spec.cgroup else None
        return [name for name in os.listdir(top) if name.startswith("reeve-")] if top else []

    # --- the story ---

    def run(self):
        try:
            self.start_innocents()
            self.live()
            self.check_after_fresh_start()
        except (Broken, OSError, subprocess.TimeoutExpired) as broken:
            printed = ""
            for name in ("printed", "store/logs/reeve.log"):
                try:
                    with open(os.path.join(self.home, name), encoding="utf-8", errors="replace") as file:
                        printed += f"--- {name}\n" + file.read()[-4000:]
                except OSError:
                    pass
            return f"{broken}\n{printed}"
        finally:
            self.tidy()
        return None

    def live(self):
        spec = self.spec
        traced_start = spec.phase == "start"
        self.write_config(self.zoo(), autostart=spec.phase in ("stop", "shutdown", "takedown", "upgrade"))
        tracer = Tracer(self.argv("run", "--config", self.config), self.environment,
                        os.path.join(self.home, "printed"), spec.clock, spec.victims(), spec.when,
                        lambda: self.write_config({}), traced_start, spec.all_calls)
        try:
            supervisor = -1
            if not traced_start:
                supervisor = wait_for("the first start", self.is_up)["pid"]
                anchor = tracer.look()["anchor"]
                if spec.phase in ("stop", "shutdown", "takedown", "upgrade"):
                    wait_for("the sessions", lambda: len(self.members()) == self.zoo_size)
                if spec.phase == "reap":
                    dying = self.call_beside("exec", "--", "/bin/sh", "-c", self.zoo()["hidden"][2])
                    wait_for("the zoo of exec", lambda: len(self.members()) >= 4)
                tracer.follow(supervisor, anchor)
                wait_for("the tracer", lambda: tracer.look()["killed"] or tracer.look()["call"] == FOLLOWING)
            if spec.phase == "launch":
                self.call_beside("start", "plain", "hidden")
            elif spec.phase == "stop":
                self.call_beside("stop", "plain", "hidden")
            elif spec.phase == "upgrade":
                self.call_beside("upgrade")
            elif spec.phase == "shutdown":
                signal_if_there(anchor, signal.SIGTERM)
            elif spec.phase == "takedown":
                self.write_config({})
                signal_if_there(supervisor, signal.SIGKILL)
            elif spec.phase == "reap":
                dying.kill()
            # Without groups the whole process table is read again and again, and every call of that is traced.
            wait_for(f"the end of {spec.phase}, or the kill",
                     lambda: tracer.look()["killed"] or self.over(supervisor, tracer), 8 * PATIENCE)
            seen = tracer.look()
            self.calls, self.killed = seen["calls"], seen["killed"]
            self.start_again(tracer, supervisor, seen)
        finally:
            tracer.close()

    def over(self, supervisor, tracer):
        phase = self.spec.phase
        if phase == "start":
            return self.is_up()
        if phase == "launch":
            return len(self.members()) == self.zoo_size and self.state_of("hidden") == "running"
        if phase == "stop":
            return self.state_of("hidden") == "stopped" and self.state_of("plain") == "stopped"
        if phase == "upgrade":
            now = self.status()
            return now is not None and now.get("upgrades") == 1 and now["state"] == "running"
        if phase == "reap":
            return len(self.records()) == 1 and not self.members()
        if phase == "shutdown":
            return not is_running(supervisor) and not is_running(tracer.look()["anchor"])
        return self.is_up(other_than=supervisor)

    def start_again(self, tracer, supervisor, seen):
        """The anchor does it, if it lives and was not asked to stop."""
        anchor = seen["anchor"]
        victims = self.spec.victims()
        stopping = self.spec.phase == "shutdown" or not self.killed
        if not self.killed:
            self.write_config({})
            if is_running(anchor):
                os.kill(anchor, signal.SIGTERM)
        if stopping or "anchor" in victims:
            wait_for("the end of the anchor", lambda: not is_running(anchor))
            if victims != ["supervisor", "anchor"]:
                # It holds the store as long as it stops what it ran. By its pid too: a process that is executing another
                # program, in an upgrade, has no command line for a moment.
                wait_for("the end of the supervisor", lambda: not self.supervisors() and not is_running(supervisor))
            self.fresh = subprocess.Popen(self.argv("run", "--config", self.config), env=self.environment,
                                          stdin=subprocess.DEVNULL, start_new_session=True,
                                          stdout=open(os.path.join(self.home, "printed"), "ab"), stderr=subprocess.STDOUT)
        else:
            self.fresh = anchor
        old = supervisor if supervisor > 0 else -1
        self.old_supervisor = old

    # --- what must hold ---

    def check_after_fresh_start(self):
        now = wait_for("the fresh start", lambda: self.is_up(self.old_supervisor))
        pid = now["pid"]
        self.expect_nobody_and_nothing("after the fresh start")
        records = self.records()
        if [record and record.get("pid") for record in records.values()] != [pid]:
            wait_for(f"one record, of {pid}, not {records}", lambda: [record and record.get("pid") for record in
                                                                 self.records().values()] == [pid], 5)
        if os.listdir(os.path.join(self.store, "instances", "quarantine")):
            raise Broken("a record became unreadable")
        wait_for(f"no temporary files: {self.temporary_files()}", lambda: not self.temporary_files(), 5)
        if self.lock_holders() != [pid]:
            raise Broken(f"the lock is held by {self.lock_holders()}, and the supervisor is {pid}")
        second = self.call("supervise", "--config", self.config)
        if second.returncode != 75:
            raise Broken(f"a second supervisor ended with {second.returncode}: {second.stderr}")
        if self.call("ps", "--json").returncode != 0:
            raise Broken("reeve ps cannot read the registry")
        self.stop_fresh(pid)
        self.expect_nobody_and_nothing("after the last stop")
        left = list(self.records()) + self.temporary_files() + self.lock_holders() + self.groups()
        if left or os.path.exists(os.path.join(self.store, ".locked")):
            raise Broken(f"an orderly stop left {left or '.locked'}")

    def expect_nobody_and_nothing(self, when):
        left = self.members()
        if left:
            raise Broken(f"survivors {when}: {[(pid, line.decode(errors='replace')) for pid, line in left]}")
        hurt = [process.pid for process in self.innocents if process.poll() is not None]
        if hurt:
            raise Broken(f"innocents hurt {when}: {hurt}")

    def stop_fresh(self, supervisor):
        anchor = self.fresh if isinstance(self.fresh, int) else self.fresh.pid
        os.kill(anchor, signal.SIGTERM)
        if isinstance(self.fresh, int):
            wait_for("the last stop", lambda: not is_running(anchor))
        elif self.fresh.wait(PATIENCE) != 0:
            raise Broken(f"the last stop ended with {self.fresh.returncode}")
        wait_for("the end of the last supervisor", lambda: not is_running(supervisor))

    def tidy(self):
        """Whatever went wrong: nothing of this point may be left. Its token tells what is its own."""
        for process in self.innocents + self.helpers:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
        # The anchor first, or it would start again what is killed below it; by the store's name in argv.
        for wanted in (b"reeve-anchor", b""):
            for pid, line in command_lines():
                if wanted in line and (self.store.encode() + b"\0" in line or self.token.encode() in line):
                    signal_if_there(pid, signal.SIGKILL)
        if isinstance(self.fresh, subprocess.Popen):
            self.fresh.wait()
        # A group can go when the last of its processes has come to its end.
        deadline = time.monotonic() + 5
        while self.groups() and time.monotonic() < deadline:
            for name in self.groups():
                remove_groups(os.path.join(own_cgroup(), name))
            time.sleep(0.01)
        shutil.rmtree(self.home, ignore_errors=True)
