# What the toolchain files beside this one share: a cross build with the compiler that scripts/cross.sh puts in
# build/cross-tools (zig: clang, and for every target headers, libc++ and something to link with). For macOS the result
# compiles and links and cannot be run here; for Linux it is static, with musl, and needs nothing of the machine it runs on.
set(CMAKE_SYSTEM_NAME Linux)
if(REEVE_CROSS_SYSTEM STREQUAL macos)
    set(CMAKE_SYSTEM_NAME Darwin)
    set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "The compiler's -target says it" FORCE)
    # CMake wants one, and nothing of such a build is installed: whoever tries fails.
    set(CMAKE_INSTALL_NAME_TOOL /bin/false CACHE FILEPATH "")
endif()
set(CMAKE_SYSTEM_PROCESSOR ${REEVE_CROSS_PROCESSOR})

cmake_path(SET tools NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../../build/cross-tools)
set(CMAKE_CXX_COMPILER ${tools}/bin/${REEVE_CROSS_PROCESSOR}-${REEVE_CROSS_SYSTEM}-c++)
set(CMAKE_AR ${tools}/bin/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${tools}/bin/ranlib CACHE FILEPATH "")
# What CMake would find out by programs that it cannot run, and looks for in an output that zig does not print.
set(CMAKE_CXX_COMPILER_WORKS TRUE)
set(CMAKE_CXX_ABI_COMPILED TRUE)
set(CMAKE_CXX_SIZEOF_DATA_PTR 8)
set(CMAKE_SIZEOF_VOID_P 8)
set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "")

# The libraries are used as headers, out of Debian's packages. Of /usr/include nothing else may be seen: it describes
# this machine. The modules stand in for what the packages say about their libraries here.
set(REEVE_CROSS_HEADERS ${tools}/include)
set(CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/modules)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
