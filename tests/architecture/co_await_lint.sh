#!/bin/sh
# Checks that every co_await is a whole statement, a whole initializer, all that a statement assigns or the whole
# operand of co_return, and that nothing below it is a braced temporary, a capturing lambda or a ?:. In the other
# shapes g++ 12 destroys temporaries twice or lays the coroutine's frame out wrongly, without a word; clang-query
# finds them for both compilers.
#
# usage: co_await_lint.sh SOURCE_FOLDER BUILD_FOLDER     (BUILD_FOLDER holds compile_commands.json)
# Exit status: 0 clean, 1 findings or a source that cannot be parsed, 77 when clang-query-14 is missing.
set -eu

source_folder=$1
build_folder=$2
here=$source_folder/tests/architecture

command -v clang-query-14 >/dev/null || { echo "skipped: no clang-query-14 (package clang-tools-14)"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -v '^#' "$here/co_await.matchers" >"$work/matchers"
questions=$(grep -c '^m ' "$work/matchers")

# One file: its findings as "file:line: words"; status 1 when there are any or when it cannot be checked.
# clang-query stops at the first matcher that it cannot parse, and its exit status does not tell: so the answers are
# counted against the questions, and an error of the compiler is a failure too.
cat >"$work/check" <<SCRIPT
#!/bin/sh
out=$work/\$(echo "\$1" | tr / _)
clang-query-14 -p "$build_folder" --extra-arg=-w --extra-arg=-Wno-error -f "$work/matchers" "\$1" >"\$out" 2>&1
answers=\$(grep -c -E '^[0-9]+ match(es)?\.\$' "\$out")
if [ "\$answers" -ne $questions ] || grep -q -E '(^|: )(fatal )?error: ' "\$out"; then
    echo "\$1: cannot be checked (\$answers of $questions questions answered)"
    cat "\$out"
    exit 1
fi
sed -n 's/^\(.*\):\([0-9]*\):[0-9]*: note: "\(.*\)" binds here\$/\1:\2: \3/p' "\$out" | sort -u >"\$out.found"
cat "\$out.found"
[ ! -s "\$out.found" ]
SCRIPT
chmod +x "$work/check"

# First the lint itself: it finds every marked line of the bad sample and no other, and is silent on the good one.
bad=$here/co_await_samples/bad.cpp
if "$work/check" "$bad" >"$work/bad.report"; then
    echo "the lint finds nothing in $bad"
    exit 1
fi
sed -n "s|^$bad:\([0-9]*\): .*|\1|p" "$work/bad.report" | sort -n -u >"$work/found"
grep -n '// bad$' "$bad" | cut -d: -f1 >"$work/expected"
if ! diff "$work/expected" "$work/found"; then
    cat "$work/bad.report"
    echo "the lint does not find exactly the marked lines of $bad ('<' is missed, '>' is not marked)"
    exit 1
fi
if ! "$work/check" "$here/co_await_samples/good.cpp"; then
    echo "the lint is not silent on its good sample"
    exit 1
fi

# Then the project. Headers are checked as files of their own: templates are seen as they are written. The program of
# tests/install is built against an installation, so this build folder does not know how.
grep -rlw --include='*.cpp' --include='*.hpp' co_await "$source_folder/lib" "$source_folder/daemon" \
    "$source_folder/tests" | grep -v -e /co_await_samples/ -e /tests/install/ | sort >"$work/files"
xargs -P 2 -n 1 "$work/check" <"$work/files" || exit 1
echo "$(wc -l <"$work/files") files with co_await are clean"
