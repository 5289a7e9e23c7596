// The only supervisor of a store: possession of this object is the proof.
//
// The kernel's lock on .locked decides; what the file says only explains. Rules of taking over, step by step,
// in docs/decisions/ and in the .cpp file.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/lock_payload.hpp"
#include "reeve/os/files.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve {

class LifecycleLock {
  public:
    // Being second is an answer, not an error.
    struct HeldBy {
        std::optional<LockPayload>
            holder;                   // nothing: the kernel says it is held, the file does not say by whom
        bool kernel_lock = true;      // false: a live holder that does not use the kernel's lock
        std::string message() const;  // for people: who, since when, what to do
    };
    // Takes the lock and writes `mine`. Blocks for at most about a second (see passing_through in the .cpp
    // file). `warnings` gets what a person should know: a takeover from another machine, from a corrupt file,
    // ...
    static Result<std::variant<LifecycleLock, HeldBy>> acquire(const std::filesystem::path& path,
                                                               const LockPayload& mine, const Host& here,
                                                               std::vector<std::string>& warnings);
    // The lock that the former program of this process has left open for us: it was held all the time.
    static Result<LifecycleLock> take_over(const std::filesystem::path& path, UniqueFd fd);
    // False once somebody has removed or replaced the file under us: we have been force-unlocked, and must
    // leave.
    bool still_held() const { return file_.still_there(); }
    // Unlinks the file if it still is ours, while holding the lock; then lets go.
    Status release() { return file_.remove(); }
    const std::filesystem::path& path() const { return file_.path(); }
    // The locked file, for a watch that says when it loses its name. Owned by the lock.
    int fd() const { return file_.fd(); }

  private:
    explicit LifecycleLock(LockedFile file) : file_(std::move(file)) {}
    LockedFile file_;
};

// What a reader may know of the lock. Never takes it, not even for a moment: that could turn a starter away.
struct LockReport {
    enum class State { absent, alive, dead, foreign, unknown, unreadable };
    State state = State::absent;
    std::optional<LockPayload> payload;
    std::string why;  // for people, with unreadable and unknown
};
LockReport inspect_lock(const std::filesystem::path& path, const Host& here);

struct ForceUnlock {
    enum class Outcome { nothing_there, removed, refused_held };
    Outcome outcome = Outcome::nothing_there;
    std::string previous;  // the bytes that were there, as they were (cut at 64 KiB)
    std::optional<LockPayload> payload;
};
// Removes the file. While the kernel's lock is held, or the holder is alive, only with `force`.
Result<ForceUnlock> force_unlock(const std::filesystem::path& path, const Host& here, bool force);

}  // namespace reeve
