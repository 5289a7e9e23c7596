// The record of this life: what must be on disk before a session's code runs, and what may follow a moment
// later (docs/decisions/0047-what-may-wait-for-the-disk.md).
#include "reeve/core/supervisor.hpp"

#include <utility>

namespace reeve {

Task<Status> Supervisor::record(SessionName name, SessionRecord record) {
    record_.sessions[name] = std::move(record);
    record_stale_ = false;
    // What its former life has cost of its budget is on disk before the next one begins, too. Both are
    // written at the same time: the disk does in one go what comes together.
    if (std::exchange(memory_stale_, false)) begin_to_write_memories();
    const Status recorded = co_await record_file_->commit();
    co_await memories_written();
    if (!recorded.ok()) co_return recorded;
    co_await tell_anchor();
    co_return done;
}

void Supervisor::forget(const SessionName& name) {
    if (record_.sessions.erase(name) == 0) return;
    record_stale_ = true;
    write_soon();
}

// What need not be on disk before anything else happens waits for a moment: a session that is started again
// at once is not to stand behind the disk with its end, and many ends share one write.
void Supervisor::write_soon() {
    if (std::exchange(writing_soon_, true)) return;
    tasks_.spawn(write_what_waits());
}

Task<void> Supervisor::write_what_waits() {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer moment(executor_, write_delay);
    const auto [ended_early] = co_await moment.async_wait(as_result);
    (void)ended_early;  // we are leaving: then at once
    writing_soon_ = false;
    co_await write_what_is_stale();
}

Task<void> Supervisor::write_what_is_stale() {
    if (std::exchange(record_stale_, false)) co_await commit_record();
    if (std::exchange(memory_stale_, false)) begin_to_write_memories();
    co_await memories_written();
}

Task<void> Supervisor::commit_record() {
    const Status written = co_await record_file_->commit();
    if (!written.ok()) log_.error("writing our record", {{"why", written.error().message()}});
    co_await tell_anchor();
}

}  // namespace reeve
