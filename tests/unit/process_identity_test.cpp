#include "reeve/model/process_identity.hpp"

#include <gtest/gtest.h>

namespace reeve {
namespace {

const Host here{.machine_id = "m1", .boot_id = "b1", .pid_ns = 7, .hostname = "box"};
const ProcessIdentity recorded{
    .pid = 42, .start_time = 1000, .boot_id = "b1", .machine_id = "m1", .pid_ns = 7, .pidfs_inode = 5};

ProcessSeen running(std::uint64_t start, std::uint64_t inode = 0) {
    return {.state = ProcessSeen::State::running, .start_time = start, .pidfs_inode = inode};
}
ProcessSeen in_state(ProcessSeen::State state) { return {.state = state, .start_time = 0, .pidfs_inode = 0}; }

TEST(Identity, IsTheSameWhenStartTimeAndInodeAgree) {
    EXPECT_EQ(compare(recorded, here, running(1000, 5)), Identity::same);
    EXPECT_EQ(judge_owner(recorded, here, running(1000, 5)), OwnerState::alive);
}

TEST(Identity, IsDifferentWhenThePidWasRecycled) {
    EXPECT_EQ(compare(recorded, here, running(1001, 9)), Identity::different);
    EXPECT_EQ(judge_owner(recorded, here, running(1001, 9)), OwnerState::dead);
}

TEST(Identity, IsDifferentWhenThePidWasRecycledWithinOneTick) {
    EXPECT_EQ(compare(recorded, here, running(1000, 6)), Identity::different);
}

TEST(Identity, RestsOnTheStartTimeAloneWhereTheKernelHasNoPidfs) {
    EXPECT_EQ(compare(recorded, here, running(1000)), Identity::same);
    EXPECT_EQ(compare(recorded, here, running(1001)), Identity::different);
}

TEST(Identity, OfAZombieOrAnAbsentProcessIsDifferent) {
    EXPECT_EQ(compare(recorded, here, in_state(ProcessSeen::State::zombie)), Identity::different);
    EXPECT_EQ(compare(recorded, here, in_state(ProcessSeen::State::absent)), Identity::different);
}

TEST(Identity, OfAHiddenProcessIsUnknownAndNeverDead) {
    EXPECT_EQ(compare(recorded, here, in_state(ProcessSeen::State::hidden)), Identity::unknown);
    EXPECT_EQ(judge_owner(recorded, here, in_state(ProcessSeen::State::hidden)), OwnerState::unknown);
}

TEST(Identity, OfAnEarlierBootOfThisMachineIsDifferentEvenWhenThePidLives) {
    ProcessIdentity old = recorded;
    old.boot_id = "b0";
    EXPECT_EQ(compare(old, here, running(1000, 5)), Identity::different);
    EXPECT_EQ(judge_owner(old, here, running(1000, 5)), OwnerState::dead);
}

TEST(Identity, OfAnotherMachineIsUnknownAndItsOwnerForeign) {
    ProcessIdentity other = recorded;
    other.boot_id = "b9";
    other.machine_id = "m9";
    for (const auto& seen : {running(1000, 5), in_state(ProcessSeen::State::absent)}) {
        EXPECT_EQ(compare(other, here, seen), Identity::unknown);
        EXPECT_EQ(judge_owner(other, here, seen), OwnerState::foreign);
    }
}

TEST(Identity, OfAnotherMachineWithoutAMachineIdIsNotTakenForAnEarlierBoot) {
    ProcessIdentity other = recorded;
    other.boot_id = "b9";
    other.machine_id = "";
    Host nameless = here;
    nameless.machine_id = "";
    EXPECT_EQ(judge_owner(other, nameless, in_state(ProcessSeen::State::absent)), OwnerState::foreign);
}

TEST(Identity, OfAnotherPidNamespaceIsUnknownAndItsOwnerForeign) {
    ProcessIdentity other = recorded;
    other.pid_ns = 8;
    EXPECT_EQ(compare(other, here, in_state(ProcessSeen::State::absent)), Identity::unknown);
    EXPECT_EQ(judge_owner(other, here, in_state(ProcessSeen::State::absent)), OwnerState::foreign);
}

TEST(Identity, WithNeitherStartTimeNorInodeIsUnknown) {
    ProcessIdentity bare = recorded;
    bare.start_time = 0;
    bare.pidfs_inode = 0;
    EXPECT_EQ(compare(bare, here, running(1000, 5)), Identity::unknown);
}

TEST(Identity, OfAPidThatIsNoPidIsUnknown) {
    for (const pid_t pid : {0, -1}) {
        ProcessIdentity bad = recorded;
        bad.pid = pid;
        EXPECT_EQ(compare(bad, here, in_state(ProcessSeen::State::absent)), Identity::unknown);
    }
}

}  // namespace
}  // namespace reeve
