// The same host as host.py, for Node.
//
// usage: host.mjs NOTES close|stay|terminate COMMAND...
import assert from "node:assert";
import { spawn } from "node:child_process";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { createInterface } from "node:readline";

const [notes, manner, program, ...words] = process.argv.slice(2);

function note(name, text) {
  writeFileSync(`${notes}/${name}.new`, String(text));
  renameSync(`${notes}/${name}.new`, `${notes}/${name}`);
}

const server = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
note("command", server.pid);
const ended = new Promise((resolve) =>
  server.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal])),
);
const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();

const send = (message) => server.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");

async function call(id, method, params = {}) {
  send({ id, method, params });
  const answer = JSON.parse((await lines.next()).value);
  assert.equal(answer.id, id);
  return answer.result;
}

const info = await call(1, "initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "host", version: "1" },
});
assert.equal(info.serverInfo.name, "small");
send({ method: "notifications/initialized" });
assert.equal((await call(2, "tools/list")).tools[0].name, "echo");
const text = "bytes \u00e4\u6f22 ".repeat(10000);
assert.equal((await call(3, "tools/call", { name: "echo", arguments: { text } })).content[0].text, text);
note("host", process.pid);
while (!existsSync(`${notes}/go`)) await new Promise((later) => setTimeout(later, 10));
if (manner === "stay") {
  setInterval(() => {}, 1000);
} else {
  if (manner === "close") server.stdin.end();
  else server.kill("SIGTERM");
  note("status", await ended);
}
