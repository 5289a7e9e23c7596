"""Reaping 50 dead instances with one running container each, by `reeve reap`.

The floor is the engine's own: `docker stop -t 2` of all and `docker rm -f -v` of all, in one call each or in several
at once, whichever is quicker. The grace of 2 seconds is part of every figure.
"""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tarfile
import time

import leftovers
import measure

INSTANCES, GRACE = 50, 2
IMAGE = f"reeve-bench/busybox:{os.getpid()}"
# The first process of a container gets no SIGTERM that it has no handler for, so a bare sleep ignores it.
STUBBORN = ["sleep", "100000"]
OBEDIENT = ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"]


def docker(*words, **how):
    return subprocess.run(["docker", *words], check=True, stdout=subprocess.PIPE, text=True, **how).stdout


def make_image(folder):
    """Out of the machine's own static busybox: no registry is needed."""
    with tarfile.open(folder / "image.tar", "w") as image:
        image.add(os.path.realpath(shutil.which("busybox")), "bin/busybox")
        for name in ("sh", "sleep"):
            link = tarfile.TarInfo("bin/" + name)
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            image.addfile(link)
    docker("import", str(folder / "image.tar"), IMAGE)


class Containers:
    """The leftovers' containers, all running; none survives the `with`."""

    def __init__(self, options, folder, command):
        self.left = leftovers.Leftovers(options.helpers, folder / "store", INSTANCES, 0, 1, ["none"])
        self.command = command

    def __enter__(self):
        with concurrent.futures.ThreadPoolExecutor(4) as several:
            self.ids = list(several.map(self.create, self.left.instances))
        docker("start", *self.ids)
        return self

    def create(self, instance):
        labels = {"store": self.left.store_id, "instance": instance, "session": "container-0"}
        words = [f"--label=reeve.{key}={value}" for key, value in labels.items()]
        return docker("create", f"--name=reeve-bench-{instance}-0", *words, IMAGE, *self.command).strip()

    def __exit__(self, *_):
        found = docker("ps", "-aq", "--filter", f"label=reeve.store={self.left.store_id}").split()
        if found:
            docker("rm", "-f", "-v", *found)


def by_reeve(options, folder, containers):
    config = measure.write_config(folder / "reeve.json", reap_grace=f"{GRACE}s")
    began = time.perf_counter()
    report = subprocess.run(
        [options.reeve, "reap", "--json"],
        env=measure.environment(folder / "store", config),
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    took = time.perf_counter() - began
    measure.check_report(report, instances=INSTANCES, containers_removed=INSTANCES)
    return took


def by_docker(calls):
    def run(_options, _folder, containers):
        parts = [containers.ids[n::calls] for n in range(calls)]
        began = time.perf_counter()
        with concurrent.futures.ThreadPoolExecutor(calls) as several:
            list(several.map(lambda ids: docker("stop", "-t", str(GRACE), *ids), parts))
            list(several.map(lambda ids: docker("rm", "-f", "-v", *ids), parts))
        return time.perf_counter() - began

    return run


def main():
    options = measure.arguments(__doc__.splitlines()[0], rounds=1)
    if subprocess.run(["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0:
        print("\nno docker answers: containers are not measured")
        return 0
    with measure.folder() as folder:
        make_image(folder)
    try:
        with measure.Report(options, "reap_containers") as report:
            for key, title, command in (
                ("prompt", "ends on SIGTERM", OBEDIENT),
                ("stubborn", "ignores SIGTERM", STUBBORN),
            ):
                one, eight = "docker: one call each", "docker: eight calls at once"
                ways = {"reeve reap": by_reeve, one: by_docker(1), eight: by_docker(8)}

                def measured(way):
                    with measure.folder() as folder, Containers(options, folder, command) as containers:
                        return way(options, folder, containers)

                figures = measure.alternate(
                    options.rounds, {name: lambda way=way: measured(way) for name, way in ways.items()}
                )
                floor = "floor: the quicker of both"
                figures[floor] = [min(pair) for pair in zip(figures[one], figures[eight])]
                report.figures(key, f"reaping {INSTANCES} dead instances x 1 container that {title}", figures, floor)
    finally:
        docker("rmi", IMAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
