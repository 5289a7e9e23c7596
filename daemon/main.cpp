#include "commands/add.hpp"
#include "commands/check.hpp"
#include "commands/completion.hpp"
#include "commands/control.hpp"
#include "commands/doctor.hpp"
#include "commands/exec.hpp"
#include "commands/force_unlock.hpp"
#include "commands/instance.hpp"
#include "commands/lock.hpp"
#include "commands/logs.hpp"
#include "commands/manual.hpp"
#include "commands/mcp.hpp"
#include "commands/ps.hpp"
#include "commands/reap.hpp"
#include "commands/reload.hpp"
#include "commands/schema.hpp"
#include "commands/service.hpp"
#include "commands/status.hpp"
#include "commands/upgrade.hpp"
#include "commands/why.hpp"
#include "exit_code.hpp"
#include "options.hpp"
#include "reeve/os/own_memory.hpp"
#include "run.hpp"
#include "selftest/selftest.hpp"
#include "selftest/zoo.hpp"
#include "supervise.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <variant>

namespace reeve {
namespace {

struct Command {
    std::string_view name;
    int (*run)(const Options& options);
};

constexpr Command commands[] = {
    {"add", run_add},
    {"check", run_check},
    {"completion", run_completion},
    {"doctor", run_doctor},
    {"exec", run_exec},
    {"finish-exec", run_finish_exec},
    {"force-unlock", run_force_unlock},
    {"instance", run_instance},
    {"lock", run_lock},
    {"logs", run_logs},
    {"man", run_manual},
    {"mcp", run_mcp},
    {"names", run_names},
    {"ps", run_ps},
    {"reap", run_reap},
    {"reload", run_reload},
    {"restart", run_control},
    {"rm", run_control},
    {"run", run_run},
    {"schema", run_schema},
    {"selftest", run_selftest},
    {"service", run_service},
    {"start", run_control},
    {"status", run_status},
    {"stop", run_control},
    {"supervise", run_supervise},
    {"upgrade", run_upgrade},
    {"why", run_why},
    {"zoo", run_zoo},
};

int run(int argc, const char* const* argv) {
    const auto parsed = parse_options(argc, argv);
    if (const auto* status = std::get_if<int>(&parsed)) return *status;
    const auto& options = std::get<Options>(parsed);
    const auto* const command =
        std::find_if(std::begin(commands), std::end(commands),
                     [&](const Command& each) { return each.name == options.command; });
    if (command == std::end(commands)) {
        print_error(options.command + ": not part of this version; see reeve --help");
        return exit_code::failed;
    }
    return command->run(options);
}

}  // namespace
}  // namespace reeve

// Nothing that a command can expect is thrown; what arrives here is a lack of memory or a mistake of ours.
int main(int argc, char** argv) {
    try {
        reeve::keep_heap_small();  // a reap of ten thousand records, too
        const int status = reeve::run(argc, argv);
        if (reeve::finish_output()) return status;
        reeve::print_error("writing to standard output: not all of it could be written; is the disk full?");
    } catch (const std::exception& error) {
        reeve::print_error(std::string("internal error: ") + error.what() + "; please report it");
    } catch (...) {
        reeve::print_error("internal error: unknown; please report it");
    }
    return reeve::exit_code::failed;
}
