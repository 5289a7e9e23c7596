#!/bin/sh
# The Debian packages are made, hold what they should, please lintian, and dpkg installs, upgrades, removes and purges
# them, in a folder of the test's own: nothing of this machine changes.
# usage: debian_package.sh CPACK BUILD_FOLDER
set -eu
for tool in ar dpkg dpkg-deb dpkg-shlibdeps lintian; do
    command -v $tool >/dev/null || { echo "skipped: no $tool (packages dpkg-dev, lintian)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

# make FOLDER CPACK_OPTION...
make() {
    folder=$work/$1
    shift
    flock "$build/cpack.lock" "$cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$folder" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
cpack=$1 build=$2
# An installation must not depend on the umask of whoever makes the package.
umask 077
make older -D CPACK_PACKAGE_VERSION=0.0.9
make new
program=$(echo "$work"/new/reeve_*.deb)
library=$(echo "$work"/new/libreeve-dev_*.deb)

dpkg-deb --contents "$program" >"$work/program.list"
dpkg-deb --contents "$library" >"$work/library.list"
holds() { grep -q "^$2 root/root .* \./$3\$" "$work/$1.list" || { cat "$work/$1.list"; fail "no $2 $3 in the package"; }; }
holds program -rwxr-xr-x usr/bin/reeve
holds program -rwxr-xr-x usr/libexec/reeve/reeve-anchor
holds program -rw-r--r-- usr/lib/systemd/user/reeve.service
holds program -rw-r--r-- usr/lib/systemd/system/reeve@.service
holds program -rw-r--r-- usr/share/man/man1/reeve.1.gz
holds program -rw-r--r-- usr/share/man/man5/reeve.json.5.gz
holds program -rw-r--r-- usr/share/bash-completion/completions/reeve
holds program -rw-r--r-- usr/share/zsh/vendor-completions/_reeve
holds program -rw-r--r-- usr/share/fish/vendor_completions.d/reeve.fish
holds program -rw-r--r-- usr/share/doc/reeve/README.md
holds program -rw-r--r-- usr/share/doc/reeve/docs/config.md
holds library -rw-r--r-- usr/include/reeve/base/result.hpp
holds library -rw-r--r-- 'usr/lib/.*reeveConfig.cmake'
holds library drwxr-xr-x usr/share/doc/libreeve-dev/
dpkg-deb --field "$program" Depends | grep -q libc6 || fail "the package does not say what it depends on"

# lintian reads every section of every object, which takes it five minutes for the whole library of a debug build. All
# its objects are made and stripped alike: it sees the package with the first three of them.
dpkg-deb --raw-extract "$library" "$work/fewer"
archive=$(cd "$work/fewer" && find usr -name libreeve.a)
ar t "$work/fewer/$archive" | tail -n +4 | xargs ar d "$work/fewer/$archive"
[ "$(ar t "$work/fewer/$archive" | wc -l)" -eq 3 ] || fail "the package's $archive has not three objects left"
(cd "$work/fewer" && sum=$(md5sum "$archive") && sed -i "s|^.*  $archive\$|$sum|" DEBIAN/md5sums)
mkdir "$work/checked"
checked=$work/checked/$(basename "$library")
dpkg-deb --root-owner-group --build "$work/fewer" "$checked" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

# A warning is a failure too, as is an override that is not needed any more.
lintian --allow-root --fail-on error,warning --no-cfg "$program" "$checked" >"$work/said" 2>&1 ||
    { cat "$work/said"; fail "lintian has something to say"; }
! grep -q unused-override "$work/said" || { cat "$work/said"; exit 1; }

# A dpkg of its own: an empty database, and every path below $work/root.
mkdir -p "$work/root/var/lib/dpkg/info" "$work/root/var/lib/dpkg/updates"
: >"$work/root/var/lib/dpkg/status"
own_dpkg() {
    dpkg --root="$work/root" --force-not-root --force-depends --log="$work/dpkg.log" "$@" >"$work/log" 2>&1 ||
        { cat "$work/log"; exit 1; }
}
version() { dpkg-query --admindir="$work/root/var/lib/dpkg" -W -f '${Version}' "$1"; }
own_dpkg --install "$work"/older/reeve_*.deb "$work"/older/libreeve-dev_*.deb
[ "$(version reeve)" = 0.0.9 ] || fail "the older package says that it is $(version reeve)"
# What an older version had and the new one has not goes with the upgrade, as with any package: dpkg's own affair.
own_dpkg --install "$program" "$library"
[ "$(version reeve)" = "$(dpkg-deb --field "$program" Version)" ] || fail "not upgraded: $(version reeve)"
unit=$work/root/usr/lib/systemd/user/reeve.service
grep -q '^ExecStart=/usr/bin/reeve run$' "$unit" || { cat "$unit"; fail "the unit starts something else"; }
"$work/root/usr/bin/reeve" doctor --store "$work/store" --json | jq -e '.checks[] | select(.what == "reeve-anchor") | .state == "ok"' \
    >/dev/null || fail "the installed program does not find its anchor"
own_dpkg --remove reeve
[ ! -e "$work/root/usr/bin/reeve" ] || fail "the program was not removed"
own_dpkg --purge reeve libreeve-dev
left=$(find "$work/root" -path '*/usr/*')
[ -z "$left" ] || fail "left behind: $left"
