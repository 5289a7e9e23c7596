# For builds that begin from nothing each time: of other systems, and those of scripts/test. A precompiled header hides
# what a source forgets to include; the build without sanitizers has one for the tests only, and sees it.
set(REEVE_PRECOMPILE OFF CACHE STRING "Precompile the headers that most sources include: OFF, TESTS or ON")
set_property(CACHE REEVE_PRECOMPILE PROPERTY STRINGS OFF TESTS ON)
if(NOT REEVE_PRECOMPILE MATCHES "^(OFF|TESTS|ON)$")
    message(FATAL_ERROR "REEVE_PRECOMPILE is ${REEVE_PRECOMPILE}; it is OFF, TESTS or ON")
endif()
set(headers <algorithm> <array> <chrono> <filesystem> <functional> <map> <memory> <optional> <set> <string> <string_view>
    <variant> <vector> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
    <boost/asio/io_context.hpp> <boost/asio/posix/stream_descriptor.hpp> <boost/asio/steady_timer.hpp>
    <boost/asio/use_awaitable.hpp>)
if(REEVE_PRECOMPILE STREQUAL ON)
    target_precompile_headers(reeve PRIVATE ${headers})
    target_precompile_headers(reeve-parts PRIVATE ${headers} <nlohmann/json.hpp>)
endif()

if(REEVE_TESTS AND NOT REEVE_PRECOMPILE STREQUAL OFF)
    file(CONFIGURE OUTPUT test_headers.cpp CONTENT "// Only what the precompiled header is made with.\n")
    add_library(test_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cpp)
    target_link_libraries(test_headers PRIVATE reeve reeve_warnings nlohmann_json::nlohmann_json GTest::gtest GTest::gmock)
    target_precompile_headers(test_headers PRIVATE ${headers} <nlohmann/json.hpp> <gtest/gtest.h> <gmock/gmock.h>)
endif()
