#include "reeve/model/metrics_text.hpp"

#include "reeve/base/text.hpp"
#include "reeve/base/time_text.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

namespace reeve {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

// The format asks for \\, \" and \n; what is not UTF-8 would make a reader refuse the whole file.
std::string label_value(const std::string& text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(std::string_view(text).substr(i));
        if (length == 0) {
            escaped += "\xEF\xBF\xBD";  // U+FFFD
            ++i;
            continue;
        }
        const std::string character = text.substr(i, length);
        if (character == "\n")
            escaped += "\\n";
        else if (character == "\\" || character == "\"")
            escaped += "\\" + character;
        else
            escaped += character;
        i += length;
    }
    return escaped;
}

std::string number(double value) {
    if (std::floor(value) == value && std::fabs(value) < 1e15) {
        return std::to_string(static_cast<long long>(value));
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", value);
    return text;
}

// One family after the other: its HELP, its TYPE, then all its samples.
class MetricsText {
  public:
    void family(const char* name, const char* type, const char* help) {
        name_ = name;
        text_ += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    }
    void sample(double value, const Labels& labels = {}) {
        text_ += name_;
        const char* before = "{";
        for (const auto& [label, content] : labels) {
            text_ += std::string(before) + label + "=\"" + label_value(content) + "\"";
            before = ",";
        }
        if (!labels.empty()) text_ += "}";
        text_ += " " + number(value) + "\n";
    }
    std::string take() { return std::move(text_); }

  private:
    std::string name_, text_;
};

std::optional<double> seconds_of(const std::optional<std::string>& time) {
    const auto when = time ? from_rfc3339(*time) : std::nullopt;
    if (!when) return std::nullopt;
    return std::chrono::duration<double>(when->time_since_epoch()).count();
}

void supervisor_metrics(const StatusSnapshot& s, MetricsText& out) {
    out.family("reeve_info", "gauge", "Version of the supervisor and id of its life.");
    out.sample(1, {{"version", s.version}, {"instance_id", s.instance_id.value}});
    out.family("reeve_supervisor_state", "gauge", "1 for the state that the supervisor is in.");
    for (int i = 0; i < supervisor_state_count; ++i) {
        const auto state = static_cast<SupervisorState>(i);
        out.sample(state == s.state ? 1 : 0, {{"state", to_string(state)}});
    }
    if (const auto started = seconds_of(s.started_at)) {
        out.family("reeve_supervisor_start_time_seconds", "gauge", "When it started, since 1970.");
        out.sample(*started);
    }
    if (const auto updated = seconds_of(s.updated_at)) {
        out.family("reeve_status_time_seconds", "gauge",
                   "When these figures were written: at the last change, not by a timer.");
        out.sample(*updated);
    }
    out.family("reeve_attention", "gauge", "How many things need a person.");
    out.sample(static_cast<double>(s.attention.size()));
    out.family("reeve_engine_reachable", "gauge", "Whether the container engine answers.");
    for (const auto& [name, engine] : s.engines) out.sample(engine.reachable ? 1 : 0, {{"engine", name}});
    out.family("reeve_instances", "gauge", "Records by the state of their owners.");
    out.sample(s.instances.alive, {{"state", "alive"}});
    out.sample(s.instances.dead, {{"state", "dead"}});
    out.sample(s.instances.foreign, {{"state", "foreign"}});
    out.sample(s.instances.quarantined, {{"state", "quarantined"}});
}

void session_metrics(const StatusSnapshot& s, MetricsText& out) {
    const auto for_each = [&](auto value) {
        for (const auto& [name, session] : s.sessions) {
            const std::optional<double> number = value(session);
            if (number) out.sample(*number, {{"session", name.value}, {"kind", session.kind}});
        }
    };
    out.family("reeve_session_state", "gauge", "1 for the state that the session is in.");
    for (const auto& [name, session] : s.sessions) {
        for (int i = 0; i < session_state_count; ++i) {
            const auto state = static_cast<SessionState>(i);
            out.sample(state == session.state ? 1 : 0,
                       {{"session", name.value}, {"kind", session.kind}, {"state", to_string(state)}});
        }
    }
    out.family("reeve_session_ready", "gauge", "Whether the session is ready.");
    for_each([](const SessionStatus& session) { return std::optional<double>(session.ready ? 1 : 0); });
    out.family("reeve_session_restarts_total", "counter", "Restarts in this life of the supervisor.");
    for_each([](const SessionStatus& session) { return std::optional<double>(session.restarts); });
    out.family("reeve_session_attention", "gauge", "Whether the session needs a person.");
    for_each([](const SessionStatus& session) { return std::optional<double>(session.attention ? 1 : 0); });
    out.family("reeve_session_start_time_seconds", "gauge", "When its present run began, since 1970.");
    for_each([](const SessionStatus& session) { return seconds_of(session.started_at); });
    out.family("reeve_session_memory_bytes", "gauge", "Resident memory of its process tree.");
    for_each([](const SessionStatus& session) {
        return session.memory_bytes ? std::optional<double>(static_cast<double>(*session.memory_bytes))
                                    : std::nullopt;
    });
    out.family("reeve_session_cpu_seconds_total", "counter", "CPU time of its process tree.");
    for_each([](const SessionStatus& session) { return session.cpu_seconds; });
}

void reap_metrics(const StatusSnapshot& s, MetricsText& out) {
    out.family("reeve_reaped_total", "counter", "What dead instances left and was taken down.");
    out.sample(s.totals.instances, {{"what", "instance"}});
    out.sample(s.totals.processes_killed, {{"what", "process"}});
    out.sample(s.totals.containers_removed, {{"what", "container"}});
    out.sample(s.totals.networks_removed, {{"what", "network"}});
    out.sample(s.totals.volumes_removed, {{"what", "volume"}});
    out.family("reeve_reap_failed_total", "counter", "What could not be taken down at once.");
    out.sample(s.totals.failed);
    out.family("reeve_reap_pending", "gauge", "What is still to be taken down, and tried again.");
    out.sample(static_cast<double>(s.pending.size()));
    if (s.last_reap) {
        out.family("reeve_reap_last_duration_seconds", "gauge", "How long the last reap took.");
        out.sample(static_cast<double>(s.last_reap->duration_ms) / 1000);
    }
}

}  // namespace

std::string to_metrics(const StatusSnapshot& snapshot) {
    MetricsText out;
    supervisor_metrics(snapshot, out);
    session_metrics(snapshot, out);
    reap_metrics(snapshot, out);
    return out.take();
}

}  // namespace reeve
