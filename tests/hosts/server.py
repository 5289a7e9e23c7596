"""A small MCP server: JSON-RPC 2.0, one object a line. It starts a child that detaches and ignores SIGTERM.

usage: server.py NOTES polite|deaf|stubborn

NOTES is a folder in which it notes pids and when what reached it. Polite: leaves at the end of its input. Deaf: does
not, but on SIGTERM, with status 5. Stubborn: on SIGKILL only.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

notes, manner = pathlib.Path(sys.argv[1]), sys.argv[2]

# In a session of its own, without a descriptor of ours, and orphaned as soon as it is there.
DETACHED = "setsid sh -c 'trap \"\" TERM HUP INT; echo $$ >\"$0/child.new\"; mv \"$0/child.new\" \"$0/child\"; " \
    "while :; do sleep 1; done' \"$0\" </dev/null >/dev/null 2>&1 & while [ ! -e \"$0/child\" ]; do sleep 0.02; done"


def note(name, text):
    (notes / (name + ".new")).write_text(str(text))
    os.rename(notes / (name + ".new"), notes / name)


def on_term(_number, _frame):
    note("term", time.monotonic())
    if manner != "stubborn":
        os._exit(5)


def answer(request):
    results = {
        "initialize": {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "small", "version": "1"},
        },
        "tools/list": {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]},
    }
    method = request["method"]
    if method == "tools/call":
        return {"content": [{"type": "text", "text": request["params"]["arguments"]["text"]}]}
    return results[method]


signal.signal(signal.SIGTERM, on_term)
subprocess.run(["sh", "-c", DETACHED, str(notes)], check=True)
note("server", os.getpid())
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": answer(request)}), flush=True)
note("eof", time.monotonic())
while manner != "polite":
    signal.pause()
