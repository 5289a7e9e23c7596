// The protocol, with the race that each step closes, is told in docs/decisions/0001-lock-protocol.md.
#include "reeve/store/lifecycle_lock.hpp"

#include "lock_holder.hpp"
#include "reeve/os/process_table.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace reeve {
namespace {

using HeldBy = LifecycleLock::HeldBy;

Result<LockPayload> parse_payload(const Result<std::string>& bytes) {
    if (!bytes.ok()) return bytes.error();
    return lock_payload_from_json(*bytes);
}

struct Attempt {
    std::optional<LockedFile> file;
    HeldBy held_by;       // when there is no file
    bool absent = false;  // there is nothing to lock, and we were not to make it
};

// The kernel's lock, or who has it.
//
// While the file does not name a live holder, the lock is only passing through: a child of a killed holder
// stands between fork and exec and lets go in a moment, a starter has locked and not yet written its payload,
// a leaver has unlinked the file and not yet closed it, or the holder has been killed and not yet come to its
// end (one of its threads may wait for the disk). flock(2) has no timeout, and a signal to interrupt
// it would be the whole program's; so this, bounded to a second, asks again at short intervals.
Result<Attempt> lock_or_name_holder(const std::filesystem::path& path, LockedFile::Missing missing,
                                    const Host& here) {
    const auto patience_ends = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (;;) {
        Attempt attempt;
        TRY(attempt.file, LockedFile::try_lock(path, missing));
        if (attempt.file) return attempt;
        const auto bytes = read_file(path);
        const auto payload = parse_payload(bytes);
        const auto holder = payload.ok() ? judge_holder(*payload, here) : OwnerState::unknown;
        // A dead one is not who holds it: naming that pid would send people after a stranger.
        if (payload.ok() && holder != OwnerState::dead) attempt.held_by.holder = *payload;
        attempt.absent = missing == LockedFile::Missing::leave && !bytes.ok() &&
                         bytes.error().code() == std::errc::no_such_file_or_directory;
        const bool stays = holder == OwnerState::alive && !is_ending(payload->pid);
        if (attempt.absent || stays) return attempt;
        if (std::chrono::steady_clock::now() >= patience_ends) return attempt;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

// We have the kernel's lock. Does the file still name a holder who must be respected? That is one who does
// not use the kernel's lock, or whose file was put back by hand.
Result<std::optional<HeldBy>> judge_previous(const LockedFile& file, const Host& here,
                                             std::vector<std::string>& warnings) {
    const auto bytes = file.read();
    if (!bytes.ok() && bytes.error().code() != Errc::too_large) return bytes.error();
    if (bytes.ok() && bytes->empty()) return std::optional<HeldBy>();  // just made, or cut by a power failure
    const auto payload = parse_payload(bytes);
    if (!payload.ok()) {
        warnings.push_back(file.path().string() + " could not be read (" + payload.error().why() +
                           "): taken over");
        return std::optional<HeldBy>();
    }
    switch (judge_holder(*payload, here)) {
        case OwnerState::dead:
            return std::optional<HeldBy>();
        case OwnerState::foreign:
            warnings.push_back(
                file.path().string() + " was left by " + describe(*payload) +
                ", on another machine or in another pid namespace: taken over. Should the store "
                "be in a synced folder, keep it out of it");
            return std::optional<HeldBy>();
        case OwnerState::alive:
            // Killed, and its descriptors closed already: else the lock would not be ours. In a moment it is
            // dead.
            if (is_ending(payload->pid)) return std::optional<HeldBy>();
            break;
        case OwnerState::unknown:
            break;
    }
    // Ourselves, before an exec of a new version: the kernel's lock went with the old image.
    if (payload->pid == ::getpid()) return std::optional<HeldBy>();
    return std::optional<HeldBy>(HeldBy{*payload, false});
}

}  // namespace

Result<std::variant<LifecycleLock, HeldBy>> LifecycleLock::acquire(const std::filesystem::path& path,
                                                                   const LockPayload& mine, const Host& here,
                                                                   std::vector<std::string>& warnings) {
    using Answer = std::variant<LifecycleLock, HeldBy>;
    TRY(Attempt attempt, lock_or_name_holder(path, LockedFile::Missing::create, here));
    if (!attempt.file) return Answer(std::move(attempt.held_by));
    TRY(std::optional<HeldBy> respected, judge_previous(*attempt.file, here, warnings));
    if (respected) return Answer(std::move(*respected));
    CHECK(attempt.file->replace(to_json(mine)));
    const Status cleaned = remove_leftovers(path.parent_path());
    if (!cleaned.ok()) warnings.push_back(cleaned.error().message());
    return Answer(LifecycleLock(std::move(*attempt.file)));
}

Result<LifecycleLock> LifecycleLock::take_over(const std::filesystem::path& path, UniqueFd fd) {
    TRY(LockedFile file, LockedFile::take_over(path, std::move(fd)));
    (void)remove_leftovers(path.parent_path()).ok();  // what the former program was writing just then
    return LifecycleLock(std::move(file));
}

std::string LifecycleLock::HeldBy::message() const {
    if (!holder) {
        return "the store is in use: its lock is held, and .locked does not say by whom; find the process "
               "with "
               "'fuser' or 'lsof' on .locked";
    }
    if (kernel_lock) {
        return "the store is in use: " + describe(*holder) + "; stop it first, or choose another store";
    }
    return "the store is in use: .locked names " + describe(*holder) +
           ", which is not known to be gone; stop it, or if it has nothing to do with this store, run 'reeve "
           "force-unlock --force'";
}

LockReport inspect_lock(const std::filesystem::path& path, const Host& here) {
    LockReport report;
    const auto bytes = read_file(path);
    if (!bytes.ok() && bytes.error().code() == std::errc::no_such_file_or_directory) return report;
    const auto payload = parse_payload(bytes);
    if (!payload.ok()) {
        report.state = LockReport::State::unreadable;
        report.why = payload.error().message();
        return report;
    }
    report.payload = *payload;
    switch (judge_holder(*payload, here)) {
        case OwnerState::alive:
            report.state = LockReport::State::alive;
            break;
        case OwnerState::dead:
            report.state = LockReport::State::dead;
            break;
        case OwnerState::foreign:
            report.state = LockReport::State::foreign;
            report.why = "it was written on another machine or in another pid namespace";
            break;
        case OwnerState::unknown:
            report.state = LockReport::State::unknown;
            report.why = "process " + std::to_string(payload->pid) +
                         " may be the holder or a later process with its number";
            break;
    }
    return report;
}

Result<ForceUnlock> force_unlock(const std::filesystem::path& path, const Host& here, bool force) {
    constexpr std::size_t shown = std::size_t{64} * 1024;
    ForceUnlock result;
    TRY(Attempt attempt, lock_or_name_holder(path, LockedFile::Missing::leave, here));
    if (attempt.absent) return result;

    auto previous = read_start(path, shown);
    if (!previous.ok() && previous.error().code() == std::errc::no_such_file_or_directory) return result;
    if (!previous.ok()) return previous.error();
    result.previous = std::move(*previous);
    const auto payload = lock_payload_from_json(result.previous);
    if (payload.ok()) result.payload = *payload;

    const auto may_be_held = [&] {
        if (!attempt.file) return true;
        if (!payload.ok()) return false;
        const OwnerState state = judge_holder(*payload, here);
        return state == OwnerState::alive || state == OwnerState::unknown;
    };
    if (!force && may_be_held()) {
        result.outcome = ForceUnlock::Outcome::refused_held;
        return result;
    }
    if (attempt.file) {
        CHECK(attempt.file->remove());
    } else if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return Error::from_errno("removing " + path.string());
    }
    result.outcome = ForceUnlock::Outcome::removed;
    return result;
}

}  // namespace reeve
