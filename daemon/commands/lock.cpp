#include "commands/lock.hpp"

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

const char* to_string(LockReport::State state) {
    switch (state) {
        case LockReport::State::absent:
            return "absent";
        case LockReport::State::alive:
            return "alive";
        case LockReport::State::dead:
            return "dead";
        case LockReport::State::foreign:
            return "foreign";
        case LockReport::State::unknown:
            return "unknown";
        case LockReport::State::unreadable:
            return "unreadable";
    }
    return "unknown";
}

std::string for_people(const LockReport& report) {
    const std::string who = report.payload ? describe_holder(*report.payload) : std::string();
    switch (report.state) {
        case LockReport::State::absent:
            return "free: nobody holds the store";
        case LockReport::State::alive:
            return "held by " + who;
        case LockReport::State::dead:
            return "free: left by " + who + ", which is gone; the next supervisor takes over";
        case LockReport::State::foreign:
            return "left by " + who + ": " + report.why;
        case LockReport::State::unknown:
            return "perhaps held by " + who + ": " + report.why;
        case LockReport::State::unreadable:
            return "unreadable: " + report.why;
    }
    return {};
}

void print_as_json(const std::filesystem::path& file, const LockReport& report) {
    const auto holder =
        report.payload ? JsonOutput::parse(to_json(*report.payload), nullptr, false) : JsonOutput();
    print_json({{"file", file.string()},
                {"state", to_string(report.state)},
                {"why", text_or_null(report.why)},
                {"holder", holder}});
}

Status show(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const Host here, this_host());
    const std::filesystem::path file = StorePaths{root}.lock();
    const LockReport report = inspect_lock(file, here);
    if (options.json) {
        print_as_json(file, report);
    } else {
        print_line(printable(file.string() + ": " + for_people(report)));
    }
    return done;
}

}  // namespace

int run_lock(const Options& options) { return exit_code::after(show(options)); }

}  // namespace reeve
