#!/usr/bin/env python3
"""The package and the service under a real systemd: installed, run, killed in every way, upgraded, removed.

usage: systemd_test.py --cpack CPACK --build BUILD_FOLDER --cache FOLDER [--keep]
"""

import argparse
import json
import pathlib
import signal
import sys
import tempfile
import time

import machine
from machine import Failure, Machine, wait_until

USER = "alice"
STORE = f"/home/{USER}/.local/state/reeve"
CONFIG = f"/home/{USER}/.config/reeve/reeve.json"
UNIT = f"/home/{USER}/.config/systemd/user/reeve.service"
MARKS = ("sleep 770",)  # in the command line of every process of a session
FAMILY = "trap '' TERM HUP INT; while :; do sleep 77001; done"
SESSIONS = {"sessions": {
    # A parent that is polite, and a child in a session of its own that is deaf.
    "family": {"command": ["sh", "-c", f"setsid sh -c \"{FAMILY}\" & exec sleep 77002"], "stop": {"grace": "500ms"}},
    "plain": {"command": ["sleep", "77003"]}}}
PROCESSES_OF_ALL = 4  # of the family three: it, the loop and the loop's sleep
IMAGE = "localhost/box:1"
WITH_CONTAINER = {"engine": {"command": "podman"}, "sessions": {
    **SESSIONS["sessions"], "box": {"image": IMAGE, "args": ["sleep", "78001"], "stop": {"grace": "500ms"}}}}


def sessions_with(name, **changes):
    """The configuration, with one of its sessions changed."""
    return {"sessions": {**SESSIONS["sessions"], name: {**SESSIONS["sessions"][name], **changes}}}


def check(true, what):
    if not true:
        raise Failure(what)


class Service:
    """What is asked of the user's service, and waited for."""

    def __init__(self, bed):
        self.bed = bed

    def status(self):
        return self.bed.user_json("reeve", "status", "--json")

    def running(self):
        """The status, once everything runs; else None."""
        status = self.status()
        if not status or status.get("state") != "running" or self.bed.unit("ActiveState")["ActiveState"] != "active":
            return None
        sessions = status["sessions"].values()
        if not sessions or any(session["state"] != "running" for session in sessions):
            return None
        # The status may be of the supervisor that has just been killed.
        alive = self.bed.processes("reeve supervise", "reeve-anchor")
        if status["pid"] not in alive or len(self.bed.processes(*MARKS)) != PROCESSES_OF_ALL:
            return None
        return status

    def is_up(self):
        return wait_until("the service runs, and all of its sessions", self.running)

    def records(self):
        return {name for name in self.bed.user("ls", f"{STORE}/instances").split() if name.endswith(".json")}

    def is_back(self, before, old):
        """A new supervisor runs new sessions; nothing of the old life is left, on record or alive."""
        wait_until(f"processes of the killed life are gone: {old}", lambda: not old.keys() & self.everything().keys())
        after = self.is_up()
        check(after["instance_id"] != before["instance_id"], "the same life of the supervisor goes on")
        self.only_record_is_of(after)
        return after

    def only_record_is_of(self, status):
        wanted = {status["instance_id"] + ".json"}
        wait_until(f"{wanted} is the only record", lambda: self.records() == wanted)
        wait_until("the status knows of no dead instance", lambda: (self.status() or {}).get("instances") == {
            "alive": 1, "dead": 0, "foreign": 0, "quarantined": 0})

    def everything(self):
        return self.bed.processes("reeve supervise", "reeve-anchor", *MARKS)

    def nothing_is_left(self):
        wait_until("no process is left", lambda: not self.everything(), 20)


def kill(bed, *pids, name="KILL"):
    bed.root("kill", f"-{name}", *pids)


def step_install(bed, service, package):
    bed.copy_in(package, "/var/reeve.deb")
    bed.root("dpkg", "--install", "/var/reeve.deb", seconds=120)
    bed.add_user(USER)
    bed.root("loginctl", "enable-linger", USER)
    wait_until("the user's manager is up",
               lambda: bed.user("systemctl", "--user", "is-system-running", may_fail=True).strip() == "running")
    check("would write" in bed.user("reeve", "service", "install", "--now", "--dry-run"), "a dry run that says nothing")
    check(not bed.user_has(UNIT), "a dry run that wrote the unit")
    bed.user_file(CONFIG, json.dumps(SESSIONS))
    said = bed.user("reeve", "service", "install", "--now")
    check("linger" not in said, f"it asks for linger, which is on: {said}")
    status = service.is_up()
    state = bed.unit("StatusText", "MainPID", "UnitFileState", "FragmentPath")
    check(state["StatusText"] != "", f"no status text: {state}")
    print("   status text:", state["StatusText"])
    check(state["FragmentPath"] == UNIT and state["UnitFileState"] == "enabled", f"the unit: {state}")
    check(int(state["MainPID"]) == status["anchor_pid"], f"the main process is not the anchor: {state}")
    check("current" in bed.user("reeve", "service", "install", "--now"), "a second installation is not idempotent")
    check(service.running()["instance_id"] == status["instance_id"], "a second installation restarted the service")


def step_groups(bed, service):
    status = service.is_up()
    check(bed.unit("Delegate") == {"Delegate": "yes"}, "the unit's control group is not delegated")
    groups = set()
    for name, session in status["sessions"].items():
        check(session["containment"] == "cgroup", f"containment of {name}: {session['containment']}")
        groups.add(bed.root("cat", f"/proc/{session['pid']}/cgroup").strip().splitlines()[-1])
    check(len(groups) == len(status["sessions"]), f"sessions share a group: {groups}")
    check(all("/reeve.service/" in group for group in groups), f"not below the unit's group: {groups}")


def step_say_what_is_true(bed, service):
    said = bed.user_json("reeve", "service", "status", "--json")
    expected = {"file": UNIT, "installed": True, "current": True, "enabled": True, "active": True, "linger": True,
                "problem": None, "store": STORE}
    check(said == expected, f"reeve service status: {said}")
    doctor = json.dumps(bed.user_json("reeve", "doctor", "--json"))
    print("   doctor:", doctor)
    for name in ("service", "linger"):
        finding = next((one for one in json.loads(doctor)["checks"] if one["what"] == name), None)
        check(finding and finding["state"] == "ok", f"reeve doctor on {name}: {finding}")
    service.is_up()


def step_killed(bed, service, *whom):
    before, old = service.is_up(), service.everything()
    restarts = bed.unit("NRestarts")["NRestarts"]
    kill(bed, *(before[one] for one in whom))
    service.is_back(before, old if "anchor_pid" in whom else {
        pid: command for pid, command in old.items() if pid != before["anchor_pid"]})
    by_systemd = bed.unit("NRestarts")["NRestarts"] != restarts
    print("   started again by", "systemd" if by_systemd else "the anchor")
    check(by_systemd == ("anchor_pid" in whom), "not by the one who should")


def step_watchdog(bed, service):
    bed.user_file(f"{UNIT}.d/watchdog.conf", "[Service]\nWatchdogSec=2\n")
    bed.user("systemctl", "--user", "daemon-reload")
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    before = service.is_up()
    time.sleep(5)  # two and a half times the limit, in which nothing may happen
    check(service.running()["instance_id"] == before["instance_id"], "the watchdog fired at a loop that turns")
    old = service.everything()
    kill(bed, before["pid"], name="STOP")
    service.is_back(before, old)
    check("atchdog" in bed.root("journalctl", "--no-pager", f"_UID={bed.uid}"), "the journal knows of no watchdog")
    bed.user("rm", "-r", f"{UNIT}.d")
    bed.user("systemctl", "--user", "daemon-reload")
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    service.is_up()


def step_frozen(bed, service):
    """What newer systemd does to user slices before the machine sleeps. A real sleep needs a real machine."""
    before, old = service.is_up(), service.everything()
    bed.root("systemctl", "freeze", "user.slice")
    time.sleep(3)
    bed.root("systemctl", "thaw", "user.slice")
    after = service.is_up()
    check(after["instance_id"] == before["instance_id"] and service.everything().keys() == old.keys(),
          "something was started again by a freeze")


def step_reload(bed, service):
    before = service.is_up()
    bed.user("systemctl", "--user", "reload", "reeve")
    bed.user_file(CONFIG, json.dumps(sessions_with("plain", command=["sleep", "77004"])))
    bed.user("systemctl", "--user", "reload", "reeve")
    wait_until("the changed session runs", lambda: bed.processes("sleep 77004") and not bed.processes("sleep 77003"))
    after = service.is_up()
    check(after["instance_id"] == before["instance_id"], "a reload started a new life")
    check(after["sessions"]["family"]["pid"] == before["sessions"]["family"]["pid"],
          "an unchanged session was restarted")
    bed.user_file(CONFIG, json.dumps(SESSIONS))
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    service.only_record_is_of(service.is_up())


def step_stop(bed, service):
    service.is_up()
    bed.user("systemctl", "--user", "stop", "reeve", seconds=150)
    check(not service.everything(), f"left after a stop: {service.everything()}")
    state = bed.unit("ActiveState", "Result", "NRestarts")
    check(state["ActiveState"] == "inactive" and state["Result"] == "success", f"after a stop: {state}")
    check(not service.records(), f"records after a stop: {service.records()}")
    said = bed.user_json("reeve", "service", "status", "--json")
    check(said["enabled"] and not said["active"], f"reeve service status after a stop: {said}")
    bed.user("systemctl", "--user", "start", "reeve", seconds=120)
    service.is_up()


def step_bad_configuration(bed, service):
    bed.user("systemctl", "--user", "stop", "reeve", seconds=150)
    bed.user_file(CONFIG, '{"sesions": {}}')
    bed.user("systemctl", "--user", "start", "reeve", seconds=120, may_fail=True)
    wait_until("the unit has failed", lambda: bed.unit("ActiveState")["ActiveState"] == "failed")
    state = bed.unit("NRestarts", "ExecMainStatus", "Result")
    # A start by hand has set the counter to 0.
    check(state == {"NRestarts": "0", "ExecMainStatus": "78", "Result": "exit-code"}, f"of a bad configuration: {state}")
    service.nothing_is_left()
    bed.user_file(CONFIG, json.dumps(SESSIONS))
    bed.user("systemctl", "--user", "start", "reeve", seconds=120)
    service.is_up()


def step_terminate_user(bed, service):
    service.is_up()
    bed.root("loginctl", "terminate-user", USER)
    service.nothing_is_left()
    wait_until("the user's manager has ended", lambda: bed.root(
        "systemctl", "is-active", f"user@{bed.uid}.service", may_fail=True).strip() in ("inactive", "failed"))
    bed.root("systemctl", "start", f"user@{bed.uid}.service")
    service.only_record_is_of(service.is_up())


def step_boot(bed, service, orderly):
    before, boot = service.is_up(), bed.root("cat", "/proc/sys/kernel/random/boot_id")
    bed.boot_again(orderly)
    check(bed.root("cat", "/proc/sys/kernel/random/boot_id") != boot, "it looks like the same boot")
    after = service.is_up()
    check(after["instance_id"] != before["instance_id"], "the same life after a boot")
    service.only_record_is_of(after)


def containers(bed):
    """All containers of the user's engine: their labels, by id."""
    listed = json.loads(bed.user("podman", "ps", "--all", "--format", "json", seconds=60) or "null")
    return {one["Id"]: one["Labels"] or {} for one in listed or []}


def step_leftover_container(bed, service):
    """The power fails while a container runs; the engine still has it after the boot, and nobody owns it any more."""
    bed.make_engine(IMAGE)
    innocent = bed.user("podman", "create", "--name", "innocent", IMAGE, "sleep", "78002", seconds=60).strip()
    bed.user_file(CONFIG, json.dumps(WITH_CONTAINER))
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    before = service.is_up()
    left = next((one for one, labels in containers(bed).items()
                 if labels.get("reeve.instance") == before["instance_id"]), None)
    check(left, f"no container of {before['instance_id']}: {containers(bed)}")
    # The engine is looked at before the supervisor is: its container is there, and its life is over.
    bed.user("systemctl", "--user", "disable", "reeve")
    bed.boot_again(orderly=False)
    check(left in containers(bed), "the engine has lost the container by itself; this shows nothing")
    check(not bed.processes("reeve-anchor"), "the service was started, although it is disabled")
    bed.user("systemctl", "--user", "enable", "--now", "reeve", seconds=120)
    after = service.is_up()
    wait_until("the engine has nothing but the new container and the stranger's", lambda: {
        labels.get("reeve.instance") for labels in containers(bed).values()} == {after["instance_id"], None})
    check(left not in containers(bed) and innocent in containers(bed), f"left: {containers(bed)}")
    service.only_record_is_of(after)
    receipts = [json.loads(line) for line in bed.user("cat", f"{STORE}/receipts.jsonl").splitlines()]
    told = [one for one in receipts if one["what"] == "container" and one["instance_id"] == before["instance_id"]]
    check(told and told[-1]["action"] == "remove", f"the receipts of the container: {told}")
    print("   receipt:", json.dumps(told[-1]))
    bed.user("systemctl", "--user", "stop", "reeve", seconds=150)
    check(containers(bed).keys() == {innocent}, f"left by the stop: {containers(bed)}")
    bed.remove_engine()
    bed.user_file(CONFIG, json.dumps(SESSIONS))
    bed.user("systemctl", "--user", "start", "reeve", seconds=120)
    service.only_record_is_of(service.is_up())


def step_adoption(bed, service):
    """Of the two sessions one goes on when the supervisor is killed."""
    bed.user_file(CONFIG, json.dumps(sessions_with("plain", on_owner_death="adopt")))
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    before = service.is_up()
    kill(bed, before["pid"])
    wait_until("another supervisor is there", lambda: (service.status() or before)["instance_id"] != before["instance_id"])
    after = service.is_up()
    plain, family = after["sessions"]["plain"], after["sessions"]["family"]
    check(plain["pid"] == before["sessions"]["plain"]["pid"] and plain["adopted"], f"not adopted: {plain}")
    check(family["pid"] != before["sessions"]["family"]["pid"], "what is not to be adopted went on")
    service.only_record_is_of(after)
    bed.user_file(CONFIG, json.dumps(SESSIONS))
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    check(plain["pid"] not in service.everything(), "an adopted session outlived an orderly stop")
    service.is_up()


def step_upgrade(bed, service):
    """Another package, and then its program in the place of the running one; systemd notices neither."""
    properties = ("MainPID", "NRestarts", "ActiveState", "ActiveEnterTimestampMonotonic")
    before, old, unit = service.is_up(), service.everything(), bed.unit(*properties)
    bed.root("dpkg", "--install", "/var/reeve.deb", seconds=120)
    check(service.is_up()["sessions"]["plain"]["pid"] == before["sessions"]["plain"]["pid"],
          "the package restarted a session")
    bed.user("reeve", "upgrade", seconds=120)
    after = service.is_up()
    check(after["upgrades"] == before["upgrades"] + 1, f"no upgrade: {after['upgrades']}")
    check(after["instance_id"] == before["instance_id"] and service.everything().keys() == old.keys(),
          "something was started again by the upgrade")
    check(bed.unit(*properties) == unit, f"systemd saw something: {unit}, then {bed.unit(*properties)}")
    bed.user("systemctl", "--user", "restart", "reeve", seconds=120)
    service.only_record_is_of(service.is_up())


def step_uninstall(bed, service):
    service.is_up()
    said = bed.user("reeve", "service", "uninstall", seconds=150)
    check(STORE in said, f"it does not say where the store is: {said}")
    check(not service.everything(), f"left by uninstall: {service.everything()}")
    left = bed.user("find", "/home/" + USER, "(", "-type", "f", "-o", "-type", "l", ")", "-newer", "/var/reeve.deb")
    others = [path for path in left.split() if not path.startswith((STORE, CONFIG))]
    check(not others, f"left by uninstall: {others}")
    check("nothing to do" in bed.user("reeve", "service", "uninstall"), "a second uninstall is not idempotent")


def step_system_template(bed, service):
    bed.root("systemctl", "start", f"reeve@{USER}", seconds=120)
    status = wait_until("the sessions run", lambda: (lambda seen: seen if seen and seen.get("sessions") and all(
        one["state"] == "running" for one in seen["sessions"].values()) else None)(service.status()))
    contained = {session["containment"] for session in status["sessions"].values()}
    check(contained == {"cgroup"}, f"containment: {contained}")
    check(len(bed.processes(*MARKS)) == PROCESSES_OF_ALL, "not the sessions that were asked for")
    bed.root("systemctl", "stop", f"reeve@{USER}", seconds=150)
    check(not service.everything(), f"left: {service.everything()}")


def step_remove(bed, service):
    """The unit of the package, and the package removed under it while it runs."""
    bed.user("systemctl", "--user", "daemon-reload")
    bed.user("systemctl", "--user", "enable", "--now", "reeve", seconds=120)
    service.is_up()
    files = bed.root("dpkg", "--listfiles", "reeve").split()
    bed.root("dpkg", "--remove", "reeve", seconds=120)
    check(len(bed.processes(*MARKS)) == PROCESSES_OF_ALL, "the sessions ended with the package")
    bed.user("systemctl", "--user", "disable", "--now", "reeve", seconds=150, may_fail=True)
    bed.user("systemctl", "--user", "stop", "reeve", seconds=150, may_fail=True)
    service.nothing_is_left()
    bed.root("dpkg", "--purge", "reeve", may_fail=True)
    left = [path for path in files if bed.root("sh", "-c", 'test -f "$1" && echo yes || :', "sh", path)]
    check(not left, f"left by the package: {left}")


def all_steps(bed, service, package):
    return [
        ("the package, and reeve service install --now by an ordinary user",
         lambda: step_install(bed, service, package)),
        ("each session has a control group of its own", lambda: step_groups(bed, service)),
        ("reeve service status and reeve doctor", lambda: step_say_what_is_true(bed, service)),
        ("kill -9 of the supervisor", lambda: step_killed(bed, service, "pid")),
        ("kill -9 of the anchor", lambda: step_killed(bed, service, "anchor_pid")),
        ("kill -9 of both", lambda: step_killed(bed, service, "anchor_pid", "pid")),
        ("reload and restart", lambda: step_reload(bed, service)),
        ("stop and start", lambda: step_stop(bed, service)),
        ("a bad configuration is not tried again", lambda: step_bad_configuration(bed, service)),
        ("the watchdog and a loop that does not turn", lambda: step_watchdog(bed, service)),
        ("the user's slice frozen and thawed", lambda: step_frozen(bed, service)),
        ("loginctl terminate-user", lambda: step_terminate_user(bed, service)),
        ("a reboot", lambda: step_boot(bed, service, orderly=True)),
        ("a power failure", lambda: step_boot(bed, service, orderly=False)),
        ("a power failure, with a container left over on the engine", lambda: step_leftover_container(bed, service)),
        ("a session that is adopted", lambda: step_adoption(bed, service)),
        ("an upgrade of the package, and reeve upgrade", lambda: step_upgrade(bed, service)),
        ("reeve service uninstall", lambda: step_uninstall(bed, service)),
        ("reeve@.service of the system", lambda: step_system_template(bed, service)),
        ("the package removed while its unit runs", lambda: step_remove(bed, service)),
    ]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--cpack", required=True)
    options.add_argument("--build", required=True)
    options.add_argument("--cache", required=True, type=pathlib.Path)
    options.add_argument("--keep", action="store_true", help="leave the container for a look at it")
    options = options.parse_args()
    missing = machine.missing_tool()
    if missing:
        print(f"skipped: {missing}")
        return 77
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    bed, at = None, "the package"
    try:
        with tempfile.TemporaryDirectory() as folder:
            package, needs = machine.make_package(options.cpack, options.build, folder)
            at = "systemd in a container"
            bed = Machine(machine.make_rootfs(options.cache, needs))
            for at, step in all_steps(bed, Service(bed), package):
                started = time.monotonic()
                print("--", at, flush=True)
                step()
                print(f"   {time.monotonic() - started:.1f} s", flush=True)
        return 0
    except Exception as failed:
        print("FAILED; what was there:")
        if bed and bed.user_name:
            print(bed.root("journalctl", "--no-pager", "--lines=150", f"_UID={bed.uid}", may_fail=True))
            print(bed.root("ps", "-e", "-o", "user,pid,ppid,stat,args", "--forest", may_fail=True))
            print(bed.user("systemctl", "--user", "--no-pager", "status", "reeve", may_fail=True))
            print(bed.user("reeve", "status", may_fail=True))
        print(f"FAILED at: {at}: {failed}")
        if not isinstance(failed, Failure):
            raise
        return 1
    finally:
        if bed and options.keep:
            print(f"kept: the container {bed.name}")
        elif bed:
            bed.remove()


if __name__ == "__main__":
    sys.exit(main())
