#include "commands/status.hpp"

#include "commands/client.hpp"
#include "commands/status_text.hpp"
#include "commands/status_watch.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "terminal.hpp"

#include <algorithm>

namespace reeve {
namespace {

void keep_only(StatusSnapshot& snapshot, const std::vector<std::string>& names) {
    std::erase_if(snapshot.sessions, [&](const auto& item) {
        return std::find(names.begin(), names.end(), item.first.value) == names.end();
    });
}

std::string json_text(const ObservedStatus& seen, int indent) {
    JsonOutput out =
        seen.known ? JsonOutput::parse(to_json(seen.snapshot), nullptr, false) : JsonOutput::object();
    out["alive"] = seen.alive;
    if (!seen.alive) out["why"] = seen.why;
    return out.dump(indent, ' ', false, JsonOutput::error_handler_t::replace) + "\n";
}

// `patience`: how long the supervisor may take to say what is newer than its file.
Result<WatchFrame> look(const Options& options, const StorePaths& paths, std::chrono::milliseconds patience) {
    TRY(ObservedStatus seen, observe_status(paths, patience));
    // While it starts nothing is known yet, so nothing is missing either.
    for (const auto& name : options.names) {
        if ((seen.known || !seen.alive) && !seen.snapshot.sessions.contains({name})) {
            return Error(Errc::not_found, "finding session " + name, "there is no such session",
                         "see: reeve status");
        }
    }
    if (!options.names.empty()) keep_only(seen.snapshot, options.names);
    WatchFrame frame;
    frame.text = options.json ? json_text(seen, options.watch ? -1 : 2) : status_text(seen);
    if (seen.alive && seen.known) frame.supervisor = seen.snapshot.pid;
    frame.exit_code = seen.alive ? exit_code::done : exit_code::no_supervisor;
    return frame;
}

Result<int> show(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    const StorePaths paths{root};
    std::error_code ignored;
    if (options.watch &&
        std::filesystem::exists(paths.root, ignored)) {    // else there is nothing to watch yet
        const auto soon = std::chrono::milliseconds(500);  // the keyboard must not wait for longer
        return watch_status(paths.root, [&] { return look(options, paths, soon); });
    }
    TRY(const WatchFrame frame, look(options, paths, std::chrono::milliseconds(2000)));
    print(frame.text);
    return frame.exit_code;
}

}  // namespace

int run_status(const Options& options) { return exit_code::after(show(options)); }

}  // namespace reeve
