#!/bin/sh
# The launch agent is a property list that says what promises depend on.
# usage: launch_agent.sh PLIST
set -eu
plist=$1
if grep -n '@[A-Z_]*@' "$plist"; then
    echo "a placeholder is left in the agent"
    exit 1
fi
if command -v plutil >/dev/null; then
    plutil -lint "$plist"
elif command -v plistutil >/dev/null; then
    # plistutil ends with 0 whatever happens; only what it converted tells.
    converted=$(plistutil -i "$plist" | head -c 8)
    [ "$converted" = bplist00 ] || { echo "plistutil cannot read $plist"; exit 1; }
else
    echo "skipped: no plistutil (package libplist-utils)"
    exit 77
fi
python3 - "$plist" <<'PYTHON'
import plistlib, sys
with open(sys.argv[1], "rb") as file:
    agent = plistlib.load(file)
assert agent["Label"] == "local.reeve", agent
assert agent["ProgramArguments"][0].startswith("/") and agent["ProgramArguments"][1:] == ["run"], agent
assert agent["RunAtLoad"] is True, agent
assert agent["KeepAlive"] == {"SuccessfulExit": False}, agent
assert agent["ExitTimeOut"] >= 60 and agent["ThrottleInterval"] >= 5, agent
assert all(folder.startswith("/") for folder in agent["EnvironmentVariables"]["PATH"].split(":")), agent
assert agent["ProcessType"] == "Standard", agent
PYTHON
