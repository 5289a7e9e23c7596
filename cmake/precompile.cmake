# For cross builds, which begin from nothing each time. A precompiled header hides what a source forgets to include, so
# the builds that tests are made with do without.
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
