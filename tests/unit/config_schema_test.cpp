// The schema and the parser say the same. They are made from one table; this looks from outside whether that
// is true.
#include "reeve/model/config_parse.hpp"
#include "support/json_schema.hpp"
#include "support/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
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
    "command": ["sh", "-c", ""], "cwd": "~/x", "env": {"A_1": "b"}, "env_file": ["~/e"], "restart": "never",
    "backoff": {"initial": "5s", "max": "5.5s", "reset_after": "5s"},
    "ready": {"notify": true, "timeout": "5s", "interval": "5s", "initial_delay": "5s"},
    "live": {"http": "http://x:1/a", "timeout": "5s", "interval": "5s", "initial_delay": "5s", "failures": 3},
    "limits": {"nofile": 3, "nproc": 3, "as": "64KiB", "core": "unlimited", "data": "64KiB", "fsize": "64KiB",
               "memlock": "64KiB", "stack": "64KiB", "cpu": "5s", "nice": 3},
    "give_up_after": {"restarts": 0, "within": "5s"},
    "stop": {"signal": "USR1", "grace": "5s"}, "log": {"max_size": "64KiB", "keep": 3}, "after": ["c"],
    "autostart": false, "on_owner_death": "adopt"})");
const Json container_session = Json::parse(R"({
    "image": "a/b:1", "options": ["-p", "1:1"], "args": ["", "--name"], "env": {}, "restart": "unless-stopped",
    "ready": {"engine": true}, "live": {"exec": ["a", "-b"]},
    "stop": {"signal": "KILL"}, "after": [], "autostart": true})");
const Json whole = {{"$schema", "x"},
                    {"engine", {{"command", "docker"}, {"endpoint", "tcp://x:1"}, {"timeout", "5s"}}},
                    {"sessions", {{"p", process_session}, {"c", container_session}}},
                    {"logs", {{"max_total", "2GiB"}}},
                    {"reap_grace", "5s"},
                    {"max_sessions", 1000},
                    {"stop_deadline", "5s"},
                    {"foreign_registries", {{{"path", "~/x"}, {"label", "com.example.id"}}}}};

// What a schema cannot say: whether a name exists, who waits for whom, how durations and sizes compare.
bool beyond_a_schema(const ConfigProblem& problem) {
    for (const char* meaning :
         {"no session is named", "in a circle", "is shorter than the first", "is less than 4KiB",
          "is more than 1048576GiB", "the variable ", "once its variables are filled in",
          "is not a pattern: ", "sessions are more than"}) {
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

TEST(ConfigSchema, RefusesTheReservedNameAsTheParserDoes) {
    const Json reserved{{"sessions", {{"reeve", process_session}}}};
    EXPECT_FALSE(test::matches_schema(schema(), reserved));
    EXPECT_FALSE(parser_accepts(reserved));
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
    for (const char* key : {"backoff", "give_up_after", "stop", "log", "ready", "live", "limits"})
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

std::vector<Json::json_pointer> places_in(const Json& document) {
    std::vector<Json::json_pointer> places;
    collect_places(document, Json::json_pointer(), places);
    return places;
}

// Something for every form of text, number, list and object that the table has, right and just wrong.
const std::vector<Json> values{nullptr,
                               true,
                               false,
                               0,
                               3,
                               -1,
                               1001,
                               1'000'001,
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
                               "64KiB",
                               "1MB",
                               "c",
                               "a b",
                               "a:b",
                               "~",
                               "~x",
                               "~/",
                               "/x",
                               "--name",
                               "--name=x",
                               "--namex",
                               "-x",
                               "never",
                               "TERM",
                               "unless-stopped",
                               "unlimited",
                               "http://x",
                               "http://x:0/",
                               "https://x/",
                               "http://[::1]:80/a?b",
                               "http://x/a b",
                               "x:1",
                               "[::1]:1",
                               "x:",
                               "${A}",
                               "${A:-b}",
                               "${A:-/b}",
                               "$${",
                               "$$$${A}",
                               "a$",
                               "$a",
                               "$$",
                               "${",
                               "${1}",
                               "${A",
                               "${A-b}",
                               "${A}${",
                               "--name=${A}",
                               "-${A}",
                               "a(b",
                               20,
                               -20,
                               -21,
                               "tcp://x",
                               "://x",
                               "X://y",
                               "tcp://",
                               "t c://x",
                               std::string("a\0b", 3),
                               "ä",
                               "a\nb",
                               std::string(64, 'n'),
                               Json::array(),
                               Json::array({"a"}),
                               Json::array({"a", ""}),
                               Json::array({""}),
                               Json::array({"-x"}),
                               Json::array({"--name"}),
                               Json::array({1}),
                               Json::object(),
                               Json{{"a", "b"}},
                               Json{{"1", "b"}},
                               Json{{"a", 1}},
                               Json::array({"${A}", "${B:-c}"}),
                               Json::array({"a", "${"}),
                               Json{{"a", "${A}"}},
                               Json{{"a", "${"}},
                               Json{{"http", "http://x/"}},
                               Json{{"tcp", "x:1"}},
                               Json{{"exec", {"x"}}},
                               Json{{"log", "x"}},
                               Json{{"log", "("}},
                               Json{{"notify", true}},
                               Json{{"notify", false}},
                               Json{{"engine", true}},
                               Json{{"engine", true}, {"notify", true}},
                               Json{{"image", "x"}},
                               Json{{"command", {"x"}}},
                               Json{{"REEVE_STORE", ""}}};

void expect_the_same_verdict(const Json& document, int& accepted, int& refused) {
    const bool by_parser = parser_accepts(document);
    ++(by_parser ? accepted : refused);
    ASSERT_EQ(test::matches_schema(schema(), document), by_parser)
        << first_problem(document) << document.dump(2);
}

// Thousands of documents, in parts that run at the same time.
class ConfigSchemaPart : public testing::TestWithParam<std::size_t> {
  protected:
    static constexpr std::size_t parts = 6;
};
// Two of them under sanitizers: one takes as long as six without.
INSTANTIATE_TEST_SUITE_P(Of6, ConfigSchemaPart, testing::Range<std::size_t>(0, test::sanitized ? 2 : 6));

TEST_P(ConfigSchemaPart, AgreesWithTheParserWhateverOneValueIs) {
    int accepted = 0;
    int refused = 0;
    const auto places = places_in(whole);
    for (std::size_t i = GetParam(); i < places.size(); i += parts) {
        const Json::json_pointer& place = places[i];
        for (const Json& value : values) {
            Json document = whole;
            document[place] = value;
            ASSERT_NO_FATAL_FAILURE(expect_the_same_verdict(document, accepted, refused))
                << place.to_string();
        }
    }
    EXPECT_GT(accepted, 20);
    EXPECT_GT(refused, 100);
}

TEST(ConfigSchema, AgreesWithTheParserWhicheverKeyIsAddedOrRemoved) {
    std::map<std::string, Json> added{
        {"user", "x"}, {"", "x"}, {"A_1", "x"}, {"REEVE_SESSION", "x"}, {"$schema", "x"}};
    for (const Json* from : {&whole, &process_session, &container_session}) {
        for (const auto& [key, value] : from->items()) added[key] = value;
    }
    int accepted = 0;
    int refused = 0;
    for (const Json::json_pointer& place : places_in(whole)) {
        for (const auto& [key, value] : added) {
            Json document = whole;
            if (!document[place].is_object()) continue;
            document[place][key] = value;
            ASSERT_NO_FATAL_FAILURE(expect_the_same_verdict(document, accepted, refused))
                << place << '/' << key;
        }
        if (place.empty() || !whole[place.parent_pointer()].is_object()) continue;
        Json document = whole;
        document[place.parent_pointer()].erase(place.back());
        ASSERT_NO_FATAL_FAILURE(expect_the_same_verdict(document, accepted, refused)) << "without " << place;
    }
    EXPECT_GT(accepted, 20);
    EXPECT_GT(refused, 100);
}

TEST(ConfigSchema, AgreesWithTheParserOnHundredsOfRandomDocuments) {
    std::mt19937 random(7);
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    int accepted = 0;
    int refused = 0;
    for (int round = 0; round < test::rounds(600); ++round) {
        Json document = whole;
        for (std::size_t count = 1 + below(2); count > 0; --count) {
            const auto places = places_in(document);
            document[places[below(places.size())]] = values[below(values.size())];
        }
        ASSERT_NO_FATAL_FAILURE(expect_the_same_verdict(document, accepted, refused));
    }
    EXPECT_GT(accepted, test::rounds(5) - 1);
    EXPECT_GT(refused, test::rounds(100));
}

}  // namespace
}  // namespace reeve
