#!/bin/sh
# The installed unit has no placeholder left, starts the installed program, and systemd has nothing to say about it.
# usage: systemd_unit.sh PREFIX
set -eu
command -v systemd-analyze >/dev/null || { echo "skipped: no systemd-analyze (package systemd)"; exit 77; }
unit=$1/lib/systemd/user/reeve.service

if grep -n '@[A-Z_]*@' "$unit"; then
    echo "a placeholder is left in the unit"
    exit 1
fi
program=$(sed -n 's/^ExecStart=\([^ ]*\) run$/\1/p' "$unit")
[ "$program" = "$1/bin/reeve" ] || { echo "the unit starts '$program'"; exit 1; }
[ -x "$program" ] || { echo "$program cannot be executed"; exit 1; }

# An unknown or misplaced setting is a warning, and the status is 0 all the same: anything that is said about our
# unit is a failure. Warnings about other units of this machine are not ours.
said=$(HOME=$1 XDG_RUNTIME_DIR=$1 systemd-analyze --user --man=no --recursive-errors=no verify "$unit" 2>&1) || {
    echo "$said"
    exit 1
}
if echo "$said" | grep -F reeve.service; then exit 1; fi

# Settings that promises depend on, in the section where systemd reads them.
in_section() {
    awk -v section="[$1]" -v line="$2" '/^\[/ { current = $0 } current == section && $0 == line { found = 1 }
        END { exit !found }' "$unit" || { echo "no '$2' in [$1]"; exit 1; }
}
in_section Unit StartLimitBurst=10
in_section Service KillMode=mixed
in_section Service Delegate=yes
in_section Service Type=notify
in_section Service "RestartPreventExitStatus=64 75 78"
in_section Install WantedBy=default.target
