// reeve exec: a command bound to its caller, with everything it starts.
#include "reeve/os/files.hpp"
#include "reeve/os/process_table.hpp"
#include "support/run_program.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <poll.h>

#include <cstdlib>
#include <fstream>

namespace reeve {
namespace {

using Json = nlohmann::json;
using test::Ended;
using test::Program;
using testing::HasSubstr;

class Exec : public testing::Test {
  protected:
    Ended reeve(std::vector<std::string> words, const std::string& input = {}) {
        Program program;
        program.argv = std::move(words);
        program.argv.insert(program.argv.begin(), REEVE_BINARY);
        program.env = env();
        program.input = input;
        return run_program(program);
    }
    Ended shell(const std::string& script) {
        Program program;
        program.argv = {"/bin/sh", "-c", script};
        program.env = env();
        program.env["REEVE"] = REEVE_BINARY;
        return run_program(program);
    }
    std::map<std::string, std::string> env() const {
        return {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                {"HOME", home_.path().string()},
                {"REEVE_STORE", store().string()}};
    }
    std::filesystem::path store() const { return home_ / "store"; }
    int records() const {
        int count = 0;
        std::error_code ec;
        for (const auto& item : std::filesystem::directory_iterator(store() / "instances", ec)) {
            if (item.path().extension() == ".json") ++count;
        }
        return count;
    }
    pid_t noted(const std::string& name) const {
        const auto text = read_file(home_ / name);
        return text.ok() ? static_cast<pid_t>(std::atoi(text->c_str())) : -1;
    }
    // Looks again every few milliseconds: there is no descriptor for "a process that is not our child is
    // gone".
    static bool wait_until(const std::function<bool()>& condition) {
        for (int i = 0; i < 2000; ++i) {
            if (condition()) return true;
            ::poll(nullptr, 0, 5);
        }
        return false;
    }
    static bool gone(pid_t pid) { return look_at(pid).state != ProcessSeen::State::running; }

    test::TempDir home_;
};

TEST_F(Exec, ExitsAsTheCommandDid) {
    EXPECT_EQ(reeve({"exec", "--", "sh", "-c", "exit 7"}).code, 7);
    EXPECT_EQ(reeve({"exec", "--", "sh", "-c", "kill -9 $$"}).code, 137);
    EXPECT_EQ(reeve({"exec", "--", "/nonexistent/program"}).code, 127);
    EXPECT_EQ(reeve({"exec"}).code, 64);
    EXPECT_EQ(records(), 0);
}

TEST_F(Exec, PassesEveryByteOfInputAndOutputThrough) {
    std::string bytes;
    for (int i = 0; i < 1'000'000; ++i) bytes += static_cast<char>(i * 7 + i / 251);
    const Ended ended = reeve({"exec", "--", "cat"}, bytes);
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, bytes);
    EXPECT_EQ(ended.err, "");
}

TEST_F(Exec, RecordsTheCommandBeforeItRuns) {
    const Ended ended = reeve({"exec", "--name", "tool", "--", "sh", "-c",
                               "cat $REEVE_STORE/instances/$REEVE_INSTANCE.json; echo $REEVE_SESSION $$"});
    const auto end = ended.out.rfind('}');
    ASSERT_NE(end, std::string::npos) << ended.out << ended.err;
    const Json record = Json::parse(ended.out.substr(0, end + 1), nullptr, false);
    EXPECT_EQ(record["kind"], "exec");
    EXPECT_THAT(ended.out.substr(end + 1),
                HasSubstr("tool " + std::to_string(record["sessions"]["tool"]["pid"].get<int>())));
}

TEST_F(Exec, EndsWhatTheCommandLeftBehind) {
    const std::string left = "setsid sh -c 'trap \"\" TERM; echo $$ >" + (home_ / "left").string() +
                             "; while :; do read x </dev/zero; done'";
    const Ended ended =
        reeve({"exec", "--grace", "200ms", "--", "sh", "-c",
               left + " & while [ ! -s " + (home_ / "left").string() + " ]; do :; done; exit 3"});
    EXPECT_EQ(ended.code, 3);
    ASSERT_GT(noted("left"), 1);
    EXPECT_TRUE(gone(noted("left")));
    EXPECT_EQ(records(), 0);
}

TEST_F(Exec, EndsWhenItsCallerIsKilled) {
    const std::string note = (home_ / "command").string();
    shell("$REEVE exec --grace 200ms -- sh -c 'echo $$ >" + note + "; exec sleep 600' <&- & while [ ! -s " +
          note + " ]; do :; done; kill -9 $$");
    ASSERT_GT(noted("command"), 1);
    EXPECT_TRUE(wait_until([&] { return gone(noted("command")) && records() == 0; }));
}

TEST_F(Exec, EndsWhenNobodyCanWriteToItsInputAnyMore) {
    const std::string note = (home_ / "command").string();
    const Ended ended =
        shell("{ while [ ! -s " + note + " ]; do :; done; } | $REEVE exec --grace 200ms -- sh -c 'echo $$ >" +
              note + "; exec sleep 600'; echo ended $?");
    EXPECT_THAT(ended.out, HasSubstr("ended 143"));
    EXPECT_TRUE(gone(noted("command")));
}

TEST_F(Exec, SaysWhyACommandCannotBeExecuted) {
    const auto write = [&](const std::string& name, const std::string& text, bool executable) {
        const auto path = home_ / name;
        std::ofstream(path) << text;
        if (executable) std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    };
    const Ended no_format = reeve({"exec", "--", write("plain", "echo hi\n", true)});
    EXPECT_EQ(no_format.code, 126);
    EXPECT_THAT(no_format.err, HasSubstr("Exec format error"));
    const Ended no_interpreter = reeve({"exec", "--", write("script", "#!/nowhere/sh\n", true)});
    EXPECT_EQ(no_interpreter.code, 127);
    EXPECT_THAT(no_interpreter.err, HasSubstr("No such file"));
    EXPECT_EQ(reeve({"exec", "--", write("data", "x", false)}).code, 126);
}

// On a kernel without pidfs (before 6.9) it has no witness but when it started.
TEST_F(Exec, OwnersThatAreGoneAreReapedByTheStartTimeAlone) {
    shell("sleep 600 & echo $! >" + (home_ / "tracked").string() +
          "; id=$($REEVE instance register --pid $$) && $REEVE instance track $id --pid $(cat " +
          (home_ / "tracked").string() + "); kill -9 $$");
    for (const auto& item : std::filesystem::directory_iterator(store() / "instances")) {
        if (item.path().extension() != ".json") continue;
        Json record = Json::parse(*read_file(item.path()));
        record["owner"]["pidfs_inode"] = 0;
        for (auto& session : record["sessions"]) session["pidfs_inode"] = 0;
        std::ofstream(item.path()) << record;
    }
    ASSERT_GT(noted("tracked"), 1);
    EXPECT_FALSE(gone(noted("tracked")));
    EXPECT_EQ(reeve({"reap"}).code, 0);
    EXPECT_TRUE(gone(noted("tracked")));
    EXPECT_EQ(records(), 0);
}

TEST_F(Exec, LetsACommandThatEndsByItselfAfterEndOfInputFinish) {
    const Ended ended = shell("echo work | $REEVE exec --grace 5s -- sh -c 'cat; cat; echo finished'");
    EXPECT_EQ(ended.out, "work\nfinished\n");
}

TEST_F(Exec, WhoseAnchorWasKilledIsReapedByTheNextReap) {
    const std::string note = (home_ / "command").string();
    shell("$REEVE exec -- sh -c 'echo $$ >" + note + "; exec sleep 600' <&- & anchor=$!; while [ ! -s " +
          note + " ]; do :; done; kill -9 $anchor");
    ASSERT_GT(noted("command"), 1);
    EXPECT_FALSE(gone(noted("command")));
    const Ended reaped = reeve({"reap"});
    EXPECT_EQ(reaped.code, 0) << reaped.err;
    EXPECT_TRUE(gone(noted("command")));
    EXPECT_EQ(records(), 0);
    EXPECT_THAT(reeve({"why", std::to_string(noted("command"))}).out, HasSubstr("evidence: "));
}

TEST_F(Exec, RegisteredOwnersAreReapedWhenTheyAreGone) {
    const Ended ended = shell(
        "sleep 600 & tracked=$!; id=$($REEVE instance register --pid $$) && $REEVE instance track $id --name "
        "job --pid $tracked &&"
        " echo $tracked >" +
        (home_ / "tracked").string() + "; $REEVE instance unregister $id; echo unregistered $?; kill -9 $$");
    EXPECT_THAT(ended.out, HasSubstr("unregistered 1"));
    EXPECT_THAT(ended.err, HasSubstr("still tracked"));
    ASSERT_GT(noted("tracked"), 1);
    EXPECT_FALSE(gone(noted("tracked")));
    EXPECT_EQ(reeve({"reap"}).code, 0);
    EXPECT_TRUE(gone(noted("tracked")));
    EXPECT_EQ(records(), 0);
}

}  // namespace
}  // namespace reeve
