// The manual pages, as the programs that show them take them.
#include "support/reeve_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace reeve::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Manual : public testing::Test {
  protected:
    Ended call(std::vector<std::string> argv) {
        Program program;
        program.argv = std::move(argv);
        program.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", reeve.home().string()}, {"LC_ALL", "C.UTF-8"}};
        return run_program(program);
    }
    // As plain text, one line for each paragraph's line, without a word that was cut in two.
    std::string shown(const std::string& section) {
        const std::string page = reeve.file("page." + section, reeve.run({"man", section}).out);
        const Ended ended = call({"/usr/bin/groff", "-ww", "-man", "-Tutf8", "-P-cbou", "-rLL=500n", page});
        EXPECT_EQ(ended.code, 0);
        EXPECT_EQ(ended.err, "") << "warnings of groff";
        return ended.out;
    }
    void SetUp() override {
        if (::access("/usr/bin/groff", X_OK) != 0) GTEST_SKIP() << "no groff (package groff)";
    }
    ReeveProgram reeve;
};

TEST_F(Manual, NamesEveryCommandAndOptionOfTheHelp) {
    const std::string page = shown("1");
    EXPECT_THAT(page, StartsWith("REEVE(1)"));
    for (const char* command :
         {"run", "status", "stop", "exec", "instance", "mcp", "doctor", "service", "completion"}) {
        EXPECT_THAT(page, HasSubstr(std::string("reeve ") + command)) << command;
        std::istringstream help(reeve.run({command, "--help"}).out);
        for (std::string word; help >> word;) {
            if (!word.starts_with("--") || word == "--" || word == "--help") continue;
            while (word.ends_with(',') || word.ends_with(']')) word.pop_back();
            EXPECT_THAT(page, HasSubstr(word)) << command;
        }
    }
    EXPECT_THAT(page, HasSubstr("75 held by another supervisor"));
    EXPECT_THAT(page, testing::Not(HasSubstr("supervise\n")));
}

void expect_keys(const nlohmann::json& schema, const std::string& path, const std::string& page) {
    for (const auto& [key, rule] : schema["properties"].items()) {
        EXPECT_THAT(page, HasSubstr(" " + path + key + " (")) << "in reeve.json(5)";
        if (rule.contains("default")) {
            EXPECT_THAT(page, HasSubstr("Default: " + rule["default"].dump())) << key;
        }
        if (rule.contains("properties")) expect_keys(rule, path + key + ".", page);
        if (rule.contains("additionalProperties") && rule["additionalProperties"].contains("properties"))
            expect_keys(rule["additionalProperties"], path + key + ".NAME.", page);
    }
}

TEST_F(Manual, NamesEveryKeyOfTheConfigurationWithItsDefault) {
    const std::string page = shown("5");
    EXPECT_THAT(page, StartsWith("REEVE.JSON(5)"));
    expect_keys(nlohmann::json::parse(reeve.run({"schema"}).out), "", page);
    EXPECT_THAT(page, HasSubstr("reap_grace (duration)"));
    EXPECT_THAT(page, HasSubstr("max_size (size)"));
    EXPECT_THAT(page, HasSubstr("Not together with \"image\"."));
}

TEST_F(Manual, HasNothingThatMandocWarnsOf) {
    if (::access("/usr/bin/mandoc", X_OK) != 0) GTEST_SKIP() << "no mandoc (package mandoc)";
    for (const char* section : {"1", "5"}) {
        const std::string page = reeve.file(std::string("reeve.") + section, reeve.run({"man", section}).out);
        const Ended ended = call({"/usr/bin/mandoc", "-T", "lint", "-W", "error", page});
        EXPECT_EQ(ended.out, "");
        EXPECT_EQ(ended.code, 0);
    }
}

}  // namespace
}  // namespace reeve::test
