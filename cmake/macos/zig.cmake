# What aarch64.cmake and x86_64.cmake share: a cross build on Linux for macOS, which compiles and links and cannot run.
# scripts/check-macos puts the compiler (zig, which carries the headers and the stubs of libSystem) in build/macos-tools.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${REEVE_MACOS_PROCESSOR})
set(CMAKE_OSX_DEPLOYMENT_TARGET "" CACHE STRING "The compiler's -target says it" FORCE)

cmake_path(SET tools NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/../../build/macos-tools)
set(CMAKE_CXX_COMPILER ${tools}/bin/c++ -target ${REEVE_MACOS_PROCESSOR}-macos.13.0)
set(CMAKE_AR ${tools}/bin/ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${tools}/bin/ranlib CACHE FILEPATH "")
# CMake wants one, and nothing here is installed: whoever tries fails.
set(CMAKE_INSTALL_NAME_TOOL /bin/false CACHE FILEPATH "")
# What CMake would find out by programs that it cannot run, and looks for in an output that zig does not print.
set(CMAKE_CXX_COMPILER_WORKS TRUE)
set(CMAKE_CXX_ABI_COMPILED TRUE)
set(CMAKE_CXX_SIZEOF_DATA_PTR 8)
set(CMAKE_SIZEOF_VOID_P 8)
set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "")
# In a Debug build zig adds checks of its own, for which its run time library would be needed.
set(CMAKE_CXX_FLAGS_INIT "-fno-sanitize=undefined")

# The libraries are used as headers, out of Debian's packages. Of /usr/include nothing else may be seen: it describes
# Linux. The modules stand in for what the packages say about their Linux libraries.
set(REEVE_MACOS_HEADERS ${tools}/include)
set(CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}/modules)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
