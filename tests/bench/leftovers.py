"""Records of dead instances, and their live processes."""

import contextlib
import json
import os
import signal
import subprocess
import uuid

import processes


class Leftovers:
    """What a killed supervisor leaves; no process of it survives the `with`."""

    def __init__(self, helpers, store, instances, each, containers, command):
        call = [helpers / "bench_leftovers", store, str(instances), str(each), str(containers), *command]
        text = subprocess.run(call, check=True, stdout=subprocess.PIPE, text=True).stdout
        said = [line.split() for line in text.splitlines()]
        self.store_id = next(value for kind, value in said if kind == "store")
        self.instances = [value for kind, value in said if kind == "instance"]
        # Children of ours by now, and not waited for: a number is nobody else's.
        self.handles = [os.pidfd_open(int(value)) for kind, value in said if kind == "process"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)
        processes.wait_for_children()

    def wait_until_gone(self, limit=60.0):
        processes.wait_until_gone(self.handles, limit)


def leave_files(helpers, store, count, each):
    """`count` records of dead owners with `each` sessions whose processes are gone as well."""
    with Leftovers(helpers, store, 1, each, 0, ["/bin/sleep", "100000"]) as left:
        first = store / "instances" / f"{left.instances[0]}.json"
        record = first.read_text()
    for _ in range(count - 1):
        other = str(uuid.uuid4())
        path = first.with_name(f"{other}.json")
        path.write_text(record.replace(left.instances[0], other))
        path.chmod(0o600)
    json.loads(record)  # it was one
