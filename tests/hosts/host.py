"""A host that speaks MCP to a server over its standard input and output.

usage: host.py NOTES close|stay|terminate COMMAND...

It calls the server's tool, notes its own pid and the command's, waits until there is a file "go", and then closes
the server's input, stays, or sends the command SIGTERM. It notes how the command ended.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

notes, manner, command = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]


def note(name, text):
    (notes / (name + ".new")).write_text(str(text))
    os.rename(notes / (name + ".new"), notes / name)


def send(message):
    server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    server.stdin.flush()


def call(number, method, **params):
    send({"id": number, "method": method, "params": params})
    answer = json.loads(server.stdout.readline())
    assert answer["id"] == number, answer
    return answer["result"]


server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
note("command", server.pid)
info = call(1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "host", "version": "1"})
assert info["serverInfo"]["name"] == "small", info
send({"method": "notifications/initialized"})
assert call(2, "tools/list")["tools"][0]["name"] == "echo"
text = "bytes \u00e4\u6f22 " * 10000
assert call(3, "tools/call", name="echo", arguments={"text": text})["content"][0]["text"] == text
note("host", os.getpid())
while not (notes / "go").exists():
    time.sleep(0.01)
if manner == "stay":
    signal.pause()
if manner == "close":
    server.stdin.close()
else:
    server.send_signal(signal.SIGTERM)
status = server.wait()
note("status", status if status >= 0 else 128 - status)
