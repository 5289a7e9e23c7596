#include "commands/service.hpp"

#include "call_program.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/user_file.hpp"
#include "service/plan.hpp"
#include "terminal.hpp"

#include <algorithm>

namespace reeve {
namespace {

using namespace std::chrono_literals;

// Stopping waits for the sessions, for as long as the supervisor asks its manager for (stop_deadline).
constexpr auto call_limit = 15min;

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

// Somebody may have edited it: what is about to go stays on file.
Status keep_what_is_there(const ServicePlan& plan, bool dry_run) {
    if (!plan.text || plan.current) return done;
    const auto copy = plan.store / (plan.file.path.filename().string() + ".before");
    if (!dry_run) {
        CHECK(make_private_directory(plan.store));
        CHECK(write_file_with_mode(copy, *plan.text, 0600));
    }
    print_line((dry_run ? "would keep what it says now: " : "what it said is kept: ") +
               printable(copy.string()));
    return done;
}

Status install(const Options& options) {
    TRY(const ServicePlan plan, plan_service(options));
    const std::string path = printable(plan.file.path.string());
    if (plan.link && !plan.current) {
        return Error(Errc::refused, "writing " + path,
                     "it is a link to " + printable(plan.link->string()) + ", which says something else",
                     "remove the link, or write there what this shows: reeve service install --dry-run");
    }
    if (has_unreadable_command(plan.text.value_or("")) && !(options.store && options.config)) {
        return Error(
            Errc::refused, "writing " + path,
            "somebody has written its command in a way that only systemd can read, so its store and its "
            "configuration are not known",
            "name both: reeve --store DIR service install --config FILE; or remove the file");
    }
    if (!options.dry_run) {
        CHECK(service_manager_is_ready(plan.file.path));
    }
    if (plan.current) {
        print_line(path + " is there already, and current");
    } else {
        CHECK(keep_what_is_there(plan, options.dry_run));
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
    TRY(const ServicePlan plan, plan_service(options));
    const std::string path = printable(plan.file.path.string());
    if (!plan.present) {
        print_line(path + " is not there: nothing to do");
        const auto state = ask_service_manager();
        if (state.ok() && (state->enabled || state->active))
            print_line("The service manager has a reeve.service of another file, and it stays.");
    } else {
        CHECK(perform(calls_to_disable(plan.file.path), options.dry_run));
        if (!plan.link) {
            CHECK(keep_what_is_there(plan, options.dry_run));
        }
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
    TRY(const ServicePlan plan, plan_service(options));
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
               (plan.current ? ""
                : plan.present
                    ? " (not what this version would install; reeve service install writes it anew)"
                    : " (not installed)"));
    if (!state.ok()) return state.error();
    if (!plan.present && !state->file.empty()) print_line("used:    " + printable(state->file));
    print_line(std::string("enabled: ") + (state->enabled ? "yes" : "no"));
    print_line(std::string("active:  ") + (state->active ? "yes" : "no"));
    if (lingers)
        print_line(std::string("linger:  ") + (*lingers ? "yes" : "no; it ends with your last session: ") +
                   (*lingers ? "" : how_to_linger()));
    return active ? exit_code::done : exit_code::no_supervisor;
}

// What it may go with; nullptr: none is misplaced.
const char* misplaced_option(const Options& options) {
    const bool installs = options.action == "install";
    const bool shows = options.action == "status";
    if (options.json && !shows) return "--json goes with status";
    if (options.now && !installs) return "--now goes with install";
    if (options.config && !installs) return "--config goes with install";
    if (options.dry_run && shows) return "--dry-run goes with install and uninstall";
    return nullptr;
}

}  // namespace

int run_service(const Options& options) {
    if (const char* const misplaced = misplaced_option(options)) {
        print_error(
            Error(Errc::invalid_data, "reading the command line", misplaced, "see reeve service --help"));
        return exit_code::usage;
    }
    reach_service_manager();
    if (options.action == "status") return exit_code::after(show(options));
    return exit_code::after(options.action == "install" ? install(options) : uninstall(options));
}

}  // namespace reeve
