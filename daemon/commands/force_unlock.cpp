#include "commands/force_unlock.hpp"

#include "commands/lock_text.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/store/lifecycle_lock.hpp"
#include "reeve/store/store.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

const char* to_string(ForceUnlock::Outcome outcome) {
    switch (outcome) {
        case ForceUnlock::Outcome::nothing_there:
            return "nothing_there";
        case ForceUnlock::Outcome::removed:
            return "removed";
        case ForceUnlock::Outcome::refused_held:
            return "refused_held";
    }
    return "unknown";
}

void print_as_json(const std::filesystem::path& file, const ForceUnlock& result) {
    auto previous = JsonOutput::parse(result.previous, nullptr, false);
    if (previous.is_discarded()) previous = text_or_null(result.previous);
    print_json({{"file", file.string()}, {"outcome", to_string(result.outcome)}, {"previous", previous}});
}

void print_for_people(const std::filesystem::path& file, const ForceUnlock& result) {
    if (result.outcome == ForceUnlock::Outcome::nothing_there) {
        print_line(printable(file.string()) + ": not there; nothing to unlock");
        return;
    }
    print_line("It said: " + printable(result.previous));
    if (result.outcome == ForceUnlock::Outcome::removed) print_line(printable(file.string()) + ": removed");
}

Error held(const std::filesystem::path& file, const ForceUnlock& result) {
    const std::string who =
        result.payload ? describe_holder(*result.payload) : "a process that it does not name";
    return {Errc::held, "removing " + file.string(), "it may be held by " + who,
            "stop that supervisor, or say --force: it then stops its sessions and leaves"};
}

Status unlock(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const Host here, this_host());
    const std::filesystem::path file = StorePaths{root}.lock();
    TRY(const ForceUnlock result, force_unlock(file, here, options.force));
    if (options.json) {
        print_as_json(file, result);
    } else {
        print_for_people(file, result);
    }
    if (result.outcome == ForceUnlock::Outcome::refused_held) return held(file, result);
    return done;
}

}  // namespace

int run_force_unlock(const Options& options) { return exit_code::after(unlock(options)); }

}  // namespace reeve
