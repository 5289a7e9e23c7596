#include "commands/service.hpp"

#include "call_program.hpp"
#include "exit_code.hpp"
#include "installed_program.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/user_file.hpp"
#include "reeve/store/store.hpp"
#include "service/service.hpp"
#include "terminal.hpp"

#include <algorithm>

namespace reeve {
namespace {

using namespace std::chrono_literals;

// Stopping waits for the sessions, which have two minutes by the unit.
constexpr auto call_limit = 150s;

struct Plan {
    ServiceFile file;
    std::filesystem::path store;
    bool present = false, current = false;  // the file, and whether it says what it should
};

Result<Plan> make_plan(const Options& options) {
    TRY(const std::filesystem::path program, installed_program());
    Plan plan;
    TRY(plan.store, find_store(options.store));
    TRY(const std::filesystem::path usual, default_state_directory());
    std::error_code ignored;
    const auto usual_resolved = std::filesystem::weakly_canonical(usual, ignored);
    const bool is_usual = plan.store == usual || plan.store == usual_resolved;
    TRY(plan.file, wanted_service_file(program, is_usual ? std::nullopt : std::optional(plan.store)));
    const auto text = read_file(plan.file.path);
    plan.present =
        text.ok() || std::filesystem::exists(std::filesystem::symlink_status(plan.file.path, ignored));
    plan.current = text.ok() && *text == plan.file.text;
    return plan;
}

bool says_nothing_to_do(const ServiceCall& call, const Error& failure) {
    const std::string said = failure.message();
    return std::any_of(call.nothing_to_do.begin(), call.nothing_to_do.end(),
                       [&](const std::string& words) { return said.find(words) != std::string::npos; });
}

// Says each step, and does it unless that is all that was asked for.
Status perform(const std::vector<ServiceCall>& calls, bool dry_run) {
    for (const ServiceCall& call : calls) {
        print_line(printable((dry_run ? "would run: " : "running: ") + joined(call.words, " ")));
        if (dry_run) continue;
        const auto said = output_of(call.words, call_limit);
        if (!said.ok() && !says_nothing_to_do(call, said.error())) return said.error();
    }
    return done;
}

Status write_service_file(const ServiceFile& file) {
    std::error_code failed;
    std::filesystem::create_directories(file.path.parent_path(), failed);
    if (failed) return Error(failed, "making " + file.path.parent_path().string());
    return write_file_with_mode(file.path, file.text, 0644);
}

Status install(const Options& options) {
    TRY(const Plan plan, make_plan(options));
    const std::string path = printable(plan.file.path.string());
    if (plan.current) {
        print_line(path + " is there already, and current");
    } else {
        print_line((options.dry_run ? "would write " : "writing ") + path);
        if (options.dry_run) {
            print(plan.file.text);
        } else {
            CHECK(write_service_file(plan.file));
        }
    }
    CHECK(perform(calls_to_enable(plan.file.path, options.now), options.dry_run));
    if (options.dry_run) return done;
    print_line(options.now ? "Reeve runs, and is started at every login."
                           : "Reeve is started at the next login.");
    if (plan.present && !plan.current)
        print_line("If it runs already, restart it when that suits, because the file has changed: " +
                   how_to_restart(plan.file.path));
    if (services_linger() == false) {
        print_line("It ends with your last session. To have it run without one, and from boot on: " +
                   how_to_linger());
    }
    return done;
}

Status uninstall(const Options& options) {
    TRY(const Plan plan, make_plan(options));
    const std::string path = printable(plan.file.path.string());
    if (!plan.present) {
        print_line(path + " is not there: nothing to do");
        const auto state = ask_service_manager();
        if (state.ok() && (state->enabled || state->active))
            print_line("The service manager has a reeve.service of another file, and it stays.");
    } else {
        CHECK(perform(calls_to_disable(plan.file.path), options.dry_run));
        print_line((options.dry_run ? "would remove " : "removing ") + path);
        std::error_code failed;
        if (!options.dry_run && !std::filesystem::remove(plan.file.path, failed) && failed)
            return Error(failed, "removing " + plan.file.path.string());
        CHECK(perform(calls_after_removal(), options.dry_run));
    }
    for (const auto& settings : settings_beside(plan.file.path))
        print_line("Your own settings stay: " + printable(settings.string()));
    print_line("The store, with state and logs, stays: " + printable(plan.store.string()));
    return done;
}

Result<int> show(const Options& options) {
    TRY(const Plan plan, make_plan(options));
    const auto state = ask_service_manager();
    const auto lingers = services_linger();
    const bool active = state.ok() && state->active;
    if (options.json) {
        print_json({{"file", plan.file.path.string()},
                    {"installed", plan.present},
                    {"current", plan.current},
                    {"enabled", state.ok() ? JsonOutput(state->enabled) : JsonOutput()},
                    {"active", state.ok() ? JsonOutput(state->active) : JsonOutput()},
                    {"linger", lingers ? JsonOutput(*lingers) : JsonOutput()},
                    {"problem", state.ok() ? JsonOutput() : JsonOutput(state.error().message())},
                    {"store", plan.store.string()}});
        return active ? exit_code::done : exit_code::no_supervisor;
    }
    print_line("file:    " + printable(plan.file.path.string()) +
               (plan.current   ? ""
                : plan.present ? " (of another version or place; reeve service install writes it anew)"
                               : " (not installed)"));
    if (!state.ok()) return state.error();
    print_line(std::string("enabled: ") + (state->enabled ? "yes" : "no"));
    print_line(std::string("active:  ") + (state->active ? "yes" : "no"));
    if (lingers)
        print_line(std::string("linger:  ") + (*lingers ? "yes" : "no; it ends with your last session: ") +
                   (*lingers ? "" : how_to_linger()));
    return active ? exit_code::done : exit_code::no_supervisor;
}

}  // namespace

int run_service(const Options& options) {
    if (options.action == "status") {
        const auto shown = show(options);
        if (shown.ok()) return *shown;
        print_error(shown.error());
        return exit_code::of(shown.error());
    }
    const Status outcome = options.action == "install" ? install(options) : uninstall(options);
    if (outcome.ok()) return exit_code::done;
    print_error(outcome.error());
    return exit_code::of(outcome.error());
}

}  // namespace reeve
