#include "reeve/model/config_parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace reeve {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems_of(const std::string& text) {
    std::vector<std::string> messages;
    for (const ConfigProblem& problem : parse_config(text).problems) messages.push_back(problem.message("f"));
    return messages;
}

std::string session(const std::string& members) { return R"({"sessions": {"a": {)" + members + "}}}"; }

Config config_of(const std::string& text) {
    const ParsedConfig parsed = parse_config(text);
    EXPECT_THAT(problems_of(text), IsEmpty());
    return parsed.config;
}

TEST(ConfigParse, AnEmptyObjectIsAllDefaults) { EXPECT_EQ(config_of("{}"), Config()); }

TEST(ConfigParse, ReadsEveryKeyOfAProcessSession) {
    const Config config = config_of(R"({
        // A comment, and a schema for editors.
        "$schema": "./reeve.schema.json",
        "engine": {"command": "podman", "endpoint": "unix:///run/podman.sock", "timeout": "1m"},
        "max_sessions": 7, "reap_grace": "2s", "stop_deadline": "90s",
        "sessions": {
            "db": {"image": "postgres:16", "options": ["-p", "5432:5432"], "args": ["-c", "fsync=on"]},
            "api": {
                "command": ["python3", "-m", "http.server"], "cwd": "~/site", "env": {"MODE": "dev", "EMPTY": ""},
                "restart": "always", "backoff": {"initial": "1.5s", "max": "1h"},
                "give_up_after": {"restarts": 3, "within": "10s"}, "stop": {"signal": "INT", "grace": "0s"},
                "log": {"max_size": "1GiB", "keep": 0}, "after": ["db"], "autostart": false /* by hand */
            }
        }
    })");
    Config expected;
    expected.engine = {"podman", "unix:///run/podman.sock", milliseconds(60'000)};
    expected.reap_grace = milliseconds(2000);
    expected.max_sessions = 7;
    expected.stop_deadline = milliseconds(90'000);
    SessionConfig& db = expected.sessions[{"db"}];
    db.image = "postgres:16";
    db.options = {"-p", "5432:5432"};
    db.args = {"-c", "fsync=on"};
    SessionConfig& api = expected.sessions[{"api"}];
    api.command = {"python3", "-m", "http.server"};
    api.cwd = "~/site";
    api.env = {{"MODE", "dev"}, {"EMPTY", ""}};
    api.restart = RestartPolicy::always;
    api.backoff = {milliseconds(1500), milliseconds(3'600'000)};
    api.give_up_after = {3, milliseconds(10'000)};
    api.stop = {SIGINT, milliseconds(0)};
    api.log = {1024u * 1024 * 1024, 0};
    api.after = {{"db"}};
    api.autostart = false;
    EXPECT_EQ(config, expected);
}

TEST(ConfigParse, PointsAtLineAndColumnAndCountsCharactersNotBytes) {
    EXPECT_THAT(
        problems_of("{\n  \"sessions\": {\n    \"a\": {\"command\": [\"ä\"], /* ö */ \"comand\": 1}\n  }\n}"),
        ElementsAre("f:3:37: /sessions/a/comand: unknown key \"comand\"; did you mean \"command\"?"));
}

TEST(ConfigParse, PointsAtTheBeginningOfATextThatHoldsQuotesAndBackslashes) {
    for (const char* value : {R"("a \"b\" c")", R"("\" \\")", R"("\\")", R"("\\\" x")", R"("")"}) {
        EXPECT_THAT(problems_of("{\"engine\": {\"timeout\": " + std::string(value) + "}}"),
                    ElementsAre(HasSubstr("f:1:24: /engine/timeout: ")))
            << value;
    }
}

TEST(ConfigParse, ReportsEveryProblemAtOnceInTheOrderOfTheText) {
    const auto problems = problems_of(R"({"reap_grace": 5,
        "sessions": {"a": {"command": "ls", "restart": "sometimes", "log": {"keep": -1}}},
        "engine": {"timeout": "soon"}})");
    EXPECT_THAT(problems, ElementsAre(AllOf(HasSubstr("f:1:16: /reap_grace:"), HasSubstr("\"5s\"")),
                                      AllOf(HasSubstr("/sessions/a/command:"),
                                            HasSubstr("expected a list, found text")),
                                      HasSubstr("use one of: never, on-failure, always"),
                                      HasSubstr("/sessions/a/log/keep: -1 is less than 0; use 0 to 1000"),
                                      HasSubstr("/engine/timeout: \"soon\" is not a duration")));
}

TEST(ConfigParse, WritesPointersAsRfc6901Does) {
    const auto parsed = parse_config(session(R"("command": ["x"], "env": {"a/b~c": "x"})"));
    ASSERT_EQ(parsed.problems.size(), 1u);
    EXPECT_EQ(parsed.problems[0].pointer, "/sessions/a/env/a~1b~0c");
}

TEST(ConfigParse, RefusesAnUnknownKeyWithTheNearestOrAllKnownOnes) {
    EXPECT_THAT(problems_of(R"({"engin": {}})"), ElementsAre(HasSubstr("did you mean \"engine\"?")));
    EXPECT_THAT(
        problems_of(R"({"environment": {}})"),
        ElementsAre(HasSubstr("use one of: $schema, engine, logs, sessions, max_sessions, reap_grace, "
                              "stop_deadline, foreign_registries")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "environment": {})")),
                ElementsAre(HasSubstr("did you mean \"env\"?")));
}

TEST(ConfigParse, SaysWhyAUserCannotBeSet) {
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "user": "www")")),
                ElementsAre(HasSubstr("runs as the user who runs reeve")));
}

TEST(ConfigParse, ReportsAKeyThatIsThereTwice) {
    EXPECT_THAT(problems_of("{\"engine\": {},\n \"engine\": {}}"),
                ElementsAre(HasSubstr("f:2:2: /engine: the key \"engine\" is there twice")));
}

TEST(ConfigParse, WantsExactlyOneOfCommandAndImage) {
    EXPECT_THAT(problems_of(session("")), ElementsAre(HasSubstr("neither \"command\" nor \"image\"")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "image": "x")")),
                ElementsAre(HasSubstr("both \"command\" and \"image\"")));
}

TEST(ConfigParse, RefusesKeysOfTheOtherKindByName) {
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "options": [], "args": [])")),
                ElementsAre(HasSubstr("/sessions/a/options: \"options\" is only for containers"),
                            HasSubstr("/sessions/a/args: \"args\" is only for containers")));
    EXPECT_THAT(
        problems_of(session(R"("image": "x", "cwd": "/", "log": {})")),
        ElementsAre(HasSubstr("\"cwd\" is only for commands"), HasSubstr("\"log\" is only for commands")));
}

TEST(ConfigParse, RefusesOptionsThatReeveDecides) {
    for (const char* option : {"--name", "--name=x", "--restart=always", "--cidfile"}) {
        EXPECT_THAT(problems_of(session(R"("image": "x", "options": [")" + std::string(option) + "\"]")),
                    ElementsAre(HasSubstr("is set by reeve itself")))
            << option;
    }
    EXPECT_THAT(problems_of(session(R"("image": "x", "options": ["--names"])")), IsEmpty());
}

TEST(ConfigParse, RefusesTextsThatMeanSomethingElseThanAPersonThinks) {
    EXPECT_THAT(problems_of(session(R"("command": [])")), ElementsAre(HasSubstr("the list is empty")));
    EXPECT_THAT(problems_of(session(R"("command": [""])")),
                ElementsAre(HasSubstr("is not the name of a program")));
    EXPECT_THAT(problems_of(session(R"("command": ["x", "a\u0000b"])")),
                ElementsAre(HasSubstr("holds a NUL")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "cwd": "here")")),
                ElementsAre(HasSubstr("is not an absolute path")));
    EXPECT_THAT(problems_of(session(R"("image": "--privileged")")),
                ElementsAre(HasSubstr("is not the name of an image")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "env": {"1A": "", "REEVE_STORE": ""})")),
                ElementsAre(HasSubstr("is not a name for a variable"), HasSubstr("is set by reeve itself")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "autostart": 1)")),
                ElementsAre(HasSubstr("expected true or false")));
    EXPECT_THAT(problems_of(R"({"engine": {"endpoint": "/run/docker.sock"}})"),
                ElementsAre(HasSubstr("unix:///var/run/docker.sock")));
}

TEST(ConfigParse, ChecksRanges) {
    EXPECT_THAT(problems_of(R"({"stop_deadline": "0s"})"), ElementsAre(HasSubstr("0ms is less than 1ms")));
    EXPECT_THAT(problems_of(R"({"reap_grace": "25h"})"), ElementsAre(HasSubstr("25h is more than 24h")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "log": {"max_size": "1K"})")),
                ElementsAre(HasSubstr("1KiB is less than 4KiB")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "give_up_after": {"restarts": 1.5})")),
                ElementsAre(HasSubstr("expected a whole number")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "give_up_after": {"restarts": 5.0})")), IsEmpty());
    EXPECT_THAT(
        problems_of(session(R"("command": ["x"], "give_up_after": {"restarts": 99999999999999999999})")),
        ElementsAre(HasSubstr("expected a whole number")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "backoff": {"initial": "1m"})")),
                ElementsAre(HasSubstr("the longest pause, 30s, is shorter than the first, 1m")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "backoff": {"initial": "0ms"})")), IsEmpty());
}

TEST(ConfigParse, RefusesTheNameOfTheSupervisorsOwnLog) {
    EXPECT_THAT(problems_of(R"({"sessions": {"reeve": {"command": ["x"]}}})"),
                ElementsAre(HasSubstr("the supervisor's own log; choose another name")));
}

TEST(ConfigParse, RefusesNamesThatCouldNotBeFileNames) {
    for (const char* name : {"", "..", "-x", "a/b", "a b", "\\u00e4"}) {
        const std::string text = R"({"sessions": {")" + std::string(name) + R"(": {"command": ["x"]}}})";
        EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("is not a name for a session"))) << name;
    }
}

TEST(ConfigParse, WantsTheNamesInAfterToExist) {
    EXPECT_THAT(
        problems_of(R"({"sessions": {"api": {"command": ["x"], "after": ["databse", "cache"]},
                                             "database": {"image": "x"}}})"),
        ElementsAre(
            HasSubstr("/sessions/api/after/0: no session is named \"databse\"; did you mean \"database\"?"),
            HasSubstr("/sessions/api/after/1: no session is named \"cache\"; name a session")));
}

TEST(ConfigParse, SpellsOutEveryCircle) {
    EXPECT_THAT(
        problems_of(R"({"sessions": {
        "c": {"command": ["x"], "after": ["d"]}, "d": {"command": ["x"], "after": ["e", "free"]},
        "e": {"command": ["x"], "after": ["c"]}, "self": {"command": ["x"], "after": ["self"]},
        "free": {"command": ["x"]}, "behind": {"command": ["x"], "after": ["self", "c"]}}})"),
        ElementsAre(
            HasSubstr("/sessions/c/after: sessions wait for each other in a circle: c -> d -> e -> c;"),
            HasSubstr("/sessions/self/after: sessions wait for each other in a circle: self -> self;")));
}

TEST(ConfigParse, SaysWhereAndWhyATextIsNoJson) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "f:1:1: the text is empty; write {}"},
        {"// nothing\n", "f:2:1: the text is empty"},
        {"{\"engine\": {},\n}", "f:2:1: a comma before the closing }; remove the comma"},
        {"{\"x\": [1,\n2, ]}", "f:2:4: /x: a comma before the closing ]; remove the comma"},
        {"{\"x\": 1\n \"y\": 2}", "f:2:2: no comma between"},
        {"{x: 1}", "f:1:2: a key without quotes"},
        {"{'x': 1}", "f:1:2: text in single quotes"},
        {"{\"x\"\n}", "f:2:1: /x: a key without a value"},
        {"{\"x\": 1e999}", "f:1:7: /x: the number is too large"},
        {"{\"x\": tru}", "f:1:7: /x: not valid JSON: invalid literal"},
        {"{\"x\": \"a\nb\"}", "f:1:9: /x: not valid JSON: invalid string: control character"},
        {"{} {}", "f:1:4: text after the end"},
        {"{\"x\": {", "f:1:8: /x: the text ends in the middle"},
        {"{ /* x ", "a comment that does not end"},
        {"{\"\xff\": 1}", "ill-formed UTF-8"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr(expected))) << text;
}

TEST(ConfigParse, DoesNotTakeANulForTheEnd) {
    EXPECT_THAT(problems_of(std::string("{}\0{", 4)), ElementsAre(HasSubstr("f:1:3: a NUL byte")));
}

TEST(ConfigParse, ShowsNoControlCharactersOfTheText) {
    EXPECT_THAT(problems_of("{\"\\u001b[2J\\u009b\": 1}"),
                ElementsAre(AllOf(HasSubstr("\\x1b[2J\\xc2\\x9b"), testing::Not(HasSubstr("\x1b")))));
}

TEST(ConfigParse, StaysQuickAndBriefWhenEverythingIsWrong) {
    const std::string long_name(200'000, 'n');
    std::string text = R"({"sessions": {")" + long_name + "\": {";
    for (int i = 0; i < 50'000; ++i) text += "\"k" + std::to_string(i) + "\": 1,";
    text += "\"end\": 1}}}";
    const ParsedConfig parsed = parse_config(text);
    ASSERT_EQ(parsed.problems.size(), 101u);
    EXPECT_THAT(parsed.problems.back().what, HasSubstr("more problems are not shown"));
}

TEST(ConfigParse, OrdersTensOfThousandsOfSessionsQuickly) {
    std::string text = R"({"max_sessions": 20000, "sessions": {"s0": {"image": "x", "after": ["s19999"]})";
    for (int i = 1; i < 20'000; ++i) {
        text += ",\"s" + std::to_string(i) + "\":{\"image\":\"x\",\"after\":[\"s" + std::to_string(i - 1) +
                "\"]}";
    }
    text += "}}";
    EXPECT_THAT(problems_of(text),
                ElementsAre(AllOf(HasSubstr("s0 -> s19999 -> s19998"), HasSubstr("more) -> s0"))));
}

TEST(ConfigParse, RefusesMoreSessionsThanItAllowsItself) {
    const std::string two = R"("sessions": {"a": {"image": "x"}, "b": {"image": "x"}})";
    EXPECT_THAT(problems_of("{\"max_sessions\": 2, " + two + "}"), ElementsAre());
    EXPECT_THAT(problems_of("{" + two + ", \"max_sessions\": 1}"),
                ElementsAre(HasSubstr("2 sessions are more than 1; raise \"max_sessions\"")));
}

TEST(ConfigParse, SaysTheSameWithoutBlanks) {
    const std::string text = "{\n\t\"sessions\" : {\r\n  \"a b\" : { \"image\" : \"x\" } } }\n";
    EXPECT_EQ(without_blanks(text), R"({"sessions":{"a b":{"image":"x"}}})");
    // Blanks in texts stay, behind escaped quotes and backslashes too; and so does what is no JSON.
    for (const std::string same : {R"({"a \" b \"":" c\t"})", R"(["\\","d e"])", R"("open \)", "\"", ""})
        EXPECT_EQ(without_blanks(same), same);
    EXPECT_EQ(without_blanks(R"( [ "\\" , 1 ] )"), R"(["\\",1])");
    // Comments go, and what looks like one in a text stays.
    EXPECT_EQ(without_blanks("// \"a\n{ // b \" \r\n \"c//d\": /* \" // \n */ \"/* e */\" /**/ } // f"),
              R"({"c//d":"/* e */"})");
    EXPECT_EQ(without_blanks("{} /* no end"), "{}");
    EXPECT_EQ(without_blanks("{\"a\": 1, // x\r \"b\": 2}"), R"({"a":1,"b":2})");
}

TEST(ConfigParse, ReadsOneSessionByTheSameRules) {
    const ParsedSession good = parse_session(R"({"command": ["x"], "after": ["elsewhere"]})");
    EXPECT_TRUE(good.problems.empty());
    EXPECT_EQ(good.config.command, std::vector<std::string>{"x"});
    const ParsedSession bad = parse_session(R"({"comand": ["x"]})");
    EXPECT_TRUE(std::any_of(bad.problems.begin(), bad.problems.end(),
                            [](const ConfigProblem& problem) { return problem.pointer == "/comand"; }));
    EXPECT_FALSE(parse_session("[]").problems.empty());
    EXPECT_FALSE(parse_session("").problems.empty());
}

TEST(ConfigParse, NamesTheKeysThatDiffer) {
    SessionConfig before;
    SessionConfig after = before;
    EXPECT_TRUE(changed_keys(before, after).empty());
    after.env["A"] = "1";
    after.stop.signal = 2;
    EXPECT_THAT(changed_keys(before, after), ElementsAre("env", "stop"));
    Config one;
    Config other;
    other.sessions[{"a"}] = after;
    EXPECT_TRUE(changed_settings(one, other).empty()) << "sessions are told by name";
    other.engine.command = "podman";
    EXPECT_THAT(changed_settings(one, other), ElementsAre("engine"));
}

TEST(ConfigParse, RefusesWhatIsTooDeepOrTooLong) {
    EXPECT_THAT(problems_of(std::string(100'000, '[')),
                ElementsAre(HasSubstr("nested deeper than 64 levels")));
    EXPECT_THAT(problems_of(std::string(2'000'000, ' ')),
                ElementsAre("f: larger than 1 MiB; a configuration is "
                            "written by hand: make it smaller"));
}

// --- variables ---

ConfigSurroundings with_variables_set() {
    ConfigSurroundings around;
    around.variable = [](const std::string& name) -> std::optional<std::string> {
        if (name == "TOKEN") return "canary-4711";
        if (name == "EMPTY") return "";
        if (name == "DASH") return "-x";
        return std::nullopt;
    };
    return around;
}

std::string environment_value_of(const std::string& written) {
    const auto parsed =
        parse_config(session(R"("command": ["x"], "env": {"A": ")" + written + "\"}"), with_variables_set());
    if (!parsed.problems.empty()) return "PROBLEM " + parsed.problems.front().message("f");
    return parsed.config.sessions.at({"a"}).env.at("A");
}

TEST(ConfigParse, FillsInVariables) {
    EXPECT_EQ(environment_value_of("a ${TOKEN} b"), "a canary-4711 b");
    EXPECT_EQ(environment_value_of("${TOKEN}${TOKEN}"), "canary-4711canary-4711");
    EXPECT_EQ(environment_value_of("${NONE:-d:-e}"), "d:-e");
    EXPECT_EQ(environment_value_of("${EMPTY:-d}"), "d") << "as a shell has it";
    EXPECT_EQ(environment_value_of("<${EMPTY}>"), "<>");
    EXPECT_EQ(environment_value_of("${NONE:-}"), "");
}

TEST(ConfigParse, LeavesAShellsOwnDollarsAlone) {
    EXPECT_EQ(environment_value_of("$HOME $$ $(x) $1 {a} }"), "$HOME $$ $(x) $1 {a} }");
    EXPECT_EQ(environment_value_of("$${TOKEN}"), "${TOKEN}") << "this is how the characters are written";
    EXPECT_EQ(environment_value_of("$$${TOKEN}"), "$${TOKEN}");
    EXPECT_EQ(environment_value_of("a$"), "a$");
}

TEST(ConfigParse, RefusesAnUnknownVariableAtItsPlace) {
    EXPECT_EQ(
        environment_value_of("${NONE}"),
        "PROBLEM f:1:52: /sessions/a/env/A: the variable \"NONE\" is not set; set it in the environment "
        "of reeve, write ${NONE:-default}, or $${ for the characters ${");
    for (const char* broken : {"${", "${1}", "${A", "${A-b}", "${}", "${A b}"})
        EXPECT_THAT(environment_value_of(broken), HasSubstr("begins no variable")) << broken;
}

TEST(ConfigParse, JudgesWhatComesOutAndTellsNoValue) {
    const auto parsed =
        parse_config(session(R"("command": ["${DASH}"], "cwd": "${TOKEN}")"), with_variables_set());
    ASSERT_EQ(parsed.problems.size(), 2U);
    EXPECT_EQ(parsed.problems[0].what,
              "\"${DASH}\" is not the name of a program once its variables are filled in");
    EXPECT_EQ(parsed.problems[1].what,
              "\"${TOKEN}\" is not an absolute path once its variables are filled in");
}

TEST(ConfigParse, KeepsTheCommandAsItWasWritten) {
    const auto parsed =
        parse_config(session(R"("command": ["x", "--token=${TOKEN}"])"), with_variables_set());
    const SessionConfig& a = parsed.config.sessions.at({"a"});
    EXPECT_THAT(a.command, ElementsAre("x", "--token=canary-4711"));
    EXPECT_THAT(a.written_command, ElementsAre("x", "--token=${TOKEN}"));
}

// --- probes and limits ---

TEST(ConfigParse, ReadsProbesAndLimits) {
    const Config config = config_of(session(R"("command": ["x"], "restart": "unless-stopped",
        "ready": {"http": "http://127.0.0.1:80/", "timeout": "1s"},
        "live": {"log": "^tick [0-9]+$", "interval": "2s", "failures": 2},
        "limits": {"nofile": 64, "core": "unlimited", "cpu": "1500ms", "nice": 5})"));
    const SessionConfig& a = config.sessions.at({"a"});
    EXPECT_EQ(a.restart, RestartPolicy::unless_stopped);
    EXPECT_EQ(a.ready->by.http, "http://127.0.0.1:80/");
    EXPECT_EQ(a.ready->timeout, milliseconds(1000));
    EXPECT_EQ(a.live->by.log, "^tick [0-9]+$");
    EXPECT_EQ(a.live->failures, 2);
    EXPECT_EQ(a.limits->nofile, 64);
    EXPECT_EQ(a.limits->core, LimitsConfig::unlimited);
    EXPECT_EQ(a.limits->nice, 5);
    EXPECT_FALSE(a.limits->as);
}

// A reload must not start a session anew for them.
TEST(ConfigParse, NoLimitsAreTheSameHoweverTheyAreWritten) {
    EXPECT_EQ(config_of(session(R"("command": ["x"], "limits": {})")),
              config_of(session(R"("command": ["x"])")));
}

TEST(ConfigParse, AProbeLooksAtExactlyOneThing) {
    EXPECT_THAT(
        problems_of(session(R"("command": ["x"], "ready": {})")),
        ElementsAre(AllOf(HasSubstr("/sessions/a/ready: nothing to look at"), HasSubstr("http, tcp"))));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "ready": {"tcp": "a:1", "log": "x"})")),
                ElementsAre(HasSubstr("\"tcp\" and \"log\" at once")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "live": {"engine": true})")),
                ElementsAre(HasSubstr("/sessions/a/live/engine: \"engine\" is only for containers")));
    EXPECT_THAT(problems_of(session(R"("image": "x", "ready": {"notify": true})")),
                ElementsAre(HasSubstr("\"notify\" is only for commands")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "ready": {"htp": "http://x/"})")),
                testing::Contains(HasSubstr("did you mean \"http\"?")));
}

TEST(ConfigParse, RefusesAddressesAndPatternsThatCannotBe) {
    for (const char* bad : {"https://x/", "http://", "http://x:70000/", "http://u@x/", "http://x/#a", "x:80"})
        EXPECT_THAT(
            problems_of(session(R"("command": ["x"], "ready": {"http": ")" + std::string(bad) + "\"}")),
            ElementsAre(HasSubstr("is not the address of a page")))
            << bad;
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "ready": {"log": "a("})")),
                ElementsAre(HasSubstr("\"a(\" is not a pattern: ")));
    EXPECT_THAT(problems_of(session(R"("command": ["x"], "ready": {"log": "(a)\\1"})")),
                ElementsAre(HasSubstr("it refers back to a group")));
}

TEST(ConfigParse, ADependencyCircleIsNamed) {
    EXPECT_THAT(problems_of(R"({"sessions": {"a": {"command": ["x"], "after": ["b"], "ready": {"tcp": "x:1"}},
                                             "b": {"command": ["x"], "after": ["a"]}}})"),
                ElementsAre(HasSubstr("a -> b -> a")));
}

}  // namespace
}  // namespace reeve
