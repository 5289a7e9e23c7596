#include "support/reeve_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class CommandLine : public testing::Test {
  protected:
    ReeveProgram reeve;
};

TEST_F(CommandLine, PrintsItsVersion) {
    const Ended ended = reeve.run({"--version"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, MatchesRegex("reeve [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CommandLine, HelpNamesEveryCommandWithExamplesAndHidesTheInnerOne) {
    const Ended ended = reeve.run({"--help"});
    EXPECT_EQ(ended.code, 0);
    for (const char* command :
         {"run", "status", "reload", "start", "stop", "restart", "logs", "ps", "reap", "lock", "force-unlock",
          "check", "schema", "--store", "Examples:", "Exit status:"}) {
        EXPECT_THAT(ended.out, HasSubstr(command));
    }
    EXPECT_THAT(ended.out, Not(HasSubstr("supervise ")));
}

TEST_F(CommandLine, HelpOfACommandHasAnExample) {
    const Ended ended = reeve.run({"stop", "--help"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("Example: reeve stop api"));
}

TEST_F(CommandLine, RefusesWrongUsageWithStatus64AndOneLineOnStandardError) {
    const std::vector<std::vector<std::string>> wrong{{},
                                                      {"start"},
                                                      {"logs", "-n", "many", "api"},
                                                      {"logs", "a", "b"},
                                                      {"check", "--jsno"},
                                                      {"--store"},
                                                      {"stop", "../etc"},
                                                      {"status", "--", "-x"},
                                                      {"schema", "x"},
                                                      {"nothing"}};
    for (const auto& words : wrong) {
        const Ended ended = reeve.run(words);
        EXPECT_EQ(ended.code, 64) << testing::PrintToString(words);
        EXPECT_EQ(ended.out, "") << testing::PrintToString(words);
        EXPECT_THAT(ended.err, MatchesRegex("reeve: [^\n]*\n")) << testing::PrintToString(words);
    }
}

TEST_F(CommandLine, GuessesTheCommandAndTheOptionThatWereMeant) {
    EXPECT_THAT(reeve.run({"--config", "x.json", "check"}).err,
                HasSubstr("\"--config\" stands after the command check"));
    EXPECT_THAT(reeve.run({"statsu"}).err, HasSubstr("unknown command \"statsu\"; did you mean \"status\"?"));
    EXPECT_THAT(reeve.run({"ps", "--jsn"}).err,
                HasSubstr("unknown option \"--jsn\"; did you mean \"--json\"?"));
    EXPECT_THAT(reeve.run({"supervis"}).err, Not(HasSubstr("supervise")));
}

TEST_F(CommandLine, UnderstandsTheStoreBeforeAndBehindTheCommand) {
    const std::string store = reeve.store().string();
    for (const auto& words : {std::vector<std::string>{"--store", store, "lock"},
                              {"lock", "--store", store},
                              {"lock", "--store=" + store}}) {
        const Ended ended = reeve.run(words);
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_THAT(ended.out, StartsWith(store + "/.locked: "));
    }
}

TEST_F(CommandLine, ShowsNoControlCharactersOfItsArguments) {
    const Ended ended = reeve.run({"\x1b[2J"});
    EXPECT_EQ(ended.code, 64);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("\\x1b[2J"), Not(HasSubstr("\x1b"))));
}

TEST_F(CommandLine, PrintsASchemaThatIsJson) {
    const Ended ended = reeve.run({"schema"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(StartsWith("{\n"), HasSubstr("draft-07"), HasSubstr("give_up_after")));
}

// /dev/full takes nothing: a program that ignores that reports success for output that nobody has.
TEST_F(CommandLine, FailsWhenItsOutputCannotBeWritten) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "this system has no /dev/full";
    Program program;
    program.argv = {"/bin/sh", "-c", "exec \"$0\" schema > /dev/full", REEVE_BINARY};
    const Ended ended = run_program(program);
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("reeve: writing to standard output"));
}

}  // namespace
}  // namespace reeve::test
