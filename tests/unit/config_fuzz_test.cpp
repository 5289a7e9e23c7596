// Whatever the bytes, the parser answers: it does not throw, hang, or point outside the text.
#include "reeve/model/config_parse.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace reeve {
namespace {

const std::string seed_text = R"({
  // comment "with a quote
  "$schema": "x", /* and { another */
  "engine": {"command": "docker", "endpoint": "unix:///x", "timeout": "30s"},
  "sessions": {
    "api": {"command": ["python3", "-m \"q\" \\", "\u00e9\ud83d\ude00"], "cwd": "~/site", "env": {"MODE": "dev"},
            "restart": "on-failure", "backoff": {"initial": "200ms", "max": "30s"},
            "give_up_after": {"restarts": 10, "within": "2m"}, "stop": {"signal": "TERM", "grace": "5s"},
            "log": {"max_size": "10MiB", "keep": 5}, "after": ["db"], "autostart": true},
    "db": {"image": "postgres:16", "options": ["-p", "5432:5432"], "args": [], "autostart": false}
  },
  "reap_grace": "5s", "stop_deadline": "60s"
})";

// Pieces that take a parser to its edges more often than single bytes do.
const std::vector<std::string> pieces{"{",         "}",
                                      "[",         "]",
                                      ",",         ":",
                                      "\"",        "\\",
                                      "//",        "/*",
                                      "*/",        "\n",
                                      "\r\n",      "null",
                                      "1e9",       "-",
                                      "\\u",       "\\ud800",
                                      "\xff",      "\xef\xbb\xbf",
                                      "\xc3",      "\"sessions\"",
                                      "\"after\"", "[1, -2.5e3, null]",
                                      "1e999",     "'"};

std::string mutated(std::mt19937& random) {
    std::string text = seed_text;
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    for (std::size_t count = 1 + below(6); count > 0 && !text.empty(); --count) {
        const std::size_t at = below(text.size());
        switch (below(6)) {
            case 0:
                text[at] = static_cast<char>(below(256));
                break;
            case 1:
                text.erase(at, 1 + below(20));
                break;
            case 2:
                text.insert(at, pieces[below(pieces.size())]);
                break;
            case 3:
                text.insert(at, text.substr(below(text.size()), below(60)));
                break;
            case 4:
                text.resize(at);
                break;
            default:
                text.replace(at, 1, pieces[below(pieces.size())]);
                break;
        }
    }
    return text;
}

TEST(ConfigFuzz, AnswersAnyMutationOfAConfiguration) {
    std::mt19937 random(20261121);
    int accepted = 0;
    for (int round = 0; round < 10'000; ++round) {
        const std::string text = mutated(random);
        const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
        const ParsedConfig parsed = parse_config(text);
        accepted += parsed.problems.empty() ? 1 : 0;
        int line = 0;
        for (const ConfigProblem& problem : parsed.problems) {
            ASSERT_FALSE(problem.what.empty()) << text;
            ASSERT_FALSE(problem.fix.empty()) << text;
            ASSERT_GE(problem.line, line) << text;
            ASSERT_LE(problem.line, lines) << text;
            ASSERT_GE(problem.column, 1) << text;
            line = problem.line;
        }
        // The grammar's own verdict: what is no JSON must never be accepted.
        const bool is_json = nlohmann::json::accept(text, true);
        ASSERT_TRUE(is_json || !parsed.problems.empty()) << text;
    }
    EXPECT_GT(accepted, 0);
}

TEST(ConfigFuzz, AnswersAnyBytes) {
    std::mt19937 random(42);
    for (int round = 0; round < 5'000; ++round) {
        std::string text(random() % 64, '\0');
        for (char& c : text) c = static_cast<char>(random());
        EXPECT_FALSE(parse_config(text).problems.empty());
    }
}

// A position is right when the text at it is the value (or key) that the pointer names.
TEST(ConfigFuzz, PointsAtTheValueThatThePointerNames) {
    std::string text = seed_text;
    for (const char* valid :
         {"\"docker\"", "\"30s\"", "\"~/site\"", "\"on-failure\"", "10,", "\"TERM\"", "true"}) {
        std::string broken = text;
        const std::size_t at = broken.find(valid);
        ASSERT_NE(at, std::string::npos) << valid;
        broken.replace(at, std::string(valid).size(),
                       std::string("{\"!\": 1}") + (valid[2] == ',' ? "," : ""));
        const auto line =
            std::count(broken.begin(), broken.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
        const std::size_t line_start = broken.rfind('\n', at) + 1;
        const auto problems = parse_config(broken).problems;
        EXPECT_TRUE(std::any_of(problems.begin(), problems.end(), [&](const ConfigProblem& problem) {
            return problem.line == line && problem.column == static_cast<int>(at - line_start) + 1 &&
                   problem.what.find("found an object") != std::string::npos;
        })) << valid;
    }
}

}  // namespace
}  // namespace reeve
