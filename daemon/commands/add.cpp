#include "commands/add.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"

namespace reeve {
namespace {

// A start may take an image's pull; the supervisor has its own deadlines.
constexpr std::chrono::hours patience{1};

struct Pair {
    std::string key, value;
};

Result<Pair> split(const std::string& option, const std::string& text) {
    const auto equals = text.find('=');
    if (equals != std::string::npos && equals > 0)
        return Pair{text.substr(0, equals), text.substr(equals + 1)};
    return Error(Errc::bad_config, "reading " + option + " " + in_quotes(text), "there is no '=' in it",
                 "write it as " + option + " NAME=value");
}

// "stop.grace=3s", "restart=never", "give_up_after={\"restarts\": 3}": what is JSON is taken as it is, and
// anything else as a text.
Status set_key(JsonOutput& session, const std::string& text) {
    TRY(const Pair pair, split("--set", text));
    JsonOutput* place = &session;
    std::string rest = pair.key;
    for (auto dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
        place = &(*place)[rest.substr(0, dot)];
        if (!place->is_null() && !place->is_object()) {
            return Error(Errc::bad_config, "reading --set " + in_quotes(text),
                         in_quotes(rest.substr(0, dot)) + " has no keys in it");
        }
        rest = rest.substr(dot + 1);
    }
    JsonOutput value = JsonOutput::parse(pair.value, nullptr, false);
    (*place)[rest] = value.is_discarded() ? JsonOutput(pair.value) : std::move(value);
    return done;
}

// A shell has filled in its variables already: what still looks like one is meant as it is. "${" is written
// "$${".
std::string as_it_is(std::string text) {
    for (auto at = text.find("${"); at != text.npos; at = text.find("${", at + 3)) text.insert(at, 1, '$');
    return text;
}

std::vector<std::string> as_they_are(std::vector<std::string> texts) {
    for (std::string& text : texts) text = as_it_is(std::move(text));
    return texts;
}

Result<JsonOutput> session_from(const Options& options) {
    const AddOptions& wanted = options.add;
    JsonOutput session = JsonOutput::object();
    if (wanted.image) {
        session["image"] = *wanted.image;
        if (!options.argv.empty()) session["args"] = as_they_are(options.argv);
    } else {
        session["command"] = as_they_are(options.argv);
    }
    if (wanted.cwd) session["cwd"] = as_it_is(*wanted.cwd);
    for (const std::string& variable : wanted.env) {
        TRY(const Pair pair, split("--env", variable));
        session["env"][pair.key] = as_it_is(pair.value);
    }
    if (!wanted.engine_options.empty()) session["options"] = as_they_are(wanted.engine_options);
    if (wanted.restart) session["restart"] = *wanted.restart;
    if (wanted.stop_signal) session["stop"]["signal"] = *wanted.stop_signal;
    if (wanted.grace) session["stop"]["grace"] = *wanted.grace;
    if (!wanted.after.empty()) session["after"] = wanted.after;
    if (wanted.no_autostart) session["autostart"] = false;
    for (const std::string& key : wanted.set) {
        CHECK(set_key(session, key));
    }
    return session;
}

Status add(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const JsonOutput session, session_from(options));
    const JsonOutput params{{"name", options.names.front()}, {"session", session}};
    const std::string text = params.dump(-1, ' ', false, JsonOutput::error_handler_t::replace);
    CHECK(ask_supervisor(StorePaths{root}, "add", text, patience));
    return done;
}

}  // namespace

int run_add(const Options& options) { return exit_code::after(add(options)); }

}  // namespace reeve
