// The way of a session's output: pipe, log, rotation, `reeve logs`.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

namespace reeve::test {
namespace {

using testing::EndsWith;

class SessionOutput : public testing::Test {
  protected:
    ~SessionOutput() override { daemon.stop_if_it_runs(); }

    // Whether the text is the lines first, first+1, ... last, each once and in order.
    static void expect_lines(const std::string& text, int first, int last) {
        std::istringstream lines(text);
        int expected = first;
        for (std::string line; std::getline(lines, line); ++expected)
            ASSERT_EQ(line, "line " + std::to_string(expected));
        EXPECT_EQ(expected, last + 1);
    }
    std::filesystem::path log(const std::string& name) const {
        return daemon.store() / "logs" / (name + ".log");
    }

    PrivateDaemon daemon;
    const std::string count_to = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done";
};

TEST_F(SessionOutput, IsRotatedWhileTheSessionRunsAndNoLineIsLostOrSplit) {
    daemon.session("api") = shell(count_to);
    daemon.session("api")["log"] = {{"max_size", "8KiB"}, {"keep", 1000}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "exited"));
    std::string all;
    int files = 1;
    for (; std::filesystem::exists(log("api").string() + "." + std::to_string(files)); ++files) {
        const std::string text = read_text(log("api").string() + "." + std::to_string(files));
        EXPECT_LE(text.size(), 8192U);
        EXPECT_EQ(mode_of(log("api").string() + "." + std::to_string(files)), 0600);
        EXPECT_THAT(text, EndsWith("\n"));
        all.insert(0, text);
    }
    EXPECT_GT(files, 20);
    expect_lines(all + read_text(log("api")), 1, 20'000);
    expect_lines(daemon.reeve({"logs", "-n", "1000000", "api"}).out, 1, 20'000);
    expect_lines(daemon.reeve({"logs", "-n", "5000", "api"}).out, 15'001, 20'000);
}

TEST_F(SessionOutput, IsFollowedAcrossRotations) {
    daemon.session("api") = shell("read go <" + (daemon.home() / "go").string() + "; " + count_to +
                                  "; echo the end; exec sleep 1000");
    daemon.session("api")["log"] = {{"max_size", "64KiB"}, {"keep", 1000}};
    ASSERT_EQ(::mkfifo((daemon.home() / "go").c_str(), 0600), 0);
    daemon.start();
    // head leaves after the last line, and reeve with it: nobody reads any more.
    Program follower;
    follower.argv = {"/bin/sh",
                     "-c",
                     "\"$0\" --store \"$1\" logs -f -n 1000000 api | { echo >\"$2\"; head -n 20000; }",
                     REEVE_BINARY,
                     daemon.store().string(),
                     (daemon.home() / "go").string()};
    follower.env = {{"PATH", "/usr/bin:/bin"}};
    const Ended ended = run_program(follower);
    EXPECT_FALSE(ended.timed_out);
    expect_lines(ended.out, 1, 20'000);
}

// What was there before is not shown again, and what comes is.
TEST_F(SessionOutput, IsFollowedWhenSomebodyRemovesOrEmptiesTheLog) {
    const std::string go = (daemon.home() / "go").string();
    ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
    const std::string old = "i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo old line number $i; done; ";
    daemon.session("api") =
        shell(old + "exec 3<" + go + "; while read word <&3; do echo $word; done; exec sleep 1000");
    daemon.session("api")["log"] = {{"max_size", "4KiB"}, {"keep", 5}};
    daemon.start();
    std::ofstream words(go);
    ASSERT_TRUE(wait_until([&] { return daemon.log_of("api").find("number 300\n") != std::string::npos; }));
    const std::string seen = (daemon.home() / "seen").string();
    std::thread follower([&] {
        Program program;
        program.argv = {"/bin/sh",
                        "-c",
                        "\"$0\" --store \"$1\" logs -f -n 1 api | while read line; do echo \"$line\" "
                        ">>\"$2\"; [ \"$line\" != end ] || exit 0; done",
                        REEVE_BINARY,
                        daemon.store().string(),
                        seen};
        program.env = {{"PATH", "/usr/bin:/bin"}};
        EXPECT_FALSE(run_program(program).timed_out);
    });
    const auto shown = [&](const std::string& line) {
        return wait_until([&] {
            return std::filesystem::exists(seen) && read_text(seen).find(line + "\n") != std::string::npos;
        });
    };
    EXPECT_TRUE(shown("old line number 300"));
    std::filesystem::remove(log("api"));
    words << "removed" << std::endl;
    EXPECT_TRUE(shown("removed"));
    std::filesystem::resize_file(log("api"), 0);
    words << "cut" << std::endl;
    EXPECT_TRUE(shown("cut"));
    words << "end" << std::endl;
    follower.join();
    EXPECT_EQ(read_text(seen), "old line number 300\nremoved\ncut\nend\n");
}

TEST_F(SessionOutput, OfAllSessionsStaysBelowTheLimitOfTheStore) {
    daemon.config["logs"] = {{"max_total", "64KiB"}};
    for (const char* name : {"a", "b", "c"}) {
        daemon.session(name) = shell(count_to);
        daemon.session(name)["log"] = {{"max_size", "8KiB"}, {"keep", 1000}};
    }
    daemon.start();
    for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(daemon.wait_for_state(name, "exited"));
    std::uintmax_t total = 0;
    for (const auto& file : std::filesystem::directory_iterator(daemon.store() / "logs"))
        total += file.file_size();
    // One rotation's worth of each session may be on top, until the next one.
    EXPECT_LE(total, 64U * 1024 + 3U * 8192);
    EXPECT_THAT(read_text(log("a")), EndsWith("line 20000\n"));
}

TEST_F(SessionOutput, GoesOnInANewFileWhenSomebodyRemovesTheLog) {
    daemon.session("api") =
        shell("echo one; read go <" + (daemon.home() / "go").string() + "; echo two; exec sleep 1000");
    ASSERT_EQ(::mkfifo((daemon.home() / "go").c_str(), 0600), 0);
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.log_of("api") == "one\n"; }));
    std::filesystem::remove(log("api"));
    write_text(daemon.home() / "go", "go\n");
    EXPECT_TRUE(
        wait_until([&] { return std::filesystem::exists(log("api")) && daemon.log_of("api") == "two\n"; }));
}

// A writer that survived, in no way ours, is not waited for; what the session wrote is there when it has
// ended.
TEST_F(SessionOutput, IsWholeWhenTheSessionIsSeenToHaveEnded) {
    daemon.session("api") = shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "exited"));
    EXPECT_EQ(daemon.log_of("api").size(), 300'005U);
}

TEST_F(SessionOutput, ThatCannotBeWrittenIsSaidInTheStatusAndTheSessionGoesOn) {
    daemon.session("api") =
        shell("echo one; read go <" + (daemon.home() / "go").string() + "; echo two; exec sleep 1000");
    ASSERT_EQ(::mkfifo((daemon.home() / "go").c_str(), 0600), 0);
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.log_of("api") == "one\n"; }));
    // Neither a file any more nor one that may be made: a directory has the name.
    std::filesystem::remove(log("api"));
    std::filesystem::create_directory(log("api"));
    write_text(daemon.home() / "go", "go\n");
    ASSERT_TRUE(wait_until(
        [&] { return daemon.status()["attention"].dump().find("its output is lost") != std::string::npos; }));
    EXPECT_EQ(daemon.session_status("api")["state"], "running");
}

}  // namespace
}  // namespace reeve::test
