# shellcheck shell=bash
# What scripts/setup and scripts/test share: how packages are installed and how a preset is built.

say() { printf '\n== %s\n' "$*"; }
give_up() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        give_up "this needs root for: $*; run it as root, or install sudo"
    fi
}

processors() { getconf _NPROCESSORS_ONLN; }

# Prints those of the named Debian packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# The network is used only when something is missing.
install_debian_packages() {
    local missing
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 # one word for each package
    say "Installing" $missing
    as_root apt-get update -q
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

install_brew_packages() {
    command -v brew >/dev/null || give_up "no Homebrew here; see https://brew.sh"
    local package
    for package in "$@"; do
        brew list --versions "$package" >/dev/null 2>&1 || brew install "$package"
    done
}

# Debian 12 has Boost 1.81 beside its default 1.74, which is too old; elsewhere the default is new enough.
boost_packages() {
    local id version
    id=$(. /etc/os-release && echo "$ID")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    case $id-$version in
        debian-12) echo libboost1.81-dev ;;
        ubuntu-24.04) echo libboost1.83-dev ;;
        *) echo libboost-dev libboost-filesystem-dev ;;
    esac
}

# What it takes to build, and to show the result: jq reads the status, busybox becomes a container image.
# Packages named as arguments are installed with them (Linux only).
install_build_packages() {
    case $(uname -s) in
        Darwin) install_brew_packages cmake ninja boost nlohmann-json spdlog fmt cli11 jq ;;
        Linux)
            command -v apt-get >/dev/null || give_up "only Debian, Ubuntu and macOS are prepared by this script"
            # shellcheck disable=SC2046 # one word for each package
            install_debian_packages g++ cmake ninja-build $(boost_packages) nlohmann-json3-dev libspdlog-dev \
                libcli11-dev jq busybox-static procps util-linux ${1+"$@"}
            ;;
        *) give_up "only Linux and macOS are supported" ;;
    esac
}

# build PRESET [CMAKE_ARGUMENT...]: configures and builds in build/PRESET.
build() {
    local preset=$1
    shift
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    say "Building the preset $preset"
    cmake --preset "$preset" "$@"
    cmake --build --preset "$preset" --parallel "$(processors)"
}
