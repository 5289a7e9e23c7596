# For builds that begin from nothing each time: of other systems, and the one with sanitizers of scripts/test. A
# precompiled header hides what a source forgets to include; the build without sanitizers does without one, and sees it.
option(REEVE_PRECOMPILE "Precompile the headers that most sources include" OFF)
if(NOT REEVE_PRECOMPILE)
    return()
endif()
set(headers <algorithm> <array> <chrono> <filesystem> <functional> <map> <memory> <optional> <set> <string> <string_view>
    <variant> <vector> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/io_context.hpp> <boost/asio/posix/stream_descriptor.hpp> <boost/asio/steady_timer.hpp>
    <boost/asio/use_awaitable.hpp>)
target_precompile_headers(reeve PRIVATE ${headers})
target_precompile_headers(reeve-parts PRIVATE ${headers} <nlohmann/json.hpp>)

if(REEVE_TESTS)
    file(CONFIGURE OUTPUT test_headers.cpp CONTENT "// Only what the precompiled header is made with.\n")
    add_library(test_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cpp)
    target_link_libraries(test_headers PRIVATE reeve reeve_warnings nlohmann_json::nlohmann_json GTest::gtest GTest::gmock)
    if(REEVE_SANITIZE)
        target_compile_options(test_headers PRIVATE -O0)  # as reeve_test does
    endif()
    target_precompile_headers(test_headers PRIVATE ${headers} <nlohmann/json.hpp> <gtest/gtest.h> <gmock/gmock.h>)
endif()
