#!/bin/sh
# Prints the project's own files whose names end as asked, one a line: what git knows (also what is not committed
# yet), or in an unpacked archive everything outside build folders.
#
# usage: source_files.sh SOURCE_FOLDER ENDING...
set -eu
cd "$1"
shift
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard
else
    find . -type f -not -path './build*' -not -path './.git/*' | sed 's|^\./||'
fi | while IFS= read -r file; do
    for ending in "$@"; do
        # A file that was deleted and not yet committed is still in git's list.
        case $file in *"$ending") [ ! -f "$file" ] || echo "$file" ;; esac
    done
done | sort
