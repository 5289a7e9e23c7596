#include "reeve/store/lifecycle_lock.hpp"
#include "support/payloads.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gtest/gtest.h>

namespace reeve {
namespace {

using namespace test;
using Outcome = ForceUnlock::Outcome;

class ForceUnlockTest : public ::testing::Test {
  protected:
    ForceUnlock unlock(bool force) { return force_unlock(path, here(), force).value(); }

    TempDir store;
    std::filesystem::path path = store / ".locked";
};

TEST_F(ForceUnlockTest, FindsNothingWhenThereIsNoFile) {
    EXPECT_EQ(unlock(false).outcome, Outcome::nothing_there);
    EXPECT_EQ(unlock(true).outcome, Outcome::nothing_there);
    EXPECT_TRUE(names_in(store.path()).empty());
}

TEST_F(ForceUnlockTest, RemovesTheFileOfADeadHolderAndShowsWhatItSaid) {
    const auto dead = payload_of_a_dead_process();
    write_text(path, to_json(dead));
    const auto result = unlock(false);
    EXPECT_EQ(result.outcome, Outcome::removed);
    EXPECT_EQ(result.payload, dead);
    EXPECT_EQ(result.previous, to_json(dead));
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ForceUnlockTest, RemovesACorruptFileAndShowsItsBytes) {
    const std::string bytes("\xff\x00{{{ not json", 14);
    write_text(path, bytes);
    const auto result = unlock(false);
    EXPECT_EQ(result.outcome, Outcome::removed);
    EXPECT_FALSE(result.payload);
    EXPECT_EQ(result.previous, bytes);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ForceUnlockTest, ShowsAHugeFileCut) {
    write_text(path, std::string(100'000, '['));
    std::filesystem::resize_file(path, std::uintmax_t{64} << 30);
    const auto result = unlock(false);
    EXPECT_EQ(result.outcome, Outcome::removed);
    EXPECT_EQ(result.previous, std::string(std::size_t{64} * 1024, '['));
}

TEST_F(ForceUnlockTest, RefusesALiveHolderUnlessForced) {
    const Forked holder([this](const Forked::Test& test) {
        std::vector<std::string> warnings;
        const auto answer = LifecycleLock::acquire(path, payload_of_ours(), here(), warnings);
        const auto* lock = std::get_if<LifecycleLock>(&*answer);
        test.tell(lock != nullptr && lock->still_held() ? 'y' : 'n');
        test.wait();
        test.tell(lock->still_held() ? 'y' : 'n');
        test.wait();
    });
    ASSERT_EQ(holder.hear(), 'y');
    const auto refused = unlock(false);
    EXPECT_EQ(refused.outcome, Outcome::refused_held);
    EXPECT_EQ(refused.payload->pid, holder.pid());
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_EQ(unlock(true).outcome, Outcome::removed);
    EXPECT_FALSE(std::filesystem::exists(path));
    holder.go_on();
    EXPECT_EQ(holder.hear(), 'n') << "the holder can tell that it has been unlocked";
}

TEST_F(ForceUnlockTest, RefusesALiveHolderWithoutAKernelLockUnlessForced) {
    const Forked holder([](const Forked::Test& test) { test.wait(); });
    for (const char* started_at : {"", "?"}) {
        write_text(path, plain_payload(holder.pid(), here().hostname,
                                       *started_at == '\0' ? now_rfc3339() : std::string(started_at)));
        EXPECT_EQ(unlock(false).outcome, Outcome::refused_held);
        EXPECT_TRUE(std::filesystem::exists(path));
        EXPECT_EQ(unlock(true).outcome, Outcome::removed);
    }
}

TEST_F(ForceUnlockTest, RefusesAKernelLockWhoseHolderTheFileDoesNotName) {
    auto lock = LockedFile::try_lock(path, LockedFile::Missing::create);
    ASSERT_TRUE(lock.ok() && *lock);
    EXPECT_EQ(unlock(false).outcome, Outcome::refused_held);
    EXPECT_EQ(unlock(true).outcome, Outcome::removed);
    EXPECT_FALSE((*lock)->still_there());
}

}  // namespace
}  // namespace reeve
