#!/bin/sh
# Fails when clang-format-14 would change a source.  usage: format_check.sh SOURCE_FOLDER
set -eu
command -v clang-format-14 >/dev/null || { echo "skipped: no clang-format-14 (package clang-format-14)"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
files=$("$here/source_files.sh" "$1" .cpp .hpp)
[ -n "$files" ] || { echo "found no source: the search is broken"; exit 1; }
echo "$files" | xargs clang-format-14 --dry-run -Werror
