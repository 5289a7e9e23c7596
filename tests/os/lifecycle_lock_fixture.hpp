// One private store, and what the tests of its lock ask of it.
#pragma once

#include "reeve/store/lifecycle_lock.hpp"
#include "support/payloads.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gtest/gtest.h>

namespace reeve::test {

class LifecycleLockTest : public ::testing::Test {
  protected:
    Result<std::variant<LifecycleLock, LifecycleLock::HeldBy>> acquire() {
        warnings.clear();
        return LifecycleLock::acquire(path, payload_of_ours(), here(), warnings);
    }
    bool can_acquire() {
        const auto answer = acquire();
        return answer.ok() && std::holds_alternative<LifecycleLock>(*answer);
    }
    std::optional<LifecycleLock::HeldBy> refusal() {
        const auto answer = acquire();
        if (!answer.ok() || !std::holds_alternative<LifecycleLock::HeldBy>(*answer)) return std::nullopt;
        return std::get<LifecycleLock::HeldBy>(*answer);
    }
    LockPayload on_disk() { return lock_payload_from_json(read_text(path)).value(); }

    TempDir store;
    std::filesystem::path path = store / ".locked";
    std::vector<std::string> warnings;
};

}  // namespace reeve::test
