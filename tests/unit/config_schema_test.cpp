// The schema and the parser say the same. They are made from one table; this looks from outside whether that
// is true.
#include "reeve/model/config_parse.hpp"
#include "support/json_schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

namespace reeve {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

const Json& schema() {
    static const Json parsed = Json::parse(config_schema());
    return parsed;
}

const Json& session_schema() { return schema()["properties"]["sessions"]["additionalProperties"]; }

// Valid values for every key; the durations are within every range.
const Json process_session = Json::parse(R"({
    "command": ["sh", "-c", ""], "cwd": "~/x", "env": {"A_1": "b"}, "restart": "never",
    "backoff": {"initial": "5s", "max": "5.5s"}, "give_up_after": {"restarts": 0, "within": "5s"},
    "stop": {"signal": "USR1", "grace": "5s"}, "log": {"max_size": "64KiB", "keep": 3}, "after": ["c"],
    "autostart": false})");
const Json container_session = Json::parse(R"({
    "image": "a/b:1", "options": ["-p", "1:1"], "args": ["", "--name"], "env": {}, "restart": "always",
    "stop": {"signal": "KILL"}, "after": [], "autostart": true})");
const Json whole = {{"$schema", "x"},
                    {"engine", {{"command", "docker"}, {"endpoint", "tcp://x:1"}, {"timeout", "5s"}}},
                    {"sessions", {{"p", process_session}, {"c", container_session}}},
                    {"reap_grace", "5s"},
                    {"stop_deadline", "5s"}};

// What a schema cannot say: whether a name exists, who waits for whom, how two durations compare.
bool beyond_a_schema(const ConfigProblem& problem) {
    for (const char* meaning : {"no session is named", "in a circle", "is shorter than the first"}) {
        if (problem.what.find(meaning) != problem.what.npos) return true;
    }
    return false;
}

bool parser_accepts(const Json& document) {
    const auto problems = parse_config(document.dump()).problems;
    return std::all_of(problems.begin(), problems.end(), beyond_a_schema);
}

std::string first_problem(const Json& document) {
    const auto problems = parse_config(document.dump()).problems;
    return problems.empty() ? "no problem" : problems.front().message("f");
}

std::set<std::string> keys_of(const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
}

// The parser lists the keys that it knows where it finds one that is nothing like them.
std::set<std::string> keys_the_parser_knows(Json document, const Json::json_pointer& object) {
    document[object]["@@@@@@@@@"] = 1;
    for (const ConfigProblem& problem : parse_config(document.dump()).problems) {
        if (problem.what.find("@@@") == problem.what.npos) continue;
        std::set<std::string> keys;
        std::istringstream words(problem.fix.substr(std::string("use one of: ").size()));
        for (std::string word; words >> word;) keys.insert(word.substr(0, word.find(',')));
        return keys;
    }
    return {};
}

TEST(ConfigSchema, IsDraft07AndTellsTheDefaults) {
    EXPECT_EQ(schema()["$schema"], "http://json-schema.org/draft-07/schema#");
    EXPECT_EQ(session_schema()["properties"]["restart"]["default"], "on-failure");
    EXPECT_EQ(session_schema()["properties"]["log"]["properties"]["max_size"]["default"], "10MiB");
    EXPECT_EQ(schema()["properties"]["engine"]["properties"]["timeout"]["default"], "30s");
}

TEST(ConfigSchema, DescribesEveryKey) {
    for (const Json* object : {&schema(), &session_schema()}) {
        for (const auto& [key, rule] : (*object)["properties"].items())
            EXPECT_TRUE(rule.contains("description")) << key;
    }
}

TEST(ConfigSchema, KnowsTheKeysThatTheParserKnows) {
    const auto same = [](const std::string& pointer, const Json& properties) {
        EXPECT_EQ(keys_the_parser_knows(whole, Json::json_pointer(pointer)), keys_of(properties)) << pointer;
    };
    const Json& session = session_schema()["properties"];
    same("", schema()["properties"]);
    same("/engine", schema()["properties"]["engine"]["properties"]);
    same("/sessions/p", session);
    for (const char* key : {"backoff", "give_up_after", "stop", "log"})
        same(std::string("/sessions/p/") + key, session[key]["properties"]);
}

TEST(ConfigSchema, AcceptsWhatTheParserAcceptsWithEveryKeyThereIs) {
    EXPECT_TRUE(test::matches_schema(schema(), whole));
    EXPECT_EQ(first_problem(whole), "no problem");
    std::set<std::string> used = keys_of(process_session);
    used.merge(keys_of(container_session));
    EXPECT_EQ(used, keys_of(session_schema()["properties"]));
    EXPECT_EQ(keys_of(whole), keys_of(schema()["properties"]));
}

// Every place in a document, so that a mutation may strike anywhere.
void collect_places(const Json& value, const Json::json_pointer& here,
                    std::vector<Json::json_pointer>& places) {
    places.push_back(here);
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) collect_places(member, here / key, places);
    } else if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) collect_places(value[i], here / i, places);
    }
}

const std::vector<Json> values{nullptr,
                               true,
                               false,
                               0,
                               3,
                               -1,
                               1001,
                               5.0,
                               1.5,
                               1e300,
                               "",
                               "5s",
                               "5",
                               "1.s",
                               ".5s",
                               "-1s",
                               "5 s",
                               "5m5s",
                               "64KiB",
                               "1MB",
                               "c",
                               "a b",
                               "/x",
                               "~",
                               "~x",
                               "~/",
                               "--name",
                               "--name=x",
                               "--namex",
                               "-x",
                               "never",
                               "TERM",
                               "tcp://x",
                               "://x",
                               "X://y",
                               "tcp://",
                               "REEVE_STORE",
                               std::string("a\0b", 3),
                               "ä",
                               "a\nb",
                               std::string(64, 'n'),
                               Json::array(),
                               Json::array({"a"}),
                               Json::array({""}),
                               Json::array({1}),
                               Json::object(),
                               Json{{"a", "b"}},
                               Json{{"1", "b"}},
                               Json{{"image", "x"}},
                               Json{{"command", {"x"}}},
                               Json{{"REEVE_STORE", ""}}};
const std::vector<std::string> keys{
    "command", "image",   "cwd",     "args",     "options",        "log", "env", "after", "user", "", "x",
    "a b",     "restart", "$schema", "sessions", "REEVE_INSTANCE", "keep"};

Json mutated(Json document, std::mt19937& random) {
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    for (std::size_t count = below(3) + 1; count > 0; --count) {
        std::vector<Json::json_pointer> places;
        collect_places(document, Json::json_pointer(), places);
        const Json::json_pointer place = places[below(places.size())];
        Json& target = document[place];
        if (target.is_object() && below(3) > 0) {
            target[keys[below(keys.size())]] = values[below(values.size())];
        } else if (!place.empty() && below(4) == 0 && document[place.parent_pointer()].is_object()) {
            document[place.parent_pointer()].erase(place.back());
        } else {
            target = values[below(values.size())];
        }
    }
    return document;
}

TEST(ConfigSchema, GivesManyDocumentsTheVerdictOfTheParser) {
    std::mt19937 random(7);
    int accepted = 0;
    int refused = 0;
    for (int round = 0; round < 2'000; ++round) {
        const Json document = mutated(whole, random);
        const bool by_parser = parser_accepts(document);
        ASSERT_EQ(test::matches_schema(schema(), document), by_parser) << first_problem(document) << '\n'
                                                                       << document.dump(2);
        ++(by_parser ? accepted : refused);
    }
    EXPECT_GT(accepted, 200);
    EXPECT_GT(refused, 200);
}

}  // namespace
}  // namespace reeve
