#!/bin/sh
# The Debian packages are made, hold what they should, and dpkg installs and removes them, in a folder of the test's
# own: nothing of this machine changes.
# usage: debian_package.sh CPACK BUILD_FOLDER
set -eu
for tool in dpkg dpkg-deb dpkg-shlibdeps; do
    command -v $tool >/dev/null || { echo "skipped: no $tool (package dpkg-dev)"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$1" -G DEB --config "$2/CPackConfig.cmake" -B "$work/packages" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
program=$(ls "$work"/packages/reeve_*.deb)
library=$(ls "$work"/packages/libreeve-dev_*.deb)

dpkg-deb --contents "$program" >"$work/program.list"
dpkg-deb --contents "$library" >"$work/library.list"
holds() { grep -q " \./$2\$" "$work/$1.list" || { cat "$work/$1.list"; echo "no $2 in the package"; exit 1; }; }
holds program usr/bin/reeve
holds program usr/lib/systemd/user/reeve.service
holds library usr/include/reeve/base/result.hpp
holds library 'usr/lib/.*reeveConfig.cmake'
dpkg-deb --field "$program" Depends >"$work/depends"
grep -q libc6 "$work/depends" || { echo "the package does not say what it depends on"; exit 1; }

# A dpkg of its own: an empty database, and every path below $work/root.
mkdir -p "$work/root/var/lib/dpkg/info" "$work/root/var/lib/dpkg/updates"
: >"$work/root/var/lib/dpkg/status"
own_dpkg() { dpkg --root="$work/root" --force-not-root --force-depends --log="$work/dpkg.log" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }; }
own_dpkg --install "$program" "$library"
unit=$work/root/usr/lib/systemd/user/reeve.service
grep -q '^ExecStart=/usr/bin/reeve run$' "$unit" || { echo "the unit starts something else:"; cat "$unit"; exit 1; }
[ -x "$work/root/usr/bin/reeve" ] || { echo "the program was not installed"; exit 1; }
own_dpkg --purge reeve libreeve-dev
left=$(find "$work/root" -path '*/usr/*' -type f)
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
