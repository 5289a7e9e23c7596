#include "reeve/os/files.hpp"
#include "support/reeve_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A payload as other programs write it. Without a machine id the host's name says whether it is of this
// machine; no kernel gives this process id away: Linux stops at 2^22, macOS at 99999.
std::string left_by_a_dead_one() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return R"({"pid": 2147483646, "hostname": ")" + std::string(host.data()) +
           R"(", "started_at": "2026-11-21T02:04:00Z", "schema_version": 1})";
}

class LockCommand : public testing::Test {
  protected:
    LockCommand() { reeve.env["REEVE_STORE"] = reeve.store().string(); }
    std::filesystem::path lock_file() const { return reeve.store() / ".locked"; }

    ReeveProgram reeve;
};

TEST_F(LockCommand, SaysThatNobodyHoldsAStoreThatIsNotThereAndMakesNothing) {
    const Ended ended = reeve.run({"lock"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, lock_file().string() + ": free: nobody holds the store\n");
    EXPECT_FALSE(std::filesystem::exists(reeve.store()));
}

TEST_F(LockCommand, NamesAHolderThatIsGone) {
    reeve.file("store/.locked", left_by_a_dead_one());
    EXPECT_THAT(reeve.run({"lock"}).out,
                AllOf(HasSubstr("free: left by process 2147483646 on "), HasSubstr("takes over")));
    const auto said = nlohmann::json::parse(reeve.run({"lock", "--json"}).out, nullptr, false);
    EXPECT_EQ(said["state"], "dead");
    EXPECT_EQ(said["holder"]["pid"], 2147483646);
}

TEST_F(LockCommand, SaysWhyAFileCannotBeRead) {
    reeve.file("store/.locked", "{{{\x1b[2J");
    const Ended ended = reeve.run({"lock"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("unreadable: "), Not(HasSubstr("\x1b"))));
}

TEST_F(LockCommand, ForceUnlockShowsWhatWasThereAndRemovesIt) {
    reeve.file("store/.locked", left_by_a_dead_one());
    const Ended ended = reeve.run({"force-unlock"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, AllOf(HasSubstr(left_by_a_dead_one()), HasSubstr(": removed")));
    EXPECT_FALSE(std::filesystem::exists(lock_file()));
    EXPECT_THAT(reeve.run({"force-unlock"}).out, HasSubstr("nothing to unlock"));
}

TEST_F(LockCommand, ForceUnlockRefusesWhileTheKernelsLockIsHeldUnlessForced) {
    reeve.file("store/.locked", left_by_a_dead_one());
    const auto held = LockedFile::try_lock(lock_file(), LockedFile::Missing::leave);
    ASSERT_TRUE(held.ok() && held->has_value());

    const Ended refused = reeve.run({"force-unlock", "--json"});
    EXPECT_EQ(refused.code, 75);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(nlohmann::json::parse(refused.out, nullptr, false)["outcome"], "refused_held");
    EXPECT_TRUE((*held)->still_there());

    const Ended forced = reeve.run({"force-unlock", "--force"});
    EXPECT_EQ(forced.code, 0) << forced.err;
    EXPECT_FALSE((*held)->still_there());
}

}  // namespace
}  // namespace reeve::test
