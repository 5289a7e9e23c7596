#include "model/json_writer.hpp"

#include "model/json_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace reeve {
namespace {

const char* const awkward[] = {"",
                               "plain",
                               "a \"quoted\" word",
                               "back\\slash",
                               "line\nbreak\ttab",
                               "\x01\x7f",
                               "gr\xc3\xbc\xc3\x9f",
                               "no UTF-8: \xff\xfe"};

// The same content as a tree of the library.
OrderedJson tree() {
    OrderedJson json = {{"empty", OrderedJson::object()},
                        {"none", OrderedJson::array()},
                        {"null", nullptr},
                        {"yes", true},
                        {"no", false},
                        {"whole", -17},
                        {"large", std::numeric_limits<std::uint64_t>::max()},
                        {"fraction", 0.25},
                        {"round", 3.0},
                        {"texts", OrderedJson::array()},
                        {"inside", {{"a", {{"b", 1}}}, {"c", {{{"d", 2}}, {{"e", 3}}}}}}};
    for (const char* text : awkward) {
        json["texts"].push_back(text);
        json["inside"][std::string("key ") + text] = text;
    }
    return json;
}

std::string written(JsonWriter::Form form) {
    JsonWriter out(form);
    out.begin_object();
    out.key("empty").begin_object().end_object();
    out.key("none").begin_array().end_array();
    out.key("null").null();
    out.member("yes", true);
    out.member("no", false);
    out.member("whole", std::optional<int>(-17));
    out.member("large", std::numeric_limits<std::uint64_t>::max());
    out.member("fraction", 0.25);
    out.member("round", 3.0);
    out.member("texts", std::vector<std::string>(std::begin(awkward), std::end(awkward)));
    out.key("inside").begin_object();
    out.key("a").begin_object().member("b", 1).end_object();
    out.key("c").begin_array();
    out.begin_object().member("d", 2).end_object();
    out.begin_object().member("e", 3).end_object();
    out.end_array();
    for (const char* text : awkward) out.member(std::string("key ") + text, text);
    out.end_object();
    out.end_object();
    return out.take();
}

TEST(JsonWriter, WritesWhatATreeOfTheSameWouldBe) {
    EXPECT_EQ(written(JsonWriter::Form::one_line), dump_json(tree()));
    EXPECT_EQ(written(JsonWriter::Form::pretty) + "\n", dump_json_pretty(tree()));
}

TEST(JsonWriter, AnAbsentValueIsNull) {
    JsonWriter out(JsonWriter::Form::one_line);
    out.begin_object().member("a", std::optional<std::string>()).end_object();
    EXPECT_EQ(out.take(), R"({"a":null})");
}

}  // namespace
}  // namespace reeve
