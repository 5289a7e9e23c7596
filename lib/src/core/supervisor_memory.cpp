// What one supervisor tells the next about its sessions (model/session_memory.hpp).
#include "reeve/core/supervisor.hpp"
#include "reeve/os/files.hpp"

namespace reeve {

Moment Supervisor::now() const {
    return {settings_.here.boot_id, std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
}

// Without it every budget is whole again and nobody was stopped by hand: no reason not to start.
void Supervisor::read_memories() {
    const auto text = read_file(store_.paths().memory());
    if (!text.ok() && text.error().code() == std::errc::no_such_file_or_directory) return;
    auto memories =
        text.ok() ? session_memories_from_json(*text, now()) : Result<SessionMemories>(text.error());
    if (memories.ok())
        memories_ = std::move(*memories);
    else
        log_.warn("what earlier supervisors knew of sessions is lost", {{"why", memories.error().message()}});
}

Task<void> Supervisor::remember(SessionName name, SessionMemory memory) {
    if (!memorise(name, std::move(memory))) co_return;
    memory_stale_ = false;
    begin_to_write_memories();
    co_await memories_written();
}

void Supervisor::remember_soon(const SessionName& name, SessionMemory memory) {
    if (!memorise(name, std::move(memory))) return;
    memory_stale_ = true;
    write_soon();
}

// False when it was known.
bool Supervisor::memorise(const SessionName& name, SessionMemory memory) {
    const auto known = memories_.find(name);
    if (known == memories_.end() ? memory == SessionMemory{} : memory == known->second) return false;
    memories_[name] = std::move(memory);
    return true;
}

void Supervisor::begin_to_write_memories() {
    ++memories_under_way_;
    tasks_.spawn(write_memories());
}

Task<void> Supervisor::write_memories() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const Status written = co_await memory_file_->commit();
    if (!written.ok()) log_.error("writing what is known of sessions", {{"why", written.error().message()}});
    --memories_under_way_;
    memories_written_.notify();
}

Task<void> Supervisor::memories_written() {
    while (memories_under_way_ > 0) co_await memories_written_.wait();
}

void Supervisor::note(const SessionName& name, const std::string& what, const std::string& why) {
    log_.warn(what, {{"session", name.value}, {"why", why}});
}

}  // namespace reeve
