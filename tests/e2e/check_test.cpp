#include "support/reeve_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <sstream>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

const char* const valid = R"({"sessions": {"api": {"command": ["true"]}, "db": {"image": "x"}}} // fine)";
const char* const broken = "{\n  \"sessions\": {\"api\": {\"comand\": [\"true\"]}}\n}";

class Check : public testing::Test {
  protected:
    ReeveProgram reeve;
};

TEST_F(Check, SumsUpAValidFileInOneLine) {
    const std::string file = reeve.file("my.json", valid);
    const Ended ended = reeve.run({"check", file});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, file + ": valid, 2 sessions\n");
    EXPECT_EQ(ended.err, "");
}

TEST_F(Check, PrintsEveryProblemWithItsPlaceAndExits78) {
    const std::string file = reeve.file("my.json", broken);
    const Ended ended = reeve.run({"check", file});
    EXPECT_EQ(ended.code, 78);
    EXPECT_THAT(
        ended.out,
        AllOf(StartsWith(file + ":2:23: /sessions/api: neither \"command\" nor \"image\""),
              HasSubstr(file +
                        ":2:24: /sessions/api/comand: unknown key \"comand\"; did you mean \"command\"?\n")));
    EXPECT_EQ(ended.err, "reeve: " + file + " has 2 problems\n");
}

TEST_F(Check, PrintsJsonForPrograms) {
    const std::string file = reeve.file("my.json", broken);
    const Ended ended = reeve.run({"check", "--json", file});
    EXPECT_EQ(ended.code, 78);
    const auto said = nlohmann::json::parse(ended.out, nullptr, false);
    EXPECT_EQ(said["valid"], false);
    EXPECT_EQ(said["problems"][1]["line"], 2);
    EXPECT_EQ(said["problems"][1]["column"], 24);
    EXPECT_EQ(said["problems"][1]["pointer"], "/sessions/api/comand");
}

TEST_F(Check, TakesAMissingFileForNoConfigurationOnlyWhenNobodyNamedIt) {
    const Ended by_default = reeve.run({"check"});
    EXPECT_EQ(by_default.code, 0) << by_default.err;
    EXPECT_THAT(by_default.out, AllOf(StartsWith(reeve.home().string() + "/.config/reeve/reeve.json"),
                                      HasSubstr("not there, which is valid")));
    for (const Ended& named :
         {reeve.run({"check", "/nowhere/my.json"}), reeve.run({"check", "--config", "/nowhere"})}) {
        EXPECT_EQ(named.code, 78);
        EXPECT_THAT(named.err, HasSubstr("there is no such file"));
    }
    reeve.env["REEVE_CONFIG"] = "/nowhere/my.json";
    EXPECT_EQ(reeve.run({"check"}).code, 78);
}

TEST_F(Check, FindsTheDefaultFileInTheOrderOfTheManual) {
    const std::string in_home = reeve.file(".config/reeve/reeve.json", valid);
    EXPECT_THAT(reeve.run({"check"}).out, StartsWith(in_home));
    const std::string in_xdg = reeve.file("xdg/reeve/reeve.json", valid);
    reeve.env["XDG_CONFIG_HOME"] = (reeve.home() / "xdg").string();
    EXPECT_THAT(reeve.run({"check"}).out, StartsWith(in_xdg));
    const std::string by_variable = reeve.file("by_variable.json", valid);
    reeve.env["REEVE_CONFIG"] = by_variable;
    EXPECT_THAT(reeve.run({"check"}).out, StartsWith(by_variable));
    const std::string named = reeve.file("named.json", valid);
    EXPECT_THAT(reeve.run({"check", named}).out, StartsWith(named));
}

TEST_F(Check, IgnoresEmptyAndRelativeVariables) {
    const std::string in_home = reeve.file(".config/reeve/reeve.json", valid);
    reeve.env = {{"REEVE_CONFIG", ""}, {"XDG_CONFIG_HOME", "relative"}};
    EXPECT_THAT(reeve.run({"check"}).out, StartsWith(in_home));
}

TEST_F(Check, FollowsALinkAsPeopleKeepTheirFilesInARepository) {
    reeve.file("repository/reeve.json", valid);
    std::filesystem::create_symlink(reeve.home() / "repository/reeve.json", reeve.home() / "link.json");
    EXPECT_EQ(reeve.run({"check", (reeve.home() / "link.json").string()}).code, 0);
}

TEST_F(Check, NeitherHangsNorCrashesOnWhatIsNoFile) {
    const std::string fifo = (reeve.home() / "fifo").string();
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    for (const std::string& path :
         {fifo, reeve.home().string(), std::string("/dev/null"), std::string("/dev/zero")}) {
        const Ended ended = reeve.run({"check", path});
        EXPECT_FALSE(ended.timed_out);
        EXPECT_EQ(ended.code, 78) << path;
        EXPECT_THAT(ended.err, HasSubstr("it is not a file")) << path;
    }
}

TEST_F(Check, RefusesAFileOfMegabytes) {
    const std::string file = reeve.file("big.json", std::string(5'000'000, ' '));
    const Ended ended = reeve.run({"check", file});
    EXPECT_EQ(ended.code, 78);
    EXPECT_THAT(ended.out + ended.err, HasSubstr("larger than"));
}

// The example in the manual is the first thing that people copy.
TEST_F(Check, AcceptsEveryExampleInTheManual) {
    std::ifstream manual(REEVE_DOCUMENTS "/config.md");
    ASSERT_TRUE(manual.is_open());
    int examples = 0;
    std::string example;
    bool inside = false;
    for (std::string line; std::getline(manual, line);) {
        if (inside && line == "```") {
            const Ended ended = reeve.run({"check", reeve.file("example.json", example)});
            EXPECT_EQ(ended.code, 0) << ended.out << example;
            ++examples;
            inside = false;
        } else if (line == "```jsonc") {
            inside = true;
            example.clear();
        } else if (inside) {
            example += line + '\n';
        }
    }
    EXPECT_GT(examples, 0);
}

void expect_keys_in(const nlohmann::json& schema, const std::string& manual) {
    for (const auto& [key, rule] : schema["properties"].items()) {
        EXPECT_THAT(manual, HasSubstr("`" + key + "`"));
        if (rule.contains("properties")) expect_keys_in(rule, manual);
        if (rule.contains("additionalProperties") && rule["additionalProperties"].contains("properties"))
            expect_keys_in(rule["additionalProperties"], manual);
    }
}

TEST_F(Check, FindsEveryKeyOfTheSchemaInTheManual) {
    std::ostringstream manual;
    manual << std::ifstream(REEVE_DOCUMENTS "/config.md").rdbuf();
    const auto schema = nlohmann::json::parse(reeve.run({"schema"}).out, nullptr, false);
    ASSERT_TRUE(schema.is_object());
    expect_keys_in(schema, manual.str());
}

}  // namespace
}  // namespace reeve::test
