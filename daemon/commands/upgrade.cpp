#include "commands/upgrade.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/os/own_program.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 2min;  // the supervisor has shorter deadlines of its own

const char* const doing = "upgrading";

Result<std::filesystem::path> new_program(const Options& options) {
    if (!options.file) return own_program();
    TRY(const std::filesystem::path found, find_program(*options.file));
    std::error_code failed;
    auto whole = std::filesystem::canonical(found, failed);
    if (failed) return Error(failed, doing + std::string(" to ") + *options.file);
    return whole;
}

Result<StatusSnapshot> ask_status(const StorePaths& paths) {
    TRY(const std::string text, ask_supervisor(paths, "status", "{}", 30s));
    return status_snapshot_from_json(text);
}

// The connection ends when the new program is executed, so silence is the good answer: who answers after it,
// on the same socket, is the new one.
Result<StatusSnapshot> upgrade(const StorePaths& paths, const std::filesystem::path& program,
                               const StatusSnapshot& before) {
    const JsonOutput params{{"program", program.string()}};
    const auto answer = ask_supervisor(
        paths, "upgrade", params.dump(-1, ' ', false, JsonOutput::error_handler_t::replace), patience);
    if (answer.ok() || answer.error().code() != Errc::unreachable) {
        if (answer.ok()) return Error(Errc::invalid_data, doing, "the supervisor's answer makes no sense");
        return answer.error();
    }
    TRY(StatusSnapshot after, ask_status(paths));
    if (after.instance_id != before.instance_id || after.upgrades != before.upgrades + 1) {
        return Error(Errc::failed, doing, "the supervisor did not come through it; this is a new one",
                     "see logs/reeve.log in " + paths.root.string());
    }
    return after;
}

Status run(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    const StorePaths paths{root};
    TRY(const std::filesystem::path program, new_program(options));
    TRY(const StatusSnapshot before, ask_status(paths));
    TRY(const StatusSnapshot after, upgrade(paths, program, before));
    std::size_t running = 0;
    for (const auto& [name, session] : after.sessions)
        running += session.state == SessionState::running ? 1 : 0;
    if (options.json) {
        print_json(JsonOutput{{"program", program.string()},
                              {"from", before.version},
                              {"to", after.version},
                              {"pid", after.pid},
                              {"running", running}});
    } else {
        print_line("upgraded from " + before.version + " to " + after.version + " in place: pid " +
                   std::to_string(after.pid) + ", " + std::to_string(running) + " sessions go on");
    }
    return done;
}

}  // namespace

int run_upgrade(const Options& options) { return exit_code::after(run(options)); }

}  // namespace reeve
