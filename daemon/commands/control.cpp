#include "commands/control.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

// A stop may take every grace there is, and a start an image's pull; the supervisor has its own deadlines.
constexpr std::chrono::hours patience{1};

std::string list_of(const JsonOutput& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
    return text.empty() ? "none" : text;
}

Status ask(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    const std::string params = options.command == "reload" ? "{}" : names_as_params(options);
    TRY(const std::string answer, ask_supervisor(StorePaths{root}, options.command, params, patience));
    if (options.command != "reload") return done;
    const auto changes = JsonOutput::parse(answer, nullptr, false);
    if (options.json) {
        print_json(changes);
    } else if (changes.is_object()) {
        print_line("added: " + list_of(changes.value("added", JsonOutput::array())) +
                   "; changed: " + list_of(changes.value("changed", JsonOutput::array())) +
                   "; removed: " + list_of(changes.value("removed", JsonOutput::array())));
    }
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
