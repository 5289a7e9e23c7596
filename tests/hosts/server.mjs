// The same small MCP server as server.py, for Node.
//
// usage: server.mjs NOTES polite|deaf|stubborn
import { spawnSync } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [notes, manner] = process.argv.slice(2);
const detached =
  "setsid sh -c 'trap \"\" TERM HUP INT; echo $$ >\"$0/child.new\"; mv \"$0/child.new\" \"$0/child\"; " +
  "while :; do sleep 1; done' \"$0\" </dev/null >/dev/null 2>&1 & while [ ! -e \"$0/child\" ]; do sleep 0.02; done";

function note(name, text) {
  writeFileSync(`${notes}/${name}.new`, String(text));
  renameSync(`${notes}/${name}.new`, `${notes}/${name}`);
}

const now = () => Number(process.hrtime.bigint()) / 1e9;

function answer({ method, params }) {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: "2025-06-18",
        capabilities: { tools: {} },
        serverInfo: { name: "small", version: "1" },
      };
    case "tools/list":
      return { tools: [{ name: "echo", inputSchema: { type: "object" } }] };
    case "tools/call":
      return { content: [{ type: "text", text: params.arguments.text }] };
  }
}

process.on("SIGTERM", () => {
  note("term", now());
  if (manner !== "stubborn") process.exit(5);
});
spawnSync("sh", ["-c", detached, notes]);
note("server", process.pid);
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const request = JSON.parse(line);
  if (request.id === undefined) return;
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: request.id, result: answer(request) }) + "\n");
});
lines.on("close", () => {
  note("eof", now());
  if (manner !== "polite") setInterval(() => {}, 1000);
});
