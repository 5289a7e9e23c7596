#include "reeve/model/mcp_config.hpp"

#include "support/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace reeve {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string program = "/usr/local/bin/reeve";

std::string wrapped(const std::string& text) {
    const auto edit = wrap_mcp_servers(text, program);
    EXPECT_TRUE(edit.ok()) << (edit.ok() ? "" : edit.error().message()) << text;
    return edit.ok() ? edit->text : "";
}

std::string unwrapped(const std::string& text) {
    const auto edit = unwrap_mcp_servers(text);
    EXPECT_TRUE(edit.ok()) << (edit.ok() ? "" : edit.error().message()) << text;
    return edit.ok() ? edit->text : "";
}

// As Claude Desktop writes it: four blanks or two, one word a line.
TEST(McpConfig, WrapsWhatClaudeDesktopWrites) {
    const std::string text = R"({
  "globalShortcut": "",
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": [
        "-y",
        "@modelcontextprotocol/server-filesystem",
        "/Users/me/Desktop"
      ],
      "env": {"TOKEN": "s3cret"}
    }
  }
}
)";
    EXPECT_EQ(wrapped(text), R"({
  "globalShortcut": "",
  "mcpServers": {
    "filesystem": {
      "command": "/usr/local/bin/reeve",
      "args": [
        "exec",
        "--",
        "npx",
        "-y",
        "@modelcontextprotocol/server-filesystem",
        "/Users/me/Desktop"
      ],
      "env": {"TOKEN": "s3cret"}
    }
  }
}
)");
    EXPECT_EQ(unwrapped(wrapped(text)), text);
}

// VS Code: "servers", inputs, comments, a comma too many, Windows line ends, a byte order mark.
TEST(McpConfig, WrapsWhatVsCodeWritesAndKeepsCommentsLineEndsAndTheByteOrderMark) {
    const std::string text =
        "\xEF\xBB\xBF{\r\n\t// \"command\": \"no\"\r\n\t\"inputs\": [],\r\n\t\"servers\": {\r\n"
        "\t\t\"git\": {\"type\": \"stdio\", \"command\": \"uvx\" /* why */, \"args\": "
        "[\"mcp-server-git\",],},\r\n"
        "\t\t\"web\": {\"type\": \"http\", \"url\": \"https://example.test/mcp\"},\r\n"
        "\t}, // end\r\n}";
    const std::string expected =
        "\xEF\xBB\xBF{\r\n\t// \"command\": \"no\"\r\n\t\"inputs\": [],\r\n\t\"servers\": {\r\n"
        "\t\t\"git\": {\"type\": \"stdio\", \"command\": \"/usr/local/bin/reeve\" /* why */, \"args\": "
        "[\"exec\", \"--\", \"uvx\", \"mcp-server-git\",],},\r\n"
        "\t\t\"web\": {\"type\": \"http\", \"url\": \"https://example.test/mcp\"},\r\n"
        "\t}, // end\r\n}";
    EXPECT_EQ(wrapped(text), expected);
    EXPECT_EQ(unwrapped(expected), text);
}

TEST(McpConfig, FindsServersInEveryPlaceThatClientsUse) {
    const char* const server = R"({"s": {"command": "x"}})";
    for (const auto& [text, pointer] : std::vector<std::pair<std::string, std::string>>{
             {std::string(R"({"mcpServers": )") + server + "}", "/mcpServers/s"},
             {std::string(R"({"projects": {"/home/me/a~b": {"mcpServers": )") + server + "}}}",
              "/projects/~1home~1me~1a~0b/mcpServers/s"},
             {std::string(R"({"servers": )") + server + "}", "/servers/s"},
             {std::string(R"({"mcp": {"servers": )") + server + "}}", "/mcp/servers/s"},
             {std::string(R"({"mcp.servers": )") + server + "}", "/mcp.servers/s"}}) {
        const auto edit = wrap_mcp_servers(text, program);
        ASSERT_TRUE(edit.ok()) << text;
        ASSERT_EQ(edit->servers.size(), 1u) << text;
        EXPECT_EQ(edit->servers[0].pointer, pointer);
        EXPECT_TRUE(edit->servers[0].changed);
        EXPECT_EQ(unwrapped(edit->text), text);
    }
}

TEST(McpConfig, TellsAMissingListFromAnEmptyOne) {
    const std::string missing = "{\"mcpServers\": {\"a\": {\n  \"command\": \"x\",\n  \"env\": {}}}}";
    EXPECT_EQ(wrapped(missing),
              "{\"mcpServers\": {\"a\": {\n  \"command\": \"/usr/local/bin/reeve\",\n  \"args\": [ \"exec\", "
              "\"--\", \"x\" ],\n  \"env\": {}}}}");
    for (const std::string& text :
         {missing, std::string(R"({"mcpServers": {"a": {"command": "x", "args": []}}})"),
          std::string(R"({"mcpServers": {"a": {"command": "x", "args": [ ]}}})"),
          std::string(R"({"mcpServers": {"a": {"args": [ /* , */ ],"command": "x"}}})"),
          std::string(R"({"mcpServers": {"a": {"command":"x"}}})")}) {
        EXPECT_NE(wrapped(text), text);
        EXPECT_EQ(unwrapped(wrapped(text)), text);
    }
}

TEST(McpConfig, LeavesRemoteAndBrokenServersAlone) {
    const std::string text = R"({"mcpServers": {
  "a": {"url": "http://x"}, "b": {"type": "sse", "url": "u"}, "c": {"type": "http", "command": "x"},
  "d": {"serverUrl": "u"}, "e": 7, "f": {}, "g": {"command": ["x"]}, "h": {"command": "x", "args": "y"},
  "i": {"command": "x", "args": [1]}, "j": {"command": ""}}})";
    const auto edit = wrap_mcp_servers(text, program);
    ASSERT_TRUE(edit.ok());
    EXPECT_FALSE(edit->changed());
    EXPECT_EQ(edit->text, text);
    EXPECT_EQ(edit->count(McpServer::State::remote), 4u);
    EXPECT_EQ(edit->count(McpServer::State::unusable), 6u);
}

TEST(McpConfig, WrapsDisabledServersToo) {
    EXPECT_THAT(wrapped(R"({"mcpServers": {"a": {"disabled": true, "command": "x"}}})"), HasSubstr("exec"));
}

TEST(McpConfig, WrapsNothingTwice) {
    const std::string once = wrapped(R"({"mcpServers": {"a": {"command": "x", "args": ["y"]}}})");
    const auto again = wrap_mcp_servers(once, "/somewhere/else/reeve");
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(again->changed());
    EXPECT_EQ(again->text, once);
    EXPECT_EQ(again->servers[0].state, McpServer::State::wrapped);
}

TEST(McpConfig, DoesNotTakeAnotherUseOfReeveForAWrap) {
    for (const char* args : {R"(["status"])", R"(["exec"])", R"(["exec", "--"])", R"(["exec", "x"])", "[]"}) {
        const std::string text =
            std::string(R"({"mcpServers": {"a": {"command": "reeve", "args": )") + args + "}}}";
        const auto edit = unwrap_mcp_servers(text);
        ASSERT_TRUE(edit.ok());
        EXPECT_FALSE(edit->changed()) << text;
        EXPECT_EQ(unwrapped(wrapped(text)), text);
    }
}

// A client or a person may have written the file anew meanwhile.
TEST(McpConfig, TakesOutOnlyItsOwnWordsFromAFileThatWasChanged) {
    EXPECT_EQ(
        unwrapped(
            R"({"mcpServers":{"a":{"args":["exec","--name","fs","--","npx","-y","z"],"command":"/o/reeve"},)"
            R"("new":{"command":"y"}}})"),
        R"({"mcpServers":{"a":{"args":["-y","z"],"command":"npx"},"new":{"command":"y"}}})");
    EXPECT_EQ(unwrapped(R"({"servers":{"a":{"command":"reeve","args":["exec","--","npx",]}}})"),
              R"({"servers":{"a":{"command":"npx","args":[]}}})");
    EXPECT_EQ(
        unwrapped(
            "{\"servers\":{\"a\":{\"command\":\"reeve\", // mine\n\"args\":[ \"exec\",\"--\",\"npx\" ]}}}"),
        "{\"servers\":{\"a\":{\"command\":\"npx\", // mine\n\"args\":[  ]}}}");
}

TEST(McpConfig, RefusesWhatIsNoConfigurationOfAClient) {
    for (const char* text :
         {"", "[]", "{}", "7", "{\"mcpServers\": 7}", "{\"mcpServers\": {", "\xff\xfe{}"}) {
        for (const auto& edit : {wrap_mcp_servers(text, program), unwrap_mcp_servers(text)}) {
            ASSERT_FALSE(edit.ok()) << text;
            EXPECT_EQ(edit.error().code(), Errc::invalid_data) << text;
        }
    }
    EXPECT_THAT(wrap_mcp_servers("{\n  \"mcpServers\": {\n oops", program).error().message(),
                HasSubstr("line 3"));
}

TEST(McpConfig, KeepsTheSpellingOfTheCommand) {
    const std::string text = R"({"servers": {"a": {"command": "\u0063afé \"q\" \\ /", "args": ["--\t"]}}})";
    EXPECT_THAT(wrapped(text), HasSubstr(R"("\u0063afé \"q\" \\ /", "--\t"])"));
    EXPECT_EQ(unwrapped(wrapped(text)), text);
}

TEST(McpConfig, WritesAPathWithQuotesAsJson) {
    const auto edit = wrap_mcp_servers(R"({"servers": {"a": {"command": "x"}}})", "/od\"d\\/reeve");
    ASSERT_TRUE(edit.ok());
    EXPECT_EQ(json::parse(edit->text)["servers"]["a"]["command"], "/od\"d\\/reeve");
    EXPECT_FALSE(wrap_mcp_servers(R"({"servers": {}})", "/\xff/reeve").ok());
}

TEST(McpConfig, TakesTheLastOfARepeatedKeyAsClientsDo) {
    const std::string text = R"({"servers": {"a": {"command": "x", "command": "y"}, "a": {"command": "z"}}})";
    const auto edit = wrap_mcp_servers(text, program);
    ASSERT_TRUE(edit.ok());
    ASSERT_EQ(edit->servers.size(), 1u);
    EXPECT_EQ(edit->servers[0].before, std::vector<std::string>{"z"});
    EXPECT_EQ(unwrapped(edit->text), text);
}

// Documents as a hundred people and three programs might have left them.
class Documents {
  public:
    explicit Documents(unsigned seed) : random_(seed) {}

    std::string document() {
        line_end_ = chance(4) ? "\r\n" : "\n";
        std::string text = chance(8) ? "\xEF\xBB\xBF" : "";
        text += blank() + "{" + blank();
        if (chance(2)) text += R"("theme": "dark")" + std::string(",") + blank();
        const char* const places[] = {"mcpServers", "servers", "mcp.servers"};
        text += std::string("\"") + places[pick(3)] + "\"" + blank() + ":" + blank() + servers();
        if (chance(3))
            text += blank() + "," + blank() + R"("projects": {"/p": {"mcpServers": )" + servers() + "}}";
        if (chance(4)) text += blank() + ",";
        return text + blank() + "}" + (chance(2) ? line_end_ : "");
    }

  private:
    bool chance(unsigned of) { return pick(of) == 0; }
    unsigned pick(unsigned of) { return static_cast<unsigned>(random_() % of); }
    std::string blank() {
        switch (pick(9)) {
            case 0:
                return line_end_ + "  ";
            case 1:
                return line_end_ + "\t\t";
            case 2:
                return " ";
            case 3:
                return " /* \"command\": [,] */ ";
            case 4:
                return " // \"args\", }" + line_end_;
            case 5:
                return line_end_ + line_end_ + "    ";
            default:
                return "";
        }
    }
    std::string word() {
        const char* const words[] = {"npx", "-y",   "--",      "exec", "reeve", "/x/reeve", "",
                                     "a b", "\\\"", "\\u00e9", ",]",   "//",    "/*"};
        return std::string("\"") + words[pick(13)] + "\"";
    }
    template <class Make>
    std::string joined_by_commas(unsigned count, Make make) {
        std::string text;
        for (unsigned i = 0; i < count; ++i) text += (i == 0 ? "" : blank() + ",") + blank() + make(i);
        if (count > 0 && chance(5)) text += blank() + ",";
        return text + blank();
    }
    std::string servers() {
        return "{" +
               joined_by_commas(pick(4),
                                [&](unsigned i) {
                                    return "\"s" + std::to_string(i) + "\"" + blank() + ":" + blank() +
                                           server();
                                }) +
               "}";
    }
    std::string server() {
        std::vector<std::string> members;
        if (!chance(8)) members.push_back("\"command\"" + blank() + ":" + blank() + word());
        if (chance(2)) {
            members.insert(members.begin() + pick(static_cast<unsigned>(members.size() + 1)),
                           "\"args\"" + blank() + ":" + blank() + "[" +
                               joined_by_commas(pick(5), [&](unsigned) { return word(); }) + "]");
        }
        if (chance(4)) members.emplace_back(R"("type": "stdio")");
        if (chance(6)) members.emplace_back(R"("url": "http://h/")");
        if (chance(3)) members.insert(members.begin(), R"("env": {"command": "no", "args": []})");
        return "{" +
               joined_by_commas(static_cast<unsigned>(members.size()),
                                [&](unsigned i) { return members[i]; }) +
               "}";
    }

    std::mt19937 random_;
    std::string line_end_;
};

TEST(McpConfig, GivesTheSameBytesBackForGeneratedDocuments) {
    unsigned changed = 0;
    for (int seed = 0; seed < test::rounds(4000); ++seed) {
        const std::string text = Documents(static_cast<unsigned>(seed)).document();
        const auto edit = wrap_mcp_servers(text, program);
        ASSERT_TRUE(edit.ok()) << edit.error().message() << "\n" << text;
        // What was wrapped before is unwrapped too, so only documents without such servers come back whole.
        if (edit->count(McpServer::State::wrapped) > 0) continue;
        const auto back = unwrap_mcp_servers(edit->text);
        ASSERT_TRUE(back.ok()) << back.error().message() << "\n" << edit->text;
        ASSERT_EQ(back->text, text) << "wrapped:\n" << edit->text;
        const auto again = wrap_mcp_servers(edit->text, program);
        ASSERT_TRUE(again.ok());
        ASSERT_EQ(again->text, edit->text);
        changed += edit->changed() ? 1u : 0u;
    }
    EXPECT_GT(changed, static_cast<unsigned>(test::rounds(1000)));
}

// What a client reads: the same servers with the same words, each with ours in front.
TEST(McpConfig, ChangesNothingElseForWhoReadsTheValues) {
    const std::string text =
        R"({"a": 1, "mcpServers": {"x": {"command": "c", "args": ["1"], "env": {"K": "V"}},
        "y": {"command": "d"}}, "z": [null, {}]})";
    json expected = json::parse(text);
    expected["mcpServers"]["x"]["command"] = program;
    expected["mcpServers"]["x"]["args"] = {"exec", "--", "c", "1"};
    expected["mcpServers"]["y"]["command"] = program;
    expected["mcpServers"]["y"]["args"] = {"exec", "--", "d"};
    EXPECT_EQ(json::parse(wrapped(text)), expected);
}

}  // namespace
}  // namespace reeve
