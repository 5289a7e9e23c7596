#include "config_session_parts.hpp"

#include "config_object.hpp"
#include "reeve/base/text.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/model/address.hpp"
#include "reeve/model/line_pattern.hpp"

#include <array>
#include <chrono>

namespace reeve {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds one_day = 24h;
constexpr std::uint64_t most_bytes = 1ULL << 50;

constexpr TextForm program{
    .pattern = "^[^-\\u0000][^\\u0000]*$",
    .fits = [](std::string_view text) { return !text.empty() && !text.starts_with('-'); },
    .otherwise = "is not the name of a program",
    .fix = "write a name that is on PATH, or an absolute path"};

// Ports over 65535 match the patterns: what a number may be is for the parser to say.
constexpr TextForm http_form{
    .pattern = "^http://([A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+\\])(:[1-9][0-9]{0,4})?([/?][!-\"$-~]*)?$",
    .fits = [](std::string_view text) { return parse_http_address(text).has_value(); },
    .otherwise = "is not the address of a page",
    .fix = "write it as \"http://127.0.0.1:8000/\"; for https run a program such as curl with \"exec\""};

constexpr TextForm tcp_form{.pattern = "^([A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+\\]):[1-9][0-9]{0,4}$",
                            .fits = [](std::string_view text) { return parse_tcp_address(text).has_value(); },
                            .otherwise = "is not an address with a port",
                            .fix = "write it as \"127.0.0.1:5432\""};

constexpr TextForm pattern_form{.pattern = "^[^\\u0000]+$",
                                .fits = [](std::string_view text) { return !text.empty(); },
                                .otherwise = "matches everything",
                                .fix = "write a part of the line that is printed"};

Rule<std::string> line_pattern() {
    auto rule = text(pattern_form);
    rule.read = [read = rule.read](const Place& place, std::string& out) {
        std::string pattern;
        read(place, pattern);
        if (pattern.empty()) return;
        const auto compiled = LinePattern::compile(pattern);
        if (compiled.ok()) {
            out = std::move(pattern);
        } else {
            place.refuse(in_quotes(pattern) + " is not a pattern: " + compiled.error().why(),
                         "it is an extended regular expression, regex(7): put \\\\ before . [ ] ( ) * + ? { "
                         "} | ^ $ that mean themselves");
        }
    };
    return rule;
}

// `true` only: the key is there or it is not.
Rule<bool> chosen() {
    Rule<bool> rule;
    rule.schema = [] {
        OrderedJson schema;
        schema["enum"] = OrderedJson::array({true});
        return schema;
    };
    rule.read = [](const Place& place, bool& out) {
        if (!place.expect(JsonNode::Kind::boolean, "write true, without quotes")) return;
        if (place.node().boolean)
            out = true;
        else
            place.refuse("false says nothing", "write true, or remove it");
    };
    return rule;
}

constexpr std::array kinds{"http", "tcp", "exec", "log", "notify", "engine"};

// The rows of the kinds; a probe has exactly one of them.
template <class Owner>
Table<Owner> targets() {
    const auto row = [](std::string name, const char* description, auto member, const auto& rule) {
        Field<Owner> made;
        made.name = std::move(name);
        made.schema = [description, inner = rule.schema] {
            OrderedJson schema;
            schema["description"] = description;
            schema.update(inner());
            return schema;
        };
        made.read = [member, read = rule.read](const Place& place, Owner& owner) {
            read(place, owner.by.*member);
        };
        return made;
    };
    using T = ProbeTarget;
    return {
        row("http", "This page answers with a status of 200 to 399.", &T::http,
            text(with_variables(http_form))),
        row("tcp", "This address accepts a connection.", &T::tcp, text(with_variables(tcp_form))),
        row("exec", "This program exits with 0. For a container it runs inside.", &T::exec,
            texts(with_variables(program), with_variables(any_text),
                  "write a list of the program and its arguments: [\"pg_isready\"]")),
        row("log", "A line of the output matches this extended regular expression.", &T::log, line_pattern()),
        row("notify", "The command says so on $NOTIFY_SOCKET, as sd_notify(3) does.", &T::notify, chosen()),
        row("engine", "The HEALTHCHECK of the container says so.", &T::engine, chosen())};
}

void check_one_target(const Place& place) {
    std::vector<std::string> found;
    for (const char* kind : kinds) {
        if (place.node().find(kind) != nullptr) found.push_back(in_quotes(kind));
    }
    if (found.size() == 1) return;
    place.refuse(found.empty() ? "nothing to look at" : joined(found, " and ") + " at once",
                 "write exactly one of: http, tcp, exec, log, notify, engine");
}

template <class Owner>
Rule<Owner> probe(Table<Owner> times) {
    Table<Owner> table = targets<Owner>();
    for (auto& row : times) table.push_back(std::move(row));
    auto rule =
        object<Owner>(std::move(table), [](const Place& place, const Owner&) { check_one_target(place); });
    rule.schema = [inner = std::move(rule.schema)] {
        OrderedJson schema = inner();
        schema["oneOf"] = OrderedJson::array();
        for (const char* kind : kinds) schema["oneOf"].push_back({{"required", {kind}}});
        return schema;
    };
    return rule;
}

}  // namespace

Rule<ReadyConfig> ready_rule() {
    using R = ReadyConfig;
    return probe<R>({field("timeout", "When it is not ready by then, this life of it has failed.",
                           &R::timeout, duration(1ms, one_day)),
                     field("interval", "The pause between two looks.", &R::interval, duration(10ms, one_day)),
                     field("initial_delay", "The pause before the first look.", &R::initial_delay,
                           duration(0ms, one_day))});
}

Rule<LiveConfig> live_rule() {
    using L = LiveConfig;
    return probe<L>(
        {field("timeout", "The limit of one look.", &L::timeout, duration(1ms, one_day)),
         field("interval", "The pause between two looks; with log and notify, a sign must come in each.",
               &L::interval, duration(10ms, one_day)),
         field("initial_delay", "The pause between ready and the first look.", &L::initial_delay,
               duration(0ms, one_day)),
         field("failures", "So many in a row, and the session is ended as a failure.", &L::failures,
               whole_number(1, 1000))});
}

Rule<Seldom<LimitsConfig>> limits_rule() {
    using L = LimitsConfig;
    const auto count = optional_of(whole_number(0, 1'000'000'000));
    const auto bytes = optional_of(size_or_unlimited(most_bytes));
    auto rule = optional_of<Seldom>(
        object<L>({field("nofile", "Open files.", &L::nofile, count),
                   field("nproc", "Processes of this user, wherever they are.", &L::nproc, count),
                   field("as", "Address space, for each process.", &L::as, bytes),
                   field("core", "Size of a core file.", &L::core, bytes),
                   field("data", "Data segment, for each process.", &L::data, bytes),
                   field("fsize", "Size of a file that it writes.", &L::fsize, bytes),
                   field("memlock", "Memory that it locks.", &L::memlock, bytes),
                   field("stack", "Stack of its first thread.", &L::stack, bytes),
                   field("cpu", "Processor time, for each process; rounded up to seconds.", &L::cpu,
                         optional_of(duration(1ms, 365 * one_day))),
                   field("nice", "How willing it is to let others go first: -20 to 19.", &L::nice,
                         optional_of(whole_number(-20, 19)))}));
    // An empty object sets no limit, and is no other configuration than one without it.
    rule.read = [read = std::move(rule.read)](const Place& place, Seldom<LimitsConfig>& out) {
        read(place, out);
        if (out && *out == LimitsConfig()) out.reset();
    };
    return rule;
}

OrderedJson without_probe(const char* key) {
    OrderedJson any = OrderedJson::array();
    for (const char* which : {"ready", "live"}) {
        any.push_back(
            {{"required", {which}}, {"properties", {{which, {{"type", "object"}, {"required", {key}}}}}}});
    }
    return any;
}

}  // namespace reeve
