#include "commands/client.hpp"

#include "json_output.hpp"
#include "reeve/core/control.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/store/lifecycle_lock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace reeve {

Result<std::string> ask_supervisor(const StorePaths& paths, const std::string& method,
                                   const std::string& params, std::chrono::milliseconds limit) {
    TRY(const Store store, Store::open(paths.root));
    CHECK(store.prepare_control());
    asio::io_context loop(1);
    Result<std::string> answer;
    asio::co_spawn(loop, control_call(paths.control(), method, params, limit),
                   [&](const std::exception_ptr& bug, Result<std::string> result) {
                       if (bug) std::rethrow_exception(bug);
                       answer = std::move(result);
                   });
    loop.run();
    return answer;
}

std::string names_as_params(const Options& options) {
    return JsonOutput{{"names", options.names}}.dump(-1, ' ', false, JsonOutput::error_handler_t::replace);
}

Result<ObservedStatus> observe_status(const StorePaths& paths,
                                      std::optional<std::chrono::milliseconds> patience) {
    TRY(const Host here, this_host());
    ObservedStatus seen;
    const LockReport lock = inspect_lock(paths.lock(), here);
    if (patience && lock.state == LockReport::State::alive) {
        auto fresh = ask_supervisor(paths, "status", "{}", *patience);
        auto snapshot =
            fresh.ok() ? status_snapshot_from_json(*fresh) : Result<StatusSnapshot>(fresh.error());
        if (snapshot.ok()) {
            seen.alive = seen.known = true;
            seen.snapshot = std::move(*snapshot);
            return seen;
        }
    }
    auto text = read_file(paths.status());
    if (text.ok()) {
        auto snapshot = status_snapshot_from_json(*text);
        if (!snapshot.ok()) return snapshot.error().while_doing(paths.status().string());
        seen.known = true;
        seen.snapshot = std::move(*snapshot);
        seen.text = std::move(*text);
    } else if (text.error().code() != std::errc::no_such_file_or_directory) {
        return text.error();
    }
    const bool same_life =
        lock.payload && seen.known && lock.payload->instance_id == seen.snapshot.instance_id;
    seen.alive = lock.state == LockReport::State::alive && (same_life || !seen.known);
    switch (lock.state) {
        case LockReport::State::alive:
            if (!seen.alive) {
                seen.alive = true;  // a new supervisor that has not written its status yet
                seen.known = false;
            }
            break;
        case LockReport::State::absent:
            seen.why = seen.known ? "stopped" : "never started here";
            break;
        case LockReport::State::dead:
            seen.why = "its process " + std::to_string(lock.payload ? lock.payload->pid : 0) +
                       " is gone without having stopped; the next start clears what it left";
            break;
        case LockReport::State::foreign:
            seen.why = "held from elsewhere: " + lock.why;
            break;
        case LockReport::State::unknown:
        case LockReport::State::unreadable:
            seen.why = lock.why;
            break;
    }
    return seen;
}

}  // namespace reeve
