#!/bin/sh
# A tarball of scripts/make-tarballs holds what it should, and its programs run where there is no library at all: for
# x86_64 in a container that has busybox and nothing else, with every scenario of the selftest; for aarch64 as far as
# qemu's emulation of one process goes, which cannot execute the anchor in its turn.
# usage: tarball.sh BUILD_FOLDER VERSION ARCHITECTURE MAKE_TEST_IMAGE
set -eu
archive=$1/reeve-$2-linux-$3.tar.gz
[ -e "$archive" ] || { echo "skipped: no $archive; scripts/make-tarballs makes it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

tar -xzf "$archive" -C "$work"
[ "$(ls "$work")" = "reeve-$2-linux-$3" ] || fail "not one folder: $(ls "$work")"
root=$work/reeve-$2-linux-$3
for file in bin/reeve libexec/reeve/reeve-anchor share/man/man1/reeve.1 share/man/man5/reeve.json.5 \
    share/bash-completion/completions/reeve share/zsh/site-functions/_reeve share/fish/vendor_completions.d/reeve.fish \
    share/doc/reeve/CHANGELOG.md share/doc/reeve/README.md LICENSE INSTALL; do
    [ -s "$root/$file" ] || fail "no $file in the tarball"
done
for program in bin/reeve libexec/reeve/reeve-anchor; do
    case $(file --brief "$root/$program") in
        *"$(echo "$3" | tr _ -)"*"statically linked"*) ;;
        *) fail "$program: $(file --brief "$root/$program")" ;;
    esac
done
if grep -q '@[a-z]*@' "$root/INSTALL"; then fail "a placeholder is left in INSTALL"; fi

mkdir "$work/config"
echo '{"sessions": {"one": {"command": ["/bin/sleep", "60"]}}}' >"$work/config/reeve.json"
case $3 in
    x86_64)
        docker version >/dev/null 2>&1 || { echo "skipped: no docker engine answers"; exit 77; }
        "$4" docker
        run() {
            docker run --rm --network none --tmpfs /tmp:exec --env HOME=/tmp --volume "$root:/opt/reeve:ro" \
                --volume "$work/config:/config:ro" reeve-test/busybox:1 /opt/reeve/bin/reeve "$@"
        }
        run selftest || fail "the selftest failed"
        said=$(run exec -- sh -c 'echo out; exit 7') && fail "exec gave no status" || [ $? -eq 7 ] || fail "exec: status $?"
        [ "$said" = out ] || fail "exec: $said"
        ;;
    *)
        emulator=qemu-$3-static
        command -v "$emulator" >/dev/null || { echo "skipped: no $emulator (package qemu-user-static)"; exit 77; }
        run() {
            env -i HOME="$work" PATH=/nowhere "$(command -v "$emulator")" "$root/bin/reeve" "$@"
        }
        [ "$(env -i "$(command -v "$emulator")" "$root/libexec/reeve/reeve-anchor" --version)" = "reeve-anchor $2" ] ||
            fail "the anchor does not say its version"
        run man 1 | cmp - "$root/share/man/man1/reeve.1"
        run schema >"$work/schema" && jq -e .properties.sessions "$work/schema" >/dev/null
        run --store "$work/store" status >"$work/said" 2>&1 && fail "status of nothing" || [ $? -eq 3 ] || fail "status: $?"
        run --store "$work/store" reap >"$work/said" 2>&1 && fail "reap of nothing" || [ $? -eq 1 ] || fail "reap: $?"
        grep -q 'there is no such directory' "$work/said" || fail "reap: $(cat "$work/said")"
        ;;
esac
run --version | grep -q "$2" || fail "it is not version $2: $(run --version)"
config=$work/config
[ "$3" = x86_64 ] && config=/config
run check "$config/reeve.json" | grep 'valid, 1 session'
