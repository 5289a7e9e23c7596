# One interface target carries the warnings, so that no target of ours can forget them.
add_library(reeve_warnings INTERFACE)
target_compile_options(reeve_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual
    # g++ 12 inlines Asio's operator new of a coroutine's frame but not its operator delete, and then takes the two
    # for strangers. It does so at -O1 and above only.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>)
# g++ 12 sees an overlap in `"text" + std::string()` when it optimises (gcc bug 105651, fixed in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(reeve_warnings INTERFACE -Wno-restrict)
endif()
