// reeve status --watch: on a terminal, which tmux is here, and in a pipe.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class StatusWatch : public testing::Test {
  protected:
    StatusWatch() {
        daemon.session("api") = shell("exec sleep 1000");
        daemon.session("zebra") = shell("exec sleep 1000");
    }
    ~StatusWatch() override {
        (void)tmux({"kill-server"});
        daemon.stop_if_it_runs();
    }
    // A tmux server of our own.
    Ended tmux(std::vector<std::string> words) const {
        Program program;
        program.argv = {"/usr/bin/tmux", "-f", "/dev/null", "-S", (daemon.home() / "tmux").string()};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        program.env = {{"PATH", "/usr/bin:/bin"},
                       {"HOME", daemon.home().string()},
                       {"TERM", "screen-256color"},
                       {"LC_ALL", "C.UTF-8"}};
        return run_program(program);
    }
    void open_terminal(int columns, int rows) const {
        const Ended made = tmux({"new-session", "-d", "-x", std::to_string(columns), "-y",
                                 std::to_string(rows), "-s", "t", "/bin/sh"});
        ASSERT_EQ(made.code, 0) << made.err;
    }
    void type(const std::string& text) const { (void)tmux({"send-keys", "-t", "t", "-l", text}); }
    void key(const std::string& name) const { (void)tmux({"send-keys", "-t", "t", name}); }
    void watch(const std::string& options = "") const {
        type(std::string("PS1='ready> '; clear; echo before; ") + REEVE_BINARY + " --store " +
             daemon.store().string() + " status --watch" + options + "; echo left with $?");
        key("Enter");
    }
    std::string screen() const { return tmux({"capture-pane", "-p", "-t", "t"}).out; }
    std::string coloured_screen() const { return tmux({"capture-pane", "-p", "-e", "-t", "t"}).out; }
    // How a mode of the terminal stands: "cursor_flag", "alternate_on".
    std::string mode(const std::string& name) const {
        return tmux({"display-message", "-p", "-t", "t", "#{" + name + "}"}).out;
    }
    bool shows(const std::string& text) const {
        return wait_until([&] { return screen().find(text) != std::string::npos; });
    }
    bool shows_line(const std::string& session, const std::string& state) const {
        return wait_until([&] {
            std::istringstream lines(screen());
            for (std::string line; std::getline(lines, line);) {
                if (line.starts_with(session) && line.find(" " + state) != std::string::npos) return true;
            }
            return false;
        });
    }

    PrivateDaemon daemon;
};

TEST_F(StatusWatch, IsRedrawnInPlaceOnEveryChange) {
    daemon.start();
    open_terminal(120, 20);
    watch();
    ASSERT_TRUE(shows_line("api", "running")) << screen();
    EXPECT_EQ(mode("alternate_on"), "1\n");
    EXPECT_EQ(mode("cursor_flag"), "0\n");
    EXPECT_THAT(coloured_screen(), HasSubstr("\033[32m"));
    ASSERT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_TRUE(shows_line("api", "stopped")) << screen();
    EXPECT_TRUE(shows_line("zebra", "running"));
    const std::string now = screen();
    EXPECT_EQ(now.find("SESSION"), now.rfind("SESSION")) << "drawn over, not below:\n" << now;
    EXPECT_THAT(now, Not(HasSubstr("before")));

    // What needs attention comes first.
    EXPECT_EQ(daemon.reeve({"add", "bad", "--set", "give_up_after.restarts=0", "--", "/bin/false"}).code, 0);
    EXPECT_TRUE(wait_until([&] { return screen().starts_with("! bad: "); })) << screen();

    // A supervisor that is killed writes no status any more.
    daemon.kill();
    EXPECT_TRUE(shows("not running")) << screen();
    daemon.start();
    EXPECT_TRUE(shows("supervisor running")) << screen();
}

TEST_F(StatusWatch, GivesTheTerminalBackAsItWas) {
    daemon.start();
    open_terminal(120, 20);
    for (const char* end : {"C-c", "C-z"}) {
        watch();
        ASSERT_TRUE(shows_line("api", "running")) << screen();
        key(end);
        ASSERT_TRUE(wait_until([&] { return mode("alternate_on") == "0\n"; })) << screen();
        EXPECT_TRUE(shows("before")) << screen();
        EXPECT_EQ(mode("cursor_flag"), "1\n");
        EXPECT_THAT(screen(), Not(HasSubstr("SESSION")));
        if (std::string(end) == "C-z") {
            ASSERT_TRUE(wait_until([&] { return screen().find("topped") != std::string::npos; })) << screen();
            type("fg");
            key("Enter");
            EXPECT_TRUE(shows_line("api", "running")) << screen();
            key("C-c");
            EXPECT_TRUE(wait_until([&] { return mode("alternate_on") == "0\n"; })) << screen();
        } else {
            EXPECT_TRUE(shows("left with 0")) << screen();
        }
    }
}

TEST_F(StatusWatch, FitsTheTerminalWhateverItsSize) {
    daemon.start();
    open_terminal(120, 20);
    watch();
    ASSERT_TRUE(shows("LAST EXIT")) << screen();
    (void)tmux({"resize-window", "-t", "t", "-x", "30", "-y", "4"});
    EXPECT_TRUE(wait_until([&] {
        const std::string now = screen();
        return now.find("more lines") != std::string::npos && now.find("LAST EXIT") == std::string::npos;
    })) << screen();
    EXPECT_TRUE(screen().starts_with("supervisor running")) << "nothing was wrapped:\n" << screen();
    (void)tmux({"resize-window", "-t", "t", "-x", "120", "-y", "20"});
    EXPECT_TRUE(shows("LAST EXIT")) << screen();
}

// Not on a terminal: one frame after the other, for programs.
TEST_F(StatusWatch, PrintsALineForEveryChangeWhereItIsNotOnATerminal) {
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    open_terminal(120, 20);
    const auto file = daemon.home() / "frames";
    watch(" --json | cat >" + file.string());
    const auto last_state = [&] {
        std::istringstream lines(read_text(file));
        std::string last;
        for (std::string line; std::getline(lines, line);) last = line;
        const Json frame = Json::parse(last, nullptr, false);
        return frame.is_object() ? frame["sessions"]["api"]["state"].get<std::string>() : "";
    };
    ASSERT_TRUE(wait_until([&] { return last_state() == "running"; }));
    ASSERT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_TRUE(wait_until([&] { return last_state() == "stopped"; }));
    EXPECT_THAT(read_text(file), Not(HasSubstr("\033")));
}

TEST_F(StatusWatch, LeavesWhenNobodyReadsItsPipeAnyMore) {
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("zebra", "running"));
    Program program;
    program.argv = {"/bin/sh", "-c", "\"$0\" --store \"$1\" status --watch --json | head -n 1", REEVE_BINARY,
                    daemon.store().string()};
    program.env = {{"PATH", "/usr/bin:/bin"}};
    const Ended ended = run_program(program);
    EXPECT_FALSE(ended.timed_out) << "nothing changes, so nothing is printed";
    EXPECT_THAT(ended.out, HasSubstr("\"zebra\""));
}

TEST_F(StatusWatch, SaysWhatAPlainStatusSaysWhereThereIsNoStore) {
    EXPECT_EQ(daemon.reeve({"status", "--watch"}).code, 3);
}

TEST_F(StatusWatch, LooksAtNothingWhileNothingChanges) {
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    open_terminal(120, 20);
    const auto file = daemon.home() / "frames";
    watch(" | cat >" + file.string());
    ASSERT_TRUE(wait_until([&] { return read_text(file).find("api") != std::string::npos; }));
    std::string before;
    ASSERT_TRUE(wait_until([&] {
        before = read_text(file);
        return stays([&] { return read_text(file) == before; }, 500ms);
    }));
    EXPECT_TRUE(stays([&] { return read_text(file) == before; }, 3s));
}

}  // namespace
}  // namespace reeve::test
