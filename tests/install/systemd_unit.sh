#!/bin/sh
# The installed units have no placeholder left, start the installed program, and systemd has nothing to say about them.
# usage: systemd_unit.sh PREFIX
set -eu
command -v systemd-analyze >/dev/null || { echo "skipped: no systemd-analyze (package systemd)"; exit 77; }

# Settings that promises depend on, in the section where systemd reads them.
in_section() {
    awk -v section="[$1]" -v line="$2" '/^\[/ { current = $0 } current == section && $0 == line { found = 1 }
        END { exit !found }' "$unit" || { echo "no '$2' in [$1] of $unit"; exit 1; }
}

# check PREFIX UNIT NAME_TO_VERIFY SYSTEMD_ANALYZE_OPTION...
check() {
    prefix=$1 unit=$2 name=$3
    shift 3
    if grep -n '@[A-Z_]*@' "$unit"; then
        echo "a placeholder is left in $unit"
        exit 1
    fi
    program=$(sed -n 's/^ExecStart=\([^ ]*\) run$/\1/p' "$unit")
    [ "$program" = "$prefix/bin/reeve" ] || { echo "$unit starts '$program'"; exit 1; }
    [ -x "$program" ] || { echo "$program cannot be executed"; exit 1; }

    # An unknown or misplaced setting is a warning, and the status is 0 all the same: anything that is said about our
    # unit is a failure. Warnings about other units of this machine are not ours.
    said=$(HOME=$prefix XDG_RUNTIME_DIR=$prefix systemd-analyze "$@" --man=no --recursive-errors=no verify \
        "$(dirname "$unit")/$name" 2>&1) || {
        echo "$said"
        exit 1
    }
    if echo "$said" | grep -F "reeve"; then exit 1; fi

    in_section Unit StartLimitIntervalSec=120
    in_section Unit StartLimitBurst=10
    in_section Service Type=notify
    in_section Service NotifyAccess=all
    in_section Service WatchdogSec=60
    in_section Service KillMode=mixed
    in_section Service TimeoutStopSec=2min
    in_section Service Delegate=yes
    in_section Service Restart=on-failure
    in_section Service "RestartPreventExitStatus=64 75 78"
}

check "$1" "$1/lib/systemd/user/reeve.service" reeve.service --user
in_section Install WantedBy=default.target
# The instance is for a user that every Debian has.
check "$1" "$1/lib/systemd/system/reeve@.service" reeve@daemon.service
in_section Service User=%i
in_section Install WantedBy=multi-user.target
