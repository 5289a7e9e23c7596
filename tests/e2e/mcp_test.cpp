#include "support/reeve_program.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

namespace reeve::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A server that answers one line: what an MCP client would start.
const std::string text =
    "{\n  // mine\n  \"mcpServers\": {\n    \"echo\": {\n      \"command\": \"sh\",\n"
    "      \"args\": [\"-c\", \"read line; echo $KEY:$line\"],\n      \"env\": {\"KEY\": \"s3cret\"}\n    "
    "}\n  }\n}";

class Mcp : public testing::Test {
  protected:
    std::string backup(const std::string& file) const { return file + ".before-reeve"; }
    ReeveProgram reeve;
};

TEST_F(Mcp, WrapsKeepsABackupAndUndoesItToTheByte) {
    const std::string file = reeve.file("mcp.json", text);
    ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
    const Ended wrapped = reeve.run({"mcp", "wrap", file});
    EXPECT_EQ(wrapped.code, 0) << wrapped.err;
    EXPECT_THAT(wrapped.out, AllOf(HasSubstr("/mcpServers/echo: wrapped"), HasSubstr(backup(file)),
                                   Not(HasSubstr("s3cret"))));
    EXPECT_EQ(read_text(backup(file)), text);
    EXPECT_EQ(mode_of(backup(file)), 0640);
    EXPECT_EQ(mode_of(file), 0640);
    EXPECT_THAT(read_text(file), AllOf(HasSubstr("// mine"), HasSubstr("[\"exec\", \"--\", \"sh\", \"-c\"")));

    const Ended unwrapped = reeve.run({"mcp", "unwrap", file});
    EXPECT_EQ(unwrapped.code, 0) << unwrapped.err;
    EXPECT_EQ(read_text(file), text);
    EXPECT_EQ(mode_of(file), 0640);
    EXPECT_EQ(names_in(reeve.home()), std::vector<std::string>{"mcp.json"});
}

// The words that were written are the command line that a client runs.
TEST_F(Mcp, WritesACommandLineThatWorks) {
    const std::string file = reeve.file("mcp.json", text);
    ASSERT_EQ(reeve.run({"mcp", "wrap", file}).code, 0);
    const json server = json::parse(read_text(file), nullptr, true, true)["mcpServers"]["echo"];
    Program client;
    client.argv = server["args"].get<std::vector<std::string>>();
    client.argv.insert(client.argv.begin(), server["command"].get<std::string>());
    client.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", reeve.home().string()}, {"KEY", "k"}};
    client.input = "hello\n";
    EXPECT_EQ(client.argv[0], REEVE_BINARY);
    const Ended ended = run_program(client);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, "k:hello\n");
}

TEST_F(Mcp, WritesNothingTheSecondTime) {
    const std::string file = reeve.file("mcp.json", text);
    ASSERT_EQ(reeve.run({"mcp", "wrap", file}).code, 0);
    struct stat before {};
    ASSERT_EQ(::stat(file.c_str(), &before), 0);
    const Ended again = reeve.run({"mcp", "wrap", file});
    EXPECT_EQ(again.code, 0);
    EXPECT_THAT(again.out, HasSubstr("Nothing to do."));
    struct stat after {};
    ASSERT_EQ(::stat(file.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(read_text(backup(file)), text);
}

TEST_F(Mcp, WritesNothingWhenItIsOnlyAsked) {
    const std::string file = reeve.file("mcp.json", text);
    const Ended ended = reeve.run({"mcp", "wrap", "--dry-run", file});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("- \"sh\"\n"), HasSubstr("\"exec\" \"--\" \"sh\"\n"),
                                 HasSubstr("would be wrapped"), HasSubstr("Nothing was written.")));
    EXPECT_EQ(read_text(file), text);
    EXPECT_EQ(names_in(reeve.home()), std::vector<std::string>{"mcp.json"});
}

TEST_F(Mcp, PrintsJsonForPrograms) {
    const std::string file = reeve.file("mcp.json", text);
    const Ended ended = reeve.run({"mcp", "wrap", "--json", file});
    const json said = json::parse(ended.out, nullptr, false);
    EXPECT_EQ(said["changed"], true);
    EXPECT_EQ(said["backup"], backup(file));
    EXPECT_EQ(said["servers"][0]["pointer"], "/mcpServers/echo");
    EXPECT_EQ(said["servers"][0]["was"], "plain");
}

TEST_F(Mcp, WritesToTheFileBehindALink) {
    const std::string file = reeve.file("dotfiles/mcp.json", text);
    std::filesystem::create_directory(reeve.home() / ".cursor");
    const auto link = reeve.home() / ".cursor/mcp.json";
    std::filesystem::create_symlink(file, link);
    EXPECT_EQ(reeve.run({"mcp", "wrap", link.string()}).code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_THAT(read_text(file), HasSubstr("exec"));
    EXPECT_EQ(reeve.run({"mcp", "unwrap", link.string()}).code, 0);
    EXPECT_EQ(read_text(file), text);
}

TEST_F(Mcp, KeepsWhatWasAddedAfterTheWrapAndTheBackupWithIt) {
    const std::string file = reeve.file("mcp.json", text);
    ASSERT_EQ(reeve.run({"mcp", "wrap", file}).code, 0);
    std::string changed = read_text(file);
    changed.replace(changed.find("// mine"), 7, "// ours");
    write_text(file, changed);
    const Ended ended = reeve.run({"mcp", "unwrap", file});
    EXPECT_EQ(ended.code, 0);
    std::string expected = text;
    expected.replace(expected.find("// mine"), 7, "// ours");
    EXPECT_EQ(read_text(file), expected);
    EXPECT_THAT(ended.out, HasSubstr("the backup stays"));
    EXPECT_EQ(read_text(backup(file)), text);
    // A new wrap begins a new story.
    ASSERT_EQ(reeve.run({"mcp", "wrap", file}).code, 0);
    EXPECT_EQ(read_text(backup(file)), expected);
}

TEST_F(Mcp, RefusesWhatIsNotAConfigurationOfThisUserAndChangesNothing) {
    EXPECT_EQ(reeve.run({"mcp", "wrap", (reeve.home() / "none.json").string()}).code, 1);
    const std::string other = reeve.file("package.json", "{\"name\": \"x\"}");
    const Ended ended = reeve.run({"mcp", "wrap", other});
    EXPECT_EQ(ended.code, 65);
    EXPECT_THAT(ended.err, HasSubstr("neither \"mcpServers\" nor \"servers\""));
    EXPECT_EQ(read_text(other), "{\"name\": \"x\"}");
    const std::string hard = reeve.file("hard.json", text);
    std::filesystem::create_hard_link(hard, reeve.home() / "second.json");
    EXPECT_THAT(reeve.run({"mcp", "wrap", hard}).err, HasSubstr("hard links"));
    EXPECT_EQ(read_text(hard), text);
    EXPECT_EQ(reeve.run({"mcp", "wrap", reeve.home().string()}).code, 1);
    if (::geteuid() == 0) {
        const std::string theirs = reeve.file("theirs.json", text);
        ASSERT_EQ(::chown(theirs.c_str(), 12345, 12345), 0);
        EXPECT_THAT(reeve.run({"mcp", "wrap", theirs}).err, HasSubstr("belongs to another user"));
        EXPECT_EQ(read_text(theirs), text);
    }
}

TEST_F(Mcp, ListsTheConfigurationsOfThisMachineWhenNoneIsNamed) {
    EXPECT_THAT(reeve.run({"mcp", "wrap"}).out, HasSubstr("No configuration of an MCP client was found"));
    const std::string cursor = reeve.file(".cursor/mcp.json", text);
    const std::string desktop = reeve.file(".config/Claude/claude_desktop_config.json", "{broken");
    reeve.file(".config/Code/User/settings.json", "{\"editor.fontSize\": 12,}");
    const Ended ended = reeve.run({"mcp", "wrap"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr(cursor), HasSubstr(desktop), HasSubstr("Nothing was changed"),
                                 Not(HasSubstr("settings.json"))));
    EXPECT_EQ(read_text(cursor), text);
    const json said = json::parse(reeve.run({"mcp", "wrap", "--json"}).out, nullptr, false);
    ASSERT_EQ(said["files"].size(), 2u);
    EXPECT_EQ(said["files"][1]["client"], "Cursor");
    EXPECT_EQ(said["files"][1]["plain"], 1);
}

}  // namespace
}  // namespace reeve::test
