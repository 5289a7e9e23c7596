#include "commands/status_text.hpp"

#include "reeve/base/time_text.hpp"
#include "terminal.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace reeve {
namespace {

std::string time_text(long long seconds) {
    if (seconds < 0) return "0s";
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return std::to_string(seconds / 60) + "m" + std::to_string(seconds % 60) + "s";
    if (seconds < 86'400)
        return std::to_string(seconds / 3600) + "h" + std::to_string(seconds % 3600 / 60) + "m";
    return std::to_string(seconds / 86'400) + "d" + std::to_string(seconds % 86'400 / 3600) + "h";
}

std::string ago(const std::optional<std::string>& when) {
    const auto time = when ? from_rfc3339(*when) : std::nullopt;
    if (!time) return "-";
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - *time).count();
    return time_text(seconds);
}

// "12.3 MiB"
std::string memory_text(const std::optional<std::uint64_t>& bytes) {
    if (!bytes || *bytes == 0) return "-";
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(*bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 || value >= 100 ? "%.0f %s" : "%.1f %s", value,
                  units.at(unit));
    return text.data();
}

std::string cpu_text(const std::optional<double>& seconds) {
    if (!seconds || !std::isfinite(*seconds) || *seconds < 0) return "-";
    if (*seconds >= 60) return time_text(static_cast<long long>(*seconds + 0.5));
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2fs", *seconds);
    return text.data();
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
    TextTable table({"SESSION", "STATE", "PID", "UPTIME", "RESTARTS", "READY", "MEMORY", "CPU", "CONTAINMENT",
                     "LAST EXIT"});
    for (const auto& [name, session] : snapshot.sessions) {
        const std::string state =
            alive ? to_string(session.state) : std::string("was ") + to_string(session.state);
        table.add({{name.value, Style::bold},
                   {state, alive ? style_of(session.state) : Style::dim},
                   {alive ? where(session) : "-"},
                   {alive ? ago(session.started_at) : "-"},
                   {std::to_string(session.restarts)},
                   {alive && session.ready ? "yes" : "no"},
                   {alive ? memory_text(session.memory_bytes) : "-"},
                   {alive && session.started_at ? cpu_text(session.cpu_seconds) : "-"},
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

}  // namespace

std::string status_text(const ObservedStatus& seen) {
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

}  // namespace reeve
