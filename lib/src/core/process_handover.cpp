// A process session that somebody before us has begun: the former program of this process
// (model/handover.hpp), or an earlier supervisor (supervisor_adopt.cpp).
#include "reeve/core/env_files.hpp"
#include "reeve/core/process_runner.hpp"
#include "reeve/os/execute.hpp"
#include "reeve/os/fifo.hpp"

namespace reeve {
namespace {

// Nothing when it did not come through the exec.
UniqueFd taken(int fd) { return take_descriptor(fd) ? UniqueFd(fd) : UniqueFd(); }

}  // namespace

std::optional<HandedProcess> ProcessRunner::hand_over() {
    HandedProcess handed;
    if (anchor_ && !anchor_->gone()) {
        handed.anchor = anchor_->handle().pid();
        handed.link = anchor_->link_fd();
    }
    if (output_) {
        const auto [read_end, between_lines] = OutputWriter::handed(*output_);
        handed.output = read_end;
        handed.between_lines = between_lines;
    }
    handed.log_inode = log_begins_.inode;
    handed.log_offset = log_begins_.offset;
    if (notify_) {
        handed.notify = notify_->fd();
        handed.notified_ready = notify_->ready();
        handed.beats = notify_->beats();
        handed.message = notify_->status();
    }
    return handed;
}

// Nothing that cannot be taken over is a reason to end what runs: it is said, and done without.
void ProcessRunner::take_over(Session& session, const SessionRecord& record,
                              const std::optional<HandedProcess>& handed) {
    const auto* const process = std::get_if<ProcessSessionRecord>(&record);
    if (process == nullptr) return;
    const SessionName& name = session.name();
    const SessionConfig& config = session.config();
    const auto complain = [&](const Error& error) {
        host_.note(name, "not all of it could be taken over", error.message());
    };
    const HandedProcess from = handed.value_or(HandedProcess{});
    pid_ = process->pid;
    in_cgroup_ = process->cgroup == own_cgroup(name);
    if (!in_cgroup_ && !process->cgroup.empty()) former_cgroup_ = process->cgroup;
    start_time_ = process->start_time;
    pidfs_inode_ = process->pidfs_inode;
    if (const InstanceId& by = process->succession.or_default().launched_by; !by.empty()) launched_by_ = by;
    if (UniqueFd link = taken(from.link)) {
        auto anchor = SessionAnchor::take_over(from.anchor, std::move(link));
        if (anchor.ok())
            anchor_ = std::move(*anchor);
        else
            complain(anchor.error());
    }
    if (adopted()) {
        auto found = find_leader(leader(name), around_.here);
        if (found.ok() && *found) command_ = std::move((*found)->handle);
    } else {
        // Our child, and not reaped: the number is its own. (Below an anchor that one tells how it ends.)
        auto held = ProcessHandle::open(*pid_);
        if (held.ok() && *held) command_ = std::move(**held);
    }

    auto variables = variables_of(config);
    Variables configured = variables.ok() ? std::move(*variables) : config.env;
    if (!configured.empty()) own_variables_ = std::move(configured);
    log_begins_ = {from.log_inode, from.log_offset};
    const auto fifo = fifo_of(session);
    UniqueFd output = taken(from.output);
    if (!output && fifo) {
        auto opened = open_fifo(*fifo);
        if (opened.ok())
            output = std::move(*opened);
        else
            complain(opened.error());
    }
    if (output) {
        auto stream = around_.output->take_over(name, around_.paths.log(name), config.log, std::move(output),
                                                from.between_lines, fifo.has_value());
        if (stream.ok())
            output_ = std::move(*stream);
        else
            complain(stream.error());
    }
    if (UniqueFd socket = taken(from.notify)) {
        notify_ =
            std::make_unique<NotifyListener>(around_.executor, std::move(socket), around_.paths.notify(name),
                                             [this] { host_.status_changed(); });
    } else if (adopted()) {  // a new socket of the same name: what was sent meanwhile found none
        const Status listening = listen_for_notifications(session);
        if (!listening.ok()) complain(listening.error());
    }
    if (notify_) {
        notify_->recall(from.notified_ready, from.beats, from.message);
        notify_->listen(leader(name), around_.here);
    }
}

}  // namespace reeve
