#!/bin/sh
# Runs clang-tidy-14 over every source of the library and the daemon that this system compiles.
#
# usage: tidy_check.sh SOURCE_FOLDER BUILD_FOLDER     (BUILD_FOLDER holds compile_commands.json)
set -eu
command -v clang-tidy-14 >/dev/null || { echo "skipped: no clang-tidy-14 (package clang-tidy-14)"; exit 77; }
files=$(sed -n "s/^ *\"file\": \"\(.*\.cpp\)\".*/\1/p" "$2/compile_commands.json" | grep -E "^$1/(lib|daemon)/" | sort -u)
[ -n "$files" ] || { echo "found no source: the search is broken"; exit 1; }
echo "$files" | xargs -P 2 -n 1 clang-tidy-14 --quiet --extra-arg=-Wno-unknown-warning-option -p "$2"
