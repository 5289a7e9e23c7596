#!/bin/sh
# Fails when shellcheck objects to one of our scripts.  usage: shell_check.sh SOURCE_FOLDER
set -eu
command -v shellcheck >/dev/null || { echo "skipped: no shellcheck (package shellcheck)"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
# Scripts that users call have no ending: they are known by their first line.
files=$("$here/source_files.sh" "$1" "" | xargs grep -l -m1 -E '^#!/(bin|usr/bin)/(env )?(ba)?sh' || true)
[ -n "$files" ] || { echo "found no script: the search is broken"; exit 1; }
echo "$files" | xargs shellcheck --external-sources
