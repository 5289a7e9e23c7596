#include "commands/status.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/os/file_watch.hpp"
#include "terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace reeve {
namespace {

std::string ago(const std::optional<std::string>& when) {
    const auto time = when ? from_rfc3339(*when) : std::nullopt;
    if (!time) return "-";
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - *time).count();
    if (seconds < 0) return "0s";
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return std::to_string(seconds / 60) + "m" + std::to_string(seconds % 60) + "s";
    if (seconds < 86'400)
        return std::to_string(seconds / 3600) + "h" + std::to_string(seconds % 3600 / 60) + "m";
    return std::to_string(seconds / 86'400) + "d" + std::to_string(seconds % 86'400 / 3600) + "h";
}

Style style_of(SessionState state) {
    switch (state) {
        case SessionState::running:
            return Style::good;
        case SessionState::failed:
            return Style::bad;
        case SessionState::backoff:
        case SessionState::stopping:
        case SessionState::waiting:
        case SessionState::starting:
            return Style::warning;
        case SessionState::stopped:
        case SessionState::exited:
            break;
    }
    return Style::dim;
}

std::string exit_text(const SessionStatus& session) {
    if (!session.last_exit) return "-";
    if (session.last_exit->signal) return "signal " + std::to_string(*session.last_exit->signal);
    return "exit " + std::to_string(session.last_exit->code.value_or(-1));
}

std::string where(const SessionStatus& session) {
    if (session.pid) return std::to_string(*session.pid);
    if (session.container_id) return session.container_id->substr(0, 12);
    return "-";
}

std::string sessions_table(const StatusSnapshot& snapshot, bool alive) {
    TextTable table({"SESSION", "STATE", "PID", "UPTIME", "RESTARTS", "READY", "CONTAINMENT", "LAST EXIT"});
    for (const auto& [name, session] : snapshot.sessions) {
        const std::string state =
            alive ? to_string(session.state) : std::string("was ") + to_string(session.state);
        table.add({{name.value, Style::bold},
                   {state, alive ? style_of(session.state) : Style::dim},
                   {alive ? where(session) : "-"},
                   {alive ? ago(session.started_at) : "-"},
                   {std::to_string(session.restarts)},
                   {alive && session.ready ? "yes" : "no"},
                   {session.containment.value_or("-")},
                   {exit_text(session)}});
    }
    return table.empty() ? std::string() : table.text();
}

std::string reap_line(const StatusSnapshot& snapshot) {
    if (!snapshot.last_reap) return "last reap: none yet";
    const ReapCounts& c = snapshot.last_reap->counts;
    return "last reap: " + ago(snapshot.last_reap->started_at) + " ago in " +
           std::to_string(snapshot.last_reap->duration_ms) + " ms: " + std::to_string(c.instances) +
           " instance(s), " + std::to_string(c.processes_killed) + " process(es), " +
           std::to_string(c.containers_removed) + " container(s), " + std::to_string(c.networks_removed) +
           " network(s), " + std::to_string(c.volumes_removed) + " volume(s); " + std::to_string(c.failed) +
           " failed";
}

std::string for_people(const ObservedStatus& seen) {
    const StatusSnapshot& s = seen.snapshot;
    std::string text;
    // What needs a person comes first.
    for (const auto& item : s.attention) text += styled("! " + item, Style::warning) + "\n";
    if (seen.alive && seen.known) {
        text +=
            "supervisor " +
            styled(to_string(s.state), s.state == SupervisorState::running ? Style::good : Style::warning) +
            ", pid " + std::to_string(s.pid) + ", up " + ago(s.started_at) + ", version " + s.version + "\n";
    } else if (seen.alive) {
        text += "supervisor " + styled("starting", Style::warning) + "\n";
    } else {
        text += "supervisor " + styled("not running", Style::bad) + ": " + seen.why + "\n";
    }
    if (!seen.known) return text;
    text += sessions_table(s, seen.alive);
    text += reap_line(s) + "\n";
    for (const auto& [name, engine] : s.engines) {
        text += "engine " + name + ": " +
                (engine.reachable ? "reachable, version " + engine.version.value_or("?")
                                  : "not reachable: " + engine.why.value_or("?")) +
                "\n";
    }
    text += "instances: " + std::to_string(s.instances.alive) + " alive, " +
            std::to_string(s.instances.dead) + " dead, " + std::to_string(s.instances.foreign) +
            " foreign, " + std::to_string(s.instances.quarantined) + " quarantined\n";
    return text;
}

void keep_only(StatusSnapshot& snapshot, const std::vector<std::string>& names) {
    std::erase_if(snapshot.sessions, [&](const auto& item) {
        return std::find(names.begin(), names.end(), item.first.value) == names.end();
    });
}

Result<int> show_once(const Options& options, const StorePaths& paths) {
    TRY(ObservedStatus seen, observe_status(paths));
    if (seen.alive) {
        // The supervisor itself has the freshest; the file will do when it does not answer.
        const auto fresh = ask_supervisor(paths, "status", "{}", std::chrono::milliseconds(2000));
        if (fresh.ok()) {
            auto snapshot = status_snapshot_from_json(*fresh);
            if (snapshot.ok()) seen.snapshot = std::move(*snapshot), seen.known = true;
        }
    }
    for (const auto& name : options.names) {
        if (!seen.snapshot.sessions.contains({name})) {
            return Error(Errc::not_found, "finding session " + name, "there is no such session",
                         "see: reeve status");
        }
    }
    if (!options.names.empty()) keep_only(seen.snapshot, options.names);
    if (options.json) {
        JsonOutput out =
            seen.known ? JsonOutput::parse(to_json(seen.snapshot), nullptr, false) : JsonOutput::object();
        out["alive"] = seen.alive;
        if (!seen.alive) out["why"] = seen.why;
        print_json(out);
    } else {
        print(for_people(seen));
    }
    return seen.alive ? exit_code::done : exit_code::no_supervisor;
}

// Redrawn in place whenever the supervisor writes its status, and once a second for the ages.
Result<int> watch(const Options& options, const StorePaths& paths) {
    TRY(const UniqueFd changes, watch_directory(paths.root));
    int status = exit_code::done;
    for (;;) {
        print("\033[H\033[2J");
        TRY(status, show_once(options, paths));
        if (!finish_output()) return status;
        pollfd waiting{changes.get(), POLLIN, 0};
        ::poll(&waiting, 1, 1000);
        drain_watch(changes.get());
    }
}

Result<int> show(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    const StorePaths paths{root};
    if (!options.watch) return show_once(options, paths);
    return watch(options, paths);
}

}  // namespace

int run_status(const Options& options) {
    const auto shown = show(options);
    if (shown.ok()) return *shown;
    print_error(shown.error());
    return exit_code::of(shown.error());
}

}  // namespace reeve
