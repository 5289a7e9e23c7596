#!/bin/sh
# A program of somebody else builds against the installed library and works.
# usage: consumer.sh CMAKE COMPILER PREFIX BUILD_FOLDER
set -eu
rm -rf "$4"
"$1" -S "$(dirname "$0")/consumer" -B "$4" -G Ninja -DCMAKE_CXX_COMPILER="$2" -DCMAKE_PREFIX_PATH="$3" \
    -DCMAKE_BUILD_TYPE=Debug
"$1" --build "$4"
"$4/consumer"
