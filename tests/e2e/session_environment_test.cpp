// What a process session finds around itself, and where its output goes.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace reeve::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SessionEnvironment : public testing::Test {
  protected:
    ~SessionEnvironment() override { daemon.stop_if_it_runs(); }
    // The lines that a script printed by its end.
    std::vector<std::string> lines_of(const std::string& script, const Json& more = Json::object()) {
        daemon.session("probe") = shell(script);
        daemon.session("probe").update(more);
        daemon.start();
        EXPECT_TRUE(daemon.wait_for_state("probe", "exited")) << daemon.session_status("probe");
        std::istringstream log(daemon.log_of("probe"));
        std::vector<std::string> lines;
        for (std::string line; std::getline(log, line);) lines.push_back(line);
        return lines;
    }

    PrivateDaemon daemon;
};

TEST_F(SessionEnvironment, HoldsTheMarkTheConfiguredVariablesAndOurs) {
    daemon.env = {{"OURS", "kept"}, {"BOTH", "ours"}};
    const auto lines = lines_of("env", {{"env", {{"BOTH", "configured"}, {"MODE", "dev mode"}}}});
    EXPECT_THAT(lines, Contains("REEVE_STORE=" + daemon.store().string()));
    EXPECT_THAT(lines, Contains("REEVE_SESSION=probe"));
    EXPECT_THAT(lines, Contains("REEVE_INSTANCE=" + daemon.status()["instance_id"].get<std::string>()));
    EXPECT_THAT(lines, Contains("OURS=kept"));
    EXPECT_THAT(lines, Contains("BOTH=configured"));
    EXPECT_THAT(lines, Contains("MODE=dev mode"));
    EXPECT_THAT(lines, Contains("HOME=" + daemon.home().string()));
}

// A session that reports READY=1 would report for its supervisor, and one that pets the watchdog would hide
// that the supervisor hangs.
TEST_F(SessionEnvironment, HoldsNothingOfTheTalkWithTheServiceManager) {
    daemon.env = {{"NOTIFY_SOCKET", "/nowhere"},
                  {"WATCHDOG_USEC", "1"},
                  {"WATCHDOG_PID", "1"},
                  {"LISTEN_FDS", "1"},
                  {"LISTEN_PID", "1"}};
    for (const auto& line : lines_of("env")) {
        EXPECT_THAT(line, Not(testing::ContainsRegex("^(NOTIFY|WATCHDOG|LISTEN)_")));
    }
}

TEST_F(SessionEnvironment, MarksWinOverWhatTheSupervisorItselfWasGiven) {
    daemon.env = {{"REEVE_SESSION", "outer"}, {"REEVE_INSTANCE", "outer"}};
    const auto lines = lines_of("env");
    EXPECT_THAT(lines, Contains("REEVE_SESSION=probe"));
    EXPECT_THAT(lines, Not(Contains("REEVE_INSTANCE=outer")));
}

TEST_F(SessionEnvironment, BeginsInTheHomeDirectoryOrWhereItIsTold) {
    const auto home = lines_of("pwd");
    EXPECT_THAT(home, ElementsAre(daemon.home().string()));
    EXPECT_EQ(daemon.stop(), 0);
    std::filesystem::create_directory(daemon.home() / "site");
    const auto site = lines_of("pwd", {{"cwd", "~/site"}});
    EXPECT_EQ(site.back(), (daemon.home() / "site").string());
}

TEST_F(SessionEnvironment, HoldsNoDescriptorButTheThreeStandardOnes) {
    if (!std::filesystem::exists("/proc/self/fd")) GTEST_SKIP() << "this system does not list descriptors";
    // The shell reads the directory itself: its own descriptor for that is the one that goes away again.
    const auto lines =
        lines_of("for fd in /proc/$$/fd/*; do [ -e $fd ] && echo $${fd##*/} $(readlink $fd); done; exit 0");
    ASSERT_EQ(lines.size(), 3U) << testing::PrintToString(lines);
    EXPECT_EQ(lines.at(0), "0 /dev/null");
    EXPECT_THAT(lines.at(1), StartsWith("1 pipe:"));
    EXPECT_EQ(lines.at(2).substr(2), lines.at(1).substr(2));
}

// The supervisor itself ignores SIGPIPE, and blocks everything while it forks.
TEST_F(SessionEnvironment, NeitherBlocksNorIgnoresAnySignal) {
    if (!std::filesystem::exists("/proc/self/status")) GTEST_SKIP() << "this system does not tell";
    const auto lines = lines_of("exec grep -E '^Sig(Blk|Ign)' /proc/self/status");
    ASSERT_EQ(lines.size(), 2U);
    // The C library keeps 32 and 33 for its threads, and lets nobody change them.
    constexpr std::uint64_t of_the_library = std::uint64_t{3} << 31;
    for (const auto& line : lines) {
        EXPECT_EQ(std::stoull(line.substr(line.find('\t')), nullptr, 16) & ~of_the_library, 0U) << line;
    }
}

TEST_F(SessionEnvironment, LeadsASessionAndAGroupOfItsOwn) {
    const auto lines = lines_of("echo $$; exec ps -o pid=,pgid=,sid= -p $$");
    ASSERT_EQ(lines.size(), 2U);
    std::istringstream row(lines.at(1));
    std::string pid, group, session;
    row >> pid >> group >> session;
    EXPECT_EQ(pid, lines.at(0));
    EXPECT_EQ(group, pid);
    EXPECT_EQ(session, pid);
}

TEST_F(SessionEnvironment, WritesBothItsOutputsToItsLogWhichIsItsOwnersAlone) {
    const auto lines = lines_of("umask 0; echo out; echo err >&2");
    EXPECT_THAT(lines, ElementsAre("out", "err"));
    EXPECT_EQ(mode_of(daemon.store() / "logs/probe.log"), 0600);
    EXPECT_EQ(daemon.reeve({"logs", "probe"}).out, "out\nerr\n");
    EXPECT_EQ(daemon.reeve({"logs", "-n", "1", "probe"}).out, "err\n");
    const Ended none = daemon.reeve({"logs", "nobody"});
    EXPECT_EQ(none.code, 1);
    EXPECT_THAT(none.err, StartsWith("reeve: reading the log of nobody: "));
}

TEST_F(SessionEnvironment, KeepsTheLogOfItsEarlierLife) {
    EXPECT_THAT(lines_of("echo one"), ElementsAre("one"));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(lines_of("echo two"), ElementsAre("one", "two"));
}

// What stands in the log's place is not written to, and not waited for.
TEST_F(SessionEnvironment, RefusesALogThatIsALinkElsewhere) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    const auto elsewhere = daemon.home() / "precious";
    write_text(elsewhere, "mine");
    std::filesystem::create_symlink(elsewhere, daemon.store() / "logs/probe.log");
    daemon.session("probe") = shell("echo overwritten");
    daemon.session("probe")["restart"] = "never";
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("probe", "failed"));
    EXPECT_EQ(read_text(elsewhere), "mine");
}

}  // namespace
}  // namespace reeve::test
