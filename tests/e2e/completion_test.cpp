// The completions in the shells themselves.
#include "support/reeve_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Completion : public testing::Test {
  protected:
    // A shell on a script, with reeve on PATH and two sessions in the status file of `store`.
    Ended shell(const std::string& program, const std::vector<std::string>& options,
                const std::string& script) {
        Program call;
        call.argv = {program};
        call.argv.insert(call.argv.end(), options.begin(), options.end());
        call.argv.push_back(reeve.file("script", script));
        const std::string folder = std::filesystem::path(REEVE_BINARY).parent_path();
        call.env = {{"PATH", folder + ":/usr/bin:/bin"},
                    {"HOME", reeve.home().string()},
                    {"TERM", "dumb"},
                    {"REEVE_STORE", (reeve.home() / "elsewhere").string()}};
        call.limit = std::chrono::seconds(60);
        return run_program(call);
    }
    void write_status() {
        reeve.file("store/status.json", R"({"schema_version": 1, "version": "0.1.0", "seq": 1,
            "updated_at": "2026-01-01T00:00:00.000Z", "state": "running", "instance_id": "", "pid": 1,
            "hostname": "h", "started_at": "2026-01-01T00:00:00.000Z", "control": "",
            "sessions": {"alpha": {"kind": "process", "state": "running"},
                         "beta": {"kind": "process", "state": "stopped"}}})");
    }
    bool missing(const char* program) { return ::access(program, X_OK) != 0; }
    ReeveProgram reeve;
};

TEST_F(Completion, NamesComeFromTheStatusFile) {
    EXPECT_EQ(reeve.run({"--store", reeve.store().string(), "names"}).out, "");
    write_status();
    EXPECT_EQ(reeve.run({"--store", reeve.store().string(), "names"}).out, "alpha\nbeta\n");
}

TEST_F(Completion, RefusesAShellThatItDoesNotKnow) { EXPECT_EQ(reeve.run({"completion", "tcsh"}).code, 64); }

class Bash : public Completion {
  protected:
    // What is offered for the last of the words.
    std::string offered(const std::vector<std::string>& words) {
        std::string script =
            "set -u\neval \"$(reeve completion bash)\"\ncomplete -p reeve >/dev/null\nCOMP_WORDS=(";
        for (const std::string& word : words) script += "'" + word + "' ";
        script += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) +
                  "\n_reeve\nprintf '%s\\n' ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}\n";
        const Ended ended = shell("/bin/bash", {"--norc", "--noprofile"}, script);
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_EQ(ended.err, "");
        return ended.out;
    }
};

TEST_F(Bash, OffersCommandsOptionsChoicesFilesAndSessions) {
    write_status();
    const std::string store = reeve.store().string();
    EXPECT_EQ(offered({"reeve", "statu"}), "status\n");
    EXPECT_THAT(offered({"reeve", ""}),
                AllOf(HasSubstr("run\n"), HasSubstr("doctor\n"), Not(HasSubstr("supervise"))));
    EXPECT_EQ(offered({"reeve", "status", "--js"}), "--json\n");
    EXPECT_EQ(offered({"reeve", "--sto"}), "--store\n");
    EXPECT_EQ(offered({"reeve", "--store", store, "stop", "a"}), "alpha\n");
    EXPECT_EQ(offered({"reeve", "stop", "--store", "=", store, "b"}), "beta\n");
    EXPECT_EQ(offered({"reeve", "stop", ""}), "\n");
    EXPECT_EQ(offered({"reeve", "completion", "f"}), "fish\n");
    EXPECT_EQ(offered({"reeve", "service", ""}), "install\nuninstall\nstatus\n");
    EXPECT_EQ(offered({"reeve", "mcp", "u"}), "unwrap\n");
    EXPECT_EQ(offered({"reeve", "mcp", "wrap", store + "/stat"}), store + "/status.json\n");
    EXPECT_EQ(offered({"reeve", "run", "--config", store + "/st"}), store + "/status.json\n");
    EXPECT_EQ(offered({"reeve", "--store", reeve.home().string() + "/sto"}), store + "\n");
    EXPECT_THAT(offered({"reeve", "exec", "--", "tru"}), HasSubstr("true\n"));
    EXPECT_EQ(offered({"reeve", "exec", "--", "cat", store + "/st"}), store + "/status.json\n");
}

TEST_F(Completion, FishOffersCommandsOptionsChoicesAndSessions) {
    if (missing("/usr/bin/fish")) GTEST_SKIP() << "no fish (package fish)";
    write_status();
    const std::string ask = "complete -C 'reeve ";
    const Ended ended = shell("/usr/bin/fish", {"--no-config"},
                              "reeve completion fish | source\n" + ask + "statu'\necho =1\n" + ask +
                                  "status --js'\necho =2\n" + ask + "--store " + reeve.store().string() +
                                  " stop a'\necho =3\n" + ask + "completion z'\necho =4\n" + ask +
                                  "mcp un'\necho =5\n" + ask + "exec -- tru'\necho =6\n");
    EXPECT_EQ(ended.err, "");
    EXPECT_THAT(ended.out,
                testing::ContainsRegex("^status\t[^\n]*\n=1\n--json\tprint JSON\n=2\nalpha[^\n]*\n=3\n"
                                       "zsh[^\n]*\n=4\nunwrap[^\n]*\n=5\n"));
    EXPECT_THAT(ended.out.substr(ended.out.find("=5")), HasSubstr("true"));
}

// zsh completes on a terminal only: a second zsh on one, and what it shows after a tabulator.
TEST_F(Completion, ZshOffersCommandsOptionsAndSessions) {
    if (missing("/usr/bin/zsh")) GTEST_SKIP() << "no zsh (package zsh)";
    write_status();
    reeve.file("functions/_reeve", reeve.run({"completion", "zsh"}).out);
    const std::string script = R"(
zmodload zsh/zpty
zpty inner zsh -f -i
say() { zpty -w inner $1 }
expect() {
    local seen
    zpty -r inner seen "*${(b)1}*" && print -r "seen: $1"
}
say 'PS1= RPS1= ; unsetopt beep; unset zle_bracketed_paste; stty cols 200'
say "fpath=($HOME/functions \$fpath); autoload -Uz compinit; compinit -u -d $HOME/dump; print com-'pinit'"
expect com-pinit
try() {
    zpty -w -n inner $1$'\t'
    expect $2
    zpty -w -n inner $'\C-u'
}
try 'reeve statu' 'reeve status'
try 'reeve status --js' 'reeve status --json'
try "reeve --store $HOME/store stop al" 'stop alpha'
try 'reeve completion fi' 'completion fish'
try 'reeve mcp unw' 'mcp unwrap'
zpty -d inner
)";
    const Ended ended = shell("/usr/bin/zsh", {"-f"}, script);
    EXPECT_FALSE(ended.timed_out) << ended.out;
    EXPECT_EQ(ended.out,
              "seen: com-pinit\nseen: reeve status\nseen: reeve status --json\nseen: stop alpha\n"
              "seen: completion fish\nseen: mcp unwrap\n")
        << ended.err;
}

}  // namespace
}  // namespace reeve::test
