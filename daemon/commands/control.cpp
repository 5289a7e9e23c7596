#include "commands/control.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

// A stop may take every grace there is, and a start an image's pull; the supervisor has its own deadlines.
constexpr std::chrono::hours patience{1};

Status ask(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    CHECK(ask_supervisor(StorePaths{root}, options.command, names_as_params(options), patience));
    return done;
}

}  // namespace

int run_control(const Options& options) {
    const Status answered = ask(options);
    if (answered.ok()) return exit_code::done;
    print_error(answered.error());
    return exit_code::of(answered.error());
}

}  // namespace reeve
