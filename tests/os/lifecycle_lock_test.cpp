#include "lifecycle_lock_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace reeve {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A child that takes the lock and keeps it until it is told to go or is killed.
auto holder_of(const std::filesystem::path& path) {
    return [path](const Forked::Test& test) {
        std::vector<std::string> warnings;
        const auto lock = LifecycleLock::acquire(path, payload_of_ours(), here(), warnings);
        test.tell(lock.ok() && std::holds_alternative<LifecycleLock>(*lock) ? 'y' : 'n');
        test.wait();
    };
}

TEST_F(LifecycleLockTest, TakesAFreePlaceAndSaysWhoHoldsIt) {
    const auto lock = acquire();
    ASSERT_TRUE(lock.ok() && std::holds_alternative<LifecycleLock>(*lock));
    EXPECT_EQ(on_disk().pid, ::getpid());
    EXPECT_FALSE(on_disk().hostname.empty());
    EXPECT_FALSE(on_disk().started_at.empty());
    EXPECT_EQ(on_disk().schema_version, 1);
    EXPECT_TRUE(std::get<LifecycleLock>(*lock).still_held());
    EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(LifecycleLockTest, WritesAFileThatOnlyItsOwnerCanRead) {
    const mode_t before = ::umask(0);
    const auto lock = acquire();
    ::umask(before);
    EXPECT_EQ(mode_of(path), 0600);
    EXPECT_THAT(names_in(store.path()), ElementsAre(".locked"));
}

TEST_F(LifecycleLockTest, RefusesASecondHolderAndNamesTheFirst) {
    const Forked holder(holder_of(path));
    ASSERT_EQ(holder.hear(), 'y');
    const std::string before = read_text(path);
    const auto held = refusal();
    ASSERT_TRUE(held && held->holder);
    EXPECT_EQ(held->holder->pid, holder.pid());
    EXPECT_TRUE(held->kernel_lock);
    EXPECT_THAT(held->message(), HasSubstr("process " + std::to_string(holder.pid())));
    EXPECT_EQ(read_text(path), before);
}

TEST_F(LifecycleLockTest, RefusesItsOwnProcessASecondTime) {
    const auto lock = acquire();
    EXPECT_TRUE(refusal());
}

TEST_F(LifecycleLockTest, IsFreeAgainAfterARelease) {
    for (int round = 0; round < 3; ++round) {
        auto lock = acquire();
        ASSERT_TRUE(std::holds_alternative<LifecycleLock>(*lock));
        EXPECT_TRUE(std::get<LifecycleLock>(*lock).release().ok());
        EXPECT_THAT(names_in(store.path()), IsEmpty());
        EXPECT_TRUE(std::get<LifecycleLock>(*lock).release().ok()) << "a second release is harmless";
    }
}

TEST_F(LifecycleLockTest, IsFreedByTheKernelWhenItsHolderIsKilled) {
    Forked holder(holder_of(path));
    ASSERT_EQ(holder.hear(), 'y');
    holder.kill();
    EXPECT_TRUE(can_acquire());
    EXPECT_THAT(warnings, IsEmpty());
}

// Between the signal and its end lie milliseconds: it still holds the lock at first, and then lives on
// without.
TEST_F(LifecycleLockTest, TakesOverFromAHolderThatHasJustBeenKilled) {
    for (int round = 0; round < 50; ++round) {
        std::filesystem::remove(path);  // of the round before: that holder is the test itself, and lives
        Forked holder(holder_of(path));
        ASSERT_EQ(holder.hear(), 'y');
        ASSERT_EQ(::kill(holder.pid(), SIGKILL), 0);
        EXPECT_TRUE(can_acquire()) << "round " << round;
    }
}

TEST_F(LifecycleLockTest, TakesOverFromADeadHolder) {
    write_text(path, to_json(payload_of_a_dead_process()));
    const auto lock = acquire();
    ASSERT_TRUE(std::holds_alternative<LifecycleLock>(*lock));
    EXPECT_EQ(on_disk().pid, ::getpid());
}

TEST_F(LifecycleLockTest, TakesOverFromAZombie) {
    const Forked process([](const Forked::Test& test) { test.wait(); });
    write_text(path, to_json(payload_of(process.pid())));
    process.go_on();
    process.become_zombie();
    EXPECT_TRUE(can_acquire());
    write_text(path, plain_payload(process.pid(), here().hostname, now_rfc3339()));
    EXPECT_TRUE(can_acquire());
}

TEST_F(LifecycleLockTest, TakesOverWhenThePidBelongsToALaterProcess) {
    const Forked bystander([](const Forked::Test& test) { test.wait(); });
    auto recycled = payload_of(bystander.pid());
    recycled.start_time -= 100;
    recycled.pidfs_inode = 0;
    write_text(path, to_json(recycled));
    EXPECT_TRUE(can_acquire());
    write_text(path, plain_payload(bystander.pid(), here().hostname, "2020-01-01T00:00:00+00:00"));
    EXPECT_TRUE(can_acquire());
}

TEST_F(LifecycleLockTest, TakesOverWhenThePidIsThatOfAThread) {
    Pipe pipe;
    std::thread thread([&] { (void)read_byte(pipe.reader.get()); });
    pid_t thread_id = -1;
    std::error_code ignored;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
        const int id = std::stoi(task.path().filename().string());
        if (id != ::getpid()) thread_id = id;
    }
    if (thread_id > 0) {
        write_text(path, plain_payload(thread_id, here().hostname, now_rfc3339()));
        EXPECT_TRUE(can_acquire());
    }
    pipe.writer.reset();
    thread.join();
    if (thread_id < 0) GTEST_SKIP() << "this system does not list threads";
}

TEST_F(LifecycleLockTest, TakesOverFromItsOwnPidInAnEarlierLifeOrImage) {
    write_text(path, plain_payload(::getpid(), here().hostname, "2020-01-01T00:00:00+00:00"));
    EXPECT_TRUE(can_acquire());
    write_text(path, to_json(payload_of_ours()));  // as after an exec, which closes the descriptor
    EXPECT_TRUE(can_acquire());
}

TEST_F(LifecycleLockTest, TakesOverFromAnEarlierBoot) {
    auto payload = payload_of(::getppid());
    payload.boot_id = "00000000-0000-4000-8000-000000000000";
    write_text(path, to_json(payload));
    EXPECT_TRUE(can_acquire());
}

TEST_F(LifecycleLockTest, TakesOverFromAnotherMachineWithAWarning) {
    auto payload = payload_of(::getppid());
    payload.machine_id = "0123456789abcdef0123456789abcdef";
    payload.boot_id = "00000000-0000-4000-8000-000000000000";
    payload.hostname = "elsewhere";
    write_text(path, to_json(payload));
    EXPECT_TRUE(can_acquire());
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("elsewhere")));
    write_text(path, plain_payload(payload_of_a_dead_process().pid, "elsewhere", now_rfc3339()));
    EXPECT_TRUE(can_acquire());
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("elsewhere")));
}

TEST_F(LifecycleLockTest, RefusesALiveHolderThatDoesNotUseTheKernelsLock) {
    const Forked holder([](const Forked::Test& test) { test.wait(); });
    for (const auto& text :
         {to_json(payload_of(holder.pid())), plain_payload(holder.pid(), here().hostname, now_rfc3339())}) {
        write_text(path, text);
        const auto held = refusal();
        ASSERT_TRUE(held && held->holder);
        EXPECT_EQ(held->holder->pid, holder.pid());
        EXPECT_FALSE(held->kernel_lock);
        EXPECT_THAT(held->message(), HasSubstr("force-unlock"));
        EXPECT_EQ(read_text(path), text);
    }
}

TEST_F(LifecycleLockTest, RefusesALiveHolderWhoseHostnameHasChanged) {
    const Forked holder([](const Forked::Test& test) { test.wait(); });
    auto payload = payload_of(holder.pid());
    payload.hostname = "renamed-by-dhcp";
    write_text(path, to_json(payload));
    EXPECT_TRUE(refusal());
    write_text(path, plain_payload(holder.pid(), "renamed-by-dhcp", now_rfc3339()));
    EXPECT_TRUE(refusal());
}

TEST_F(LifecycleLockTest, RefusesWhenItCannotTellWhetherTheHolderLives) {
    const Forked process([](const Forked::Test& test) { test.wait(); });
    write_text(path, plain_payload(process.pid(), here().hostname, "the day before yesterday"));
    EXPECT_TRUE(refusal());
}

TEST_F(LifecycleLockTest, KnowsWhenItsFileWasRemovedOrReplaced) {
    for (const bool replaced : {false, true}) {
        auto lock = acquire();
        ASSERT_TRUE(std::holds_alternative<LifecycleLock>(*lock));
        std::filesystem::remove(path);
        if (replaced) write_text(path, "somebody else's");
        EXPECT_FALSE(std::get<LifecycleLock>(*lock).still_held());
        EXPECT_TRUE(std::get<LifecycleLock>(*lock).release().ok());
        EXPECT_EQ(std::filesystem::exists(path), replaced) << "a release leaves a file that is not ours";
        std::filesystem::remove(path);
    }
}

TEST_F(LifecycleLockTest, IsNotInheritedByAnExecutedProgram) {
    Pipe pipe;
    auto lock = acquire();
    Forked program([&](const Forked::Test& test) {
        test.tell('x');
        ::dup2(pipe.reader.get(), STDIN_FILENO);
        pipe.writer.reset();
        ::execlp("cat", "cat", nullptr);
        ::_exit(1);
    });
    ASSERT_EQ(program.hear(), 'x');
    EXPECT_EQ(program.hear(), 0) << "the end of this pipe is the moment of the exec";
    lock = Error();
    EXPECT_TRUE(can_acquire());
    pipe.writer.reset();
    EXPECT_EQ(program.reap(), 0) << "the program lived until now";
}

// The holder is killed while a child of it, which has not executed anything, still has the descriptor.
struct HolderWithForkedChild {
    explicit HolderWithForkedChild(const std::filesystem::path& path)
        : holder([path, this](const Forked::Test& test) {
              std::vector<std::string> warnings;
              const auto lock = LifecycleLock::acquire(path, payload_of_ours(), here(), warnings);
              child_ends.writer.reset();
              if (::fork() == 0) {
                  test.tell(lock.ok() ? 'y' : 'n');
                  (void)read_byte(child_ends.reader.get());
                  ::_exit(0);
              }
              test.wait();
          }) {}
    Pipe child_ends;
    Forked holder;
};

TEST_F(LifecycleLockTest, DoesNotNameADeadHolderWhenAForkedChildStillHasTheLock) {
    HolderWithForkedChild pair(path);
    ASSERT_EQ(pair.holder.hear(), 'y');
    pair.holder.kill();
    const auto before = std::chrono::steady_clock::now();
    const auto held = refusal();
    ASSERT_TRUE(held);
    EXPECT_FALSE(held->holder);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5));
    pair.child_ends.writer.reset();
    EXPECT_TRUE(can_acquire());
}

// Whether the first try still meets the child is a matter of luck, so there are several rounds.
TEST_F(LifecycleLockTest, WaitsForALockThatIsOnlyPassingThrough) {
    for (int round = 0; round < 20; ++round) {
        HolderWithForkedChild pair(path);
        ASSERT_EQ(pair.holder.hear(), 'y');
        pair.holder.kill();
        const Forked starter([this, &pair](const Forked::Test& test) {
            pair.child_ends.writer.reset();
            test.tell('s');
            test.tell(can_acquire() ? 'y' : 'n');
        });
        ASSERT_EQ(starter.hear(), 's');
        pair.child_ends.writer.reset();
        ASSERT_EQ(starter.hear(), 'y');
    }
}

TEST_F(LifecycleLockTest, CleansUpTheTemporaryFilesOfKilledStarters) {
    write_text(store / ".tmp-4242-deadbeef", "half a payl");
    EXPECT_TRUE(can_acquire());
    EXPECT_THAT(names_in(store.path()), ElementsAre(".locked"));
}

TEST_F(LifecycleLockTest, IsReportedToReadersWithoutBeingTaken) {
    EXPECT_EQ(inspect_lock(path, here()).state, LockReport::State::absent);
    Forked holder(holder_of(path));
    ASSERT_EQ(holder.hear(), 'y');
    const auto alive = inspect_lock(path, here());
    EXPECT_EQ(alive.state, LockReport::State::alive);
    EXPECT_EQ(alive.payload->pid, holder.pid());
    holder.kill();
    EXPECT_EQ(inspect_lock(path, here()).state, LockReport::State::dead);
    auto elsewhere = payload_of_ours();
    elsewhere.boot_id = elsewhere.machine_id = "00000000-0000-4000-8000-000000000000";
    write_text(path, to_json(elsewhere));
    EXPECT_EQ(inspect_lock(path, here()).state, LockReport::State::foreign);
    write_text(path, plain_payload(::getppid(), here().hostname, "?"));
    EXPECT_EQ(inspect_lock(path, here()).state, LockReport::State::unknown);
    for (const char* text :
         {"", "not-valid-json{{{", R"({"pid": 5, "hostname": "box", "schema_version": 1})"}) {
        write_text(path, text);
        EXPECT_EQ(inspect_lock(path, here()).state, LockReport::State::unreadable) << text;
    }
}

}  // namespace
}  // namespace reeve
