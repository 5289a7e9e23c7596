# One interface target carries the warnings, so that no target of ours can forget them.
add_library(reeve_warnings INTERFACE)
target_compile_options(reeve_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual)
