// The files of another program's instance tracker, which know pids and no start times.
#include "reeve/model/foreign_record.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "support/dead_instance.hpp"
#include "support/private_daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <chrono>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

class ForeignRegistry : public testing::Test {
  protected:
    ForeignRegistry() {
        std::filesystem::create_directory(directory());
        daemon.config["foreign_registries"] = {{{"path", directory().string()}, {"label", "com.example.id"}}};
        // An engine that has one container for every dead instance, until it is told to remove it.
        const auto engine = daemon.home() / "docker";
        write_text(engine, "#!/bin/sh\ncd " + daemon.home().string() + R"(
case "$1 $2" in
'info --format') echo '{"ID": "FAKE", "ServerVersion": "1.0"}' ;;
'container ls') cat listed 2>/dev/null || : ;;
'container inspect') cat inspected 2>/dev/null || { echo '[]'; exit 1; } ;;
'container rm') rm -f listed inspected ;;
esac
)");
        std::filesystem::permissions(engine, std::filesystem::perms(0700));
        daemon.config["engine"] = {{"command", engine.string()}, {"timeout", "10s"}};
    }
    ~ForeignRegistry() override { daemon.stop_if_it_runs(); }

    std::filesystem::path directory() const { return daemon.home() / "theirs"; }
    static pid_t dead_pid() {
        Stranger process;
        const pid_t pid = process.pid();
        process.end();
        return pid;
    }
    // As the seed writes it.
    std::filesystem::path put(pid_t owner, const Json& processes) {
        id_ = new_uuid();
        const auto path = directory() / (id_ + ".json");
        write_text(path, Json{{"instance_id", id_},
                              {"pid", owner},
                              {"started_at", "2026-11-21T02:04:00.123456"},
                              {"python_processes", processes}}
                             .dump(2));
        std::filesystem::permissions(path, std::filesystem::perms(0644));
        return path;
    }
    void put_container(const std::string& label) const {
        const std::string container(64, 'c');
        write_text(daemon.home() / "listed", container + "\n");
        write_text(daemon.home() / "inspected",
                   Json::array({{{"Id", container},
                                 {"Name", "/theirs"},
                                 {"Config", {{"Labels", {{"com.example.id", label}}}}},
                                 {"State", {{"Running", false}}}}})
                       .dump());
    }
    // The start of a process is good to a second on the wall clock, so a file must be written later than
    // that.
    static void let_grow_old(pid_t pid) {
        const double started = wall_clock_start_of(pid).value();
        ASSERT_TRUE(wait_until([&] {
            const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
            return now.count() > started + 2.1;  // a second, and the fraction that a file's time loses
        }));
    }
    const WatchedProcess& old_process(const std::string& name) {
        const WatchedProcess& process = start(name, "exec sleep 1000");
        let_grow_old(process.pid());
        return process;
    }
    const WatchedProcess& start(const std::string& name, const std::string& script) {
        Program program;
        program.argv = {"/bin/sh", "-c",
                        "setsid sh -c '" + daemon.note(name) + script + "' </dev/null >/dev/null 2>&1 &"};
        EXPECT_EQ(run_program(program).code, 0);
        return daemon.noted(name);
    }

    PrivateDaemon daemon;
    std::string id_;
};

TEST_F(ForeignRegistry, TheTreesAndContainersOfADeadInstanceGoAndThenItsFile) {
    const auto& child =
        start("child", "trap \"\" TERM; sh -c \"echo \\$\\$ >" + daemon.note_file("grandchild").string() +
                           "; exec sleep 1000\" & exec sleep 1000");
    const auto& grandchild = daemon.noted("grandchild");
    let_grow_old(grandchild.pid());
    const auto file = put(dead_pid(), {{"api", child.pid()}, {"gone", dead_pid()}});
    put_container(id_);
    daemon.start();
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(file); })) << daemon.status();
    EXPECT_FALSE(child.running());
    EXPECT_FALSE(grandchild.running());
    EXPECT_FALSE(std::filesystem::exists(daemon.home() / "listed"));
    ASSERT_TRUE(wait_until([&] { return daemon.status()["reaper"]["totals"]["instances"] == 1; }));
    EXPECT_EQ(daemon.status()["reaper"]["totals"]["processes_killed"], 2);
    EXPECT_EQ(daemon.status()["reaper"]["totals"]["containers_removed"], 1);
}

TEST_F(ForeignRegistry, TheCommandReapsThemTooAndSaysBeforehandWhatItWould) {
    const auto& child = old_process("child");
    const auto file = put(dead_pid(), {{"api", child.pid()}});
    daemon.write_config();
    daemon.start();
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(file); }));
    EXPECT_EQ(daemon.stop(), 0);

    const auto& second = old_process("second");
    const auto other = put(dead_pid(), {{"api", second.pid()}});
    const Ended dry = daemon.reeve({"reap", "--dry-run"});
    EXPECT_THAT(dry.out, HasSubstr(std::to_string(second.pid()) + " (sleep)"));
    EXPECT_TRUE(second.running());
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_FALSE(second.running());
    EXPECT_FALSE(std::filesystem::exists(other));
}

TEST_F(ForeignRegistry, ALivingInstanceIsUntouchedUntilItsOwnerDies) {
    const auto& owner = old_process("owner");
    const auto& child = old_process("child");
    const auto file = put(owner.pid(), {{"api", child.pid()}});
    put_container(id_);
    daemon.start();
    const Ended reaped = daemon.reeve({"reap"});
    EXPECT_EQ(reaped.code, 0) << reaped.err;
    EXPECT_TRUE(child.running());
    EXPECT_TRUE(std::filesystem::exists(file));
    EXPECT_TRUE(std::filesystem::exists(daemon.home() / "listed"));

    owner.signal(SIGKILL);
    EXPECT_TRUE(child.gone_within(20s)) << "the supervisor watches the owner";
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(file); }));
}

TEST_F(ForeignRegistry, AProcessThatStartedAfterTheFileWasWrittenIsUntouchedAndTheFileStays) {
    const auto& stranger = start("stranger", "exec sleep 1000");
    const auto file = put(dead_pid(), {{"api", stranger.pid()}});
    const std::filesystem::file_time_type before = std::filesystem::file_time_type::clock::now() - 1h;
    std::filesystem::last_write_time(file, before);
    daemon.start();
    EXPECT_EQ(daemon.reeve({"reap"}).code, 1) << "not done, and so it says";
    EXPECT_TRUE(stranger.running());
    EXPECT_TRUE(std::filesystem::exists(file));
    EXPECT_TRUE(wait_until([&] { return !daemon.status()["reaper"]["pending"].empty(); }));
    EXPECT_TRUE(stranger.running());
    stranger.signal(SIGKILL);
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(file); })) << "now all is clear";
}

// The owner is judged in the same way: a clock that was set forward makes a live one look like this.
TEST_F(ForeignRegistry, AnOwnerWhoStartedAfterTheFileWasWrittenMayStillBeTheOwner) {
    const auto& owner = start("owner", "exec sleep 1000");
    const auto& child = start("child", "exec sleep 1000");
    const auto file = put(owner.pid(), {{"api", child.pid()}});
    put_container(id_);
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - 1h);
    daemon.start();
    (void)daemon.reeve({"reap"});
    EXPECT_TRUE(child.running());
    EXPECT_TRUE(std::filesystem::exists(file));
    EXPECT_TRUE(std::filesystem::exists(daemon.home() / "listed"));
    owner.signal(SIGKILL);
    child.signal(SIGKILL);
}

TEST_F(ForeignRegistry, WhatCannotBeReadOrCouldBeWrittenByOthersStaysAndIsShown) {
    const auto& child = old_process("child");
    write_text(directory() / "broken.json", "{\"instance_id\": ");
    const auto open_to_all = put(dead_pid(), {{"api", child.pid()}});
    std::filesystem::permissions(open_to_all, std::filesystem::perms(0666));
    const auto everybody = put(dead_pid(), {{"api", -1}});
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.status()["attention"].size() == 3; })) << daemon.status();
    EXPECT_THAT(daemon.status()["attention"].get<std::vector<std::string>>(),
                Contains(HasSubstr("broken.json")));
    EXPECT_TRUE(child.running());
    for (const auto& path : {directory() / "broken.json", open_to_all, everybody})
        EXPECT_TRUE(std::filesystem::exists(path)) << path;
    child.signal(SIGKILL);
}

TEST_F(ForeignRegistry, AContainerOfAnotherLabelValueStaysWhateverAFilterSaid) {
    const auto file = put(dead_pid(), Json::object());
    put_container("somebody else");
    daemon.start();
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(file); }));
    EXPECT_TRUE(std::filesystem::exists(daemon.home() / "listed"));
}

TEST(ForeignRecord, IsJudgedByTheClock) {
    using enum ProcessSeen::State;
    EXPECT_EQ(judge_by_clock(running, 100.0, 102.0, 200.0), OwnerState::alive);
    EXPECT_EQ(judge_by_clock(running, 101.5, 102.0, 200.0), OwnerState::unknown) << "too close to tell";
    EXPECT_EQ(judge_by_clock(running, 150.0, 102.0, 200.0), OwnerState::unknown) << "started later";
    EXPECT_EQ(judge_by_clock(running, 100.0, 300.0, 200.0), OwnerState::unknown) << "written in the future";
    EXPECT_EQ(judge_by_clock(running, std::nullopt, 102.0, 200.0), OwnerState::unknown);
    EXPECT_EQ(judge_by_clock(hidden, 100.0, 102.0, 200.0), OwnerState::unknown);
    EXPECT_EQ(judge_by_clock(absent, std::nullopt, 102.0, 200.0), OwnerState::dead);
    EXPECT_EQ(judge_by_clock(zombie, 150.0, 102.0, 200.0), OwnerState::dead);
}

}  // namespace
}  // namespace reeve::test
