"""A machine whose first process is systemd: a container, made from Debian's packages, without --privileged."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import time

# Beside what the package under test depends on: systemd with managers for users, and an engine for containers inside,
# which needs no root and no daemon.
PACKAGES = ["systemd", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "procps",
            "podman", "crun", "uidmap", "busybox-static"]
# The container sees the kernel's boot id, which is the same after its "reboot"; every start gives it one of its own.
# A user of it may mount a /proc in a namespace of his own only where one is to be seen that nothing is mounted into
# (mount_too_revealing in the kernel's fs/namespace.c), and the boot id is: so there is a second one.
BOOT = """
mkdir /run/proc && mount -t proc proc /run/proc || exit 1
umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 1
cat /proc/sys/kernel/random/uuid >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id || exit 1
exec /lib/systemd/systemd
"""


class Failure(Exception):
    """Something is not as promised."""


def wait_until(what, condition, seconds=60):
    """Returns the condition's first value that counts as true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def run(words, seconds=60, may_fail=False, **options):
    """What a command printed on its standard output."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, **options)
    if done.returncode != 0 and not may_fail:
        raise Failure(f"{' '.join(map(str, words))}: status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def make_rootfs(folder, wanted):
    """A file system with systemd and the packages wanted; made once, because packages are fetched for it."""
    release = dict(line.strip().split("=", 1) for line in open("/etc/os-release", encoding="utf-8") if "=" in line)
    suite = release["VERSION_CODENAME"].strip('"')
    packages = PACKAGES + sorted(wanted)
    key = hashlib.sha256(" ".join([suite] + packages).encode()).hexdigest()[:12]
    rootfs = folder / f"{suite}-{key}.tar"
    if rootfs.exists():
        return rootfs
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".draft-{os.getpid()}.tar"
    components = "main,universe" if release["ID"] == "ubuntu" else "main"
    print(f"making {rootfs} by mmdebstrap", flush=True)
    try:
        run(["mmdebstrap", "--quiet", "--variant=minbase", f"--components={components}",
             "--include=" + ",".join(packages), suite, str(draft)], seconds=600)
        draft.rename(rootfs)
    finally:
        draft.unlink(missing_ok=True)
    return rootfs


class Machine:
    """Its container and its image have names of this process, and go with `remove`."""

    def __init__(self, rootfs):
        self.name = f"reeve-systemd-test-{os.getpid()}"
        self.image = f"{self.name}:1"
        self.user_name = None
        run(["docker", "import", str(rootfs), self.image], seconds=300)
        try:
            run(["docker", "run", "--detach", "--name", self.name, "--hostname", "bed",
                 "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE", "--cap-add", "NET_ADMIN",
                 "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
                 "--security-opt", "systempaths=unconfined",
                 "--cgroupns=private", "--network", "none", "--tmpfs", "/run:exec", "--tmpfs", "/tmp:exec",
                 "--stop-signal", "SIGRTMIN+3", "-e", "container=docker", self.image, "/bin/sh", "-c", BOOT])
        except BaseException:
            self.remove()
            raise
        self.wait_for_boot()

    def remove(self):
        run(["docker", "rm", "--force", "--volumes", self.name], may_fail=True)
        run(["docker", "rmi", "--force", self.image], may_fail=True)

    def wait_for_boot(self):
        def up():
            said = run(["docker", "exec", self.name, "systemctl", "is-system-running"], may_fail=True).strip()
            return said in ("running", "degraded")
        wait_until("systemd is up", up, 120)

    def boot_again(self, orderly):
        """As a reboot, or as if the power had failed."""
        run(["docker", "stop", "--time", "90", self.name] if orderly else ["docker", "kill", self.name], seconds=120)
        run(["docker", "start", self.name])
        self.wait_for_boot()

    def copy_in(self, source, target):
        run(["docker", "cp", str(source), f"{self.name}:{target}"])

    def root(self, *words, **options):
        return run(["docker", "exec", self.name, *map(str, words)], **options)

    def add_user(self, name):
        self.root("useradd", "--create-home", "--shell", "/bin/sh", name)
        self.user_name = name
        self.uid = self.root("id", "-u", name).strip()

    def user(self, *words, **options):
        runtime = f"/run/user/{self.uid}"
        return run(["docker", "exec", "-u", self.user_name, "-w", f"/home/{self.user_name}",
                    "-e", f"HOME=/home/{self.user_name}", "-e", f"USER={self.user_name}",
                    "-e", f"XDG_RUNTIME_DIR={runtime}", "-e", f"DBUS_SESSION_BUS_ADDRESS=unix:path={runtime}/bus",
                    self.name, *map(str, words)], **options)

    def make_engine(self, image):
        """Lets the user's podman run containers in here, and gives it an image."""
        # Of this machine's control groups version 2 has no controllers: "pids" would be asked for.
        self.user_file(f"/home/{self.user_name}/.config/containers/containers.conf",
                       '[containers]\nnetns = "none"\npids_limit = 0\n[engine]\nevents_logger = "file"\n')
        self.user_file(f"/home/{self.user_name}/.config/containers/storage.conf", '[storage]\ndriver = "vfs"\n')
        self.user("sh", "-c", """
            mkdir -p /tmp/image/bin && cp /bin/busybox /tmp/image/bin/sleep &&
            tar -C /tmp/image -cf - . | podman import - "$1" && rm -r /tmp/image""", "sh", image, seconds=120)

    def remove_engine(self):
        self.user("podman", "system", "reset", "--force", seconds=120)
        home = f"/home/{self.user_name}"
        self.root("rm", "-rf", f"{home}/.config/containers", f"{home}/.config/cni", f"{home}/.local/share/containers")

    def user_file(self, path, text):
        self.user("sh", "-c", 'mkdir -p "$(dirname "$1")" && printf %s "$2" >"$1"', "sh", path, text)

    def user_has(self, path):
        return self.user("sh", "-c", 'test -e "$1" && echo yes || :', "sh", path) != ""

    def user_json(self, *words):
        """What a command prints as JSON, whatever its status; None when that is none."""
        try:
            return json.loads(self.user(*words, may_fail=True))
        except json.JSONDecodeError:
            return None

    def processes(self, *words):
        """The processes of the user, by pid, whose command line holds one of these words."""
        found = {}
        for line in self.root("ps", "-e", "-o", "uid=,pid=,stat=,args=").splitlines():
            uid, pid, state, command = line.split(None, 3)
            if uid == self.uid and not state.startswith("Z") and any(word in command for word in words):
                found[int(pid)] = command
        return found

    def unit(self, *names):
        """Properties of the unit, as the user's manager knows them."""
        lines = self.user("systemctl", "--user", "show", "--property=" + ",".join(names), "reeve.service").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)


def missing_tool():
    """Why this machine cannot run the test; None when it can."""
    for tool, package in (("docker", "docker.io"), ("mmdebstrap", "mmdebstrap"), ("dpkg-deb", "dpkg-dev")):
        if shutil.which(tool) is None:
            return f"no {tool} (package {package})"
    if subprocess.run(["docker", "info"], capture_output=True, timeout=60, check=False).returncode != 0:
        return "no docker engine answers"
    return None


def make_package(cpack, build, folder):
    """The .deb of the build, and the names of the packages that it needs."""
    # The lock: cpack writes into the build folder, and tests of the installation call it too.
    run(["flock", f"{build}/cpack.lock", cpack, "-G", "DEB", "--config", f"{build}/CPackConfig.cmake", "-B", str(folder)],
        seconds=600)
    package = next(pathlib.Path(folder).glob("reeve_*.deb"))
    depends = run(["dpkg-deb", "--field", str(package), "Depends"])
    return package, {need.split()[0].split(":")[0] for need in depends.replace("\n", " ").split(",")}
