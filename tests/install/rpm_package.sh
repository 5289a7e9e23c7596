#!/bin/sh
# The RPM packages are made, hold what they should, please rpmlint, and rpm installs, verifies, upgrades and erases them,
# in a folder of the test's own with a database of its own: nothing of this machine changes.
# usage: rpm_package.sh CPACK BUILD_FOLDER SOURCE_FOLDER
set -eu
for tool in rpm rpmbuild rpmlint; do
    command -v $tool >/dev/null || { echo "skipped: no $tool (packages rpm, rpmlint)"; exit 77; }
done
# rpm enters the folder as its root, which a user who is not root may do as one in a namespace of his own.
if [ "$(id -u)" -ne 0 ]; then exec unshare --map-root-user "$0" "$@"; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

cpack=$1 build=$2 source=$3
make() {
    folder=$work/$1
    shift
    flock "$build/cpack.lock" "$cpack" -G RPM --config "$build/CPackConfig.cmake" -B "$folder" "$@" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
umask 077
make older -D CPACK_PACKAGE_VERSION=0.0.9
make new
program=$(echo "$work"/new/reeve-[0-9]*.rpm)
library=$(echo "$work"/new/reeve-devel-[0-9]*.rpm)

rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]' "$program" >"$work/program.list"
rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILEUSERNAME} %{FILENAMES}\n]' "$library" >"$work/library.list"
holds() { grep -q "^$2 root $3\$" "$work/$1.list" || { cat "$work/$1.list"; fail "no $2 $3 in the package"; }; }
holds program -rwxr-xr-x /usr/bin/reeve
holds program -rwxr-xr-x /usr/libexec/reeve/reeve-anchor
holds program -rw-r--r-- /usr/lib/systemd/user/reeve.service
holds program -rw-r--r-- /usr/lib/systemd/system/reeve@.service
holds program -rw-r--r-- /usr/share/man/man1/reeve.1.gz
holds program -rw-r--r-- /usr/share/man/man5/reeve.json.5.gz
holds program -rw-r--r-- /usr/share/bash-completion/completions/reeve
holds program -rw-r--r-- /usr/share/zsh/site-functions/_reeve
holds program -rw-r--r-- /usr/share/fish/vendor_completions.d/reeve.fish
holds program -rw-r--r-- /usr/share/licenses/reeve/LICENSE
holds library -rw-r--r-- /usr/include/reeve/base/result.hpp
holds library -rw-r--r-- '/usr/lib.*/reeveConfig.cmake'
# A folder in which other packages have something is not ours: rpm would take it for a conflict, or remove it with us.
grep '^d' "$work/program.list" "$work/library.list" | grep -v '/reeve\(-devel\)\?\(/\|$\)' && fail "owns the folders of others"
rpm --query --package --requires "$program" | grep -q '^libc\.so\.6' || fail "the package does not say what it needs"

rpmlint --config "$source/packaging/rpm/rpmlint.toml" "$program" "$library" >"$work/said" 2>&1 ||
    { cat "$work/said"; fail "rpmlint has something to say"; }
cat "$work/said"
grep -q ' 0 errors, 0 warnings' "$work/said" || fail "rpmlint has something to say"

mkdir "$work/root"
# --nodeps: the database knows none of the libraries, which are in packages of Red Hat's.
own_rpm() { rpm --root "$work/root" --dbpath /var/lib/rpm "$@"; }
own_rpm --install --nodeps "$work"/older/*.rpm
[ "$(own_rpm --query --queryformat '%{VERSION}' reeve)" = 0.0.9 ] || fail "the older package was not installed"
own_rpm --upgrade --nodeps "$program" "$library"
installed=$(own_rpm --query --all | sort)
wanted=$(rpm --query --package "$program" "$library" | sort)
[ "$installed" = "$wanted" ] || fail "after the upgrade there is: $installed"
own_rpm --verify --nodeps reeve reeve-devel || fail "what is installed is not what is in the packages"
unit=$work/root/usr/lib/systemd/user/reeve.service
grep -q '^ExecStart=/usr/bin/reeve run$' "$unit" || { cat "$unit"; fail "the unit starts something else"; }
"$work/root/usr/bin/reeve" doctor --store "$work/store" --json | jq -e '.checks[] | select(.what == "reeve-anchor") | .state == "ok"' \
    >/dev/null || fail "the installed program does not find its anchor"
own_rpm --erase reeve reeve-devel
left=$(find "$work/root" -path '*/usr/*' -name '*reeve*')
[ -z "$left" ] || fail "left behind: $left"
