// How a process session is looked at, and what it says of itself.
#include "reeve/core/process_runner.hpp"
#include "reeve/model/output_tail.hpp"

#include <unistd.h>

#include <algorithm>

namespace reeve {
namespace {

constexpr std::size_t most_probe_output = 64 * 1024;
constexpr std::uint64_t most_shown_output = 16 * 1024;

bool asks_for_notifications(const SessionConfig& config) {
    return (config.ready && config.ready->by.notify) || (config.live && config.live->by.notify);
}

Sign ready_sign(const NotifyListener& from) {
    return {from.ready() ? Sign::What::good : Sign::What::missing, {}};
}

// Good once for each time that the process has said that it is alive.
std::function<Sign()> beat_sign(const NotifyListener& from) {
    return [&from, heard = from.beats()]() mutable -> Sign {
        if (from.in_trouble()) return {Sign::What::bad, "it said WATCHDOG=trigger"};
        if (from.beats() == heard) return {};
        heard = from.beats();
        return {Sign::What::good, {}};
    };
}

}  // namespace

// The socket is there before the command is: its first word may be READY=1.
Status ProcessRunner::listen_for_notifications(Session& session) {
    notify_.reset();
    const SessionConfig& config = session.config();
    if (!asks_for_notifications(config)) return done;
    TRY(notify_, NotifyListener::bind(around_.executor, around_.paths.notify(session.name()),
                                      [this] { host_.status_changed(); }));
    return done;
}

ProcessRunner::Variables ProcessRunner::notify_variables(const SessionConfig& config) const {
    Variables variables;
    if (notify_) variables["NOTIFY_SOCKET"] = notify_->path().string();
    if (notify_ && config.live && config.live->by.notify) {
        const auto interval = std::chrono::microseconds(config.live->interval);
        variables["WATCHDOG_USEC"] = std::to_string(interval.count());
    }
    return variables;
}

Result<std::unique_ptr<Probe>> ProcessRunner::make_probe(Session& session, const ProbeTarget& target,
                                                         Question question) {
    const std::string doing = "making a probe of " + session.name().value;
    if (auto probe = make_network_probe(target)) return probe;
    if (!target.exec.empty()) {
        return make_exec_probe(target.exec.front(),
                               [this, command = target.exec](std::chrono::milliseconds limit) {
                                   return run_probe(command, limit);
                               });
    } else if (!target.log.empty()) {
        TRY(LinePattern pattern, LinePattern::compile(target.log));
        return make_log_probe(around_.executor, around_.paths.log(session.name()), log_begins_,
                              std::move(pattern));
    } else if (target.notify && notify_) {
        NotifyListener& from = *notify_;
        if (question == Question::live)
            return make_sign_probe(from.changed(), beat_sign(from), "no WATCHDOG=1", Patience::limited);
        return make_sign_probe(
            from.changed(), [&from] { return ready_sign(from); }, "no READY=1", Patience::limited);
    }
    return Error(Errc::bad_config, doing, "there is nothing to look at", "see: reeve check");
}

// With the session's own variables, so that it finds what the session finds.
Task<Result<ToolResult>> ProcessRunner::run_probe(std::vector<std::string> command,
                                                  std::chrono::milliseconds limit) {
    ToolCall call;
    CO_TRY(call.program, find_program(command.front()));
    call.args.assign(command.begin() + 1, command.end());
    call.extra_env = own_variables_.or_default();
    call.limit = limit;
    call.max_output = most_probe_output;
    co_return co_await run_tool(std::move(call));
}

std::string ProcessRunner::last_output(const Session& session) const {
    const auto pieces = open_log_pieces(around_.paths.log(session.name()));
    if (!pieces.ok() || pieces->empty()) return {};
    const LogPiece& youngest = pieces->front();
    const std::uint64_t size = youngest.size;
    const std::uint64_t begin = youngest.inode == log_begins_.inode ? std::min(size, log_begins_.offset) : 0;
    const std::uint64_t from = std::max(begin, size - std::min(size, most_shown_output));
    std::string text(static_cast<std::size_t>(size - from), '\0');
    const ssize_t got = ::pread(youngest.file.get(), text.data(), text.size(), static_cast<off_t>(from));
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return output_tail(text, own_variables_.or_default());
}

}  // namespace reeve
