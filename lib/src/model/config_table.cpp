#include "config_table.hpp"

#include "config_object.hpp"
#include "config_order.hpp"
#include "config_session_parts.hpp"
#include "reeve/base/text.hpp"
#include "reeve/base/time_text.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>

namespace reeve {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds at_once = 0ms;
constexpr milliseconds instant = 1ms;  // zero would be a limit that nothing meets
constexpr milliseconds one_day = 24h;

constexpr TextForm absolute_path{
    .pattern = "^(/|~/|~$)[^\\u0000]*$",
    .fits =
        [](std::string_view text) { return text.starts_with('/') || text.starts_with("~/") || text == "~"; },
    .otherwise = "is not an absolute path",
    .fix = "begin it with / or ~/"};

// What begins with '-' would be taken for an option by the next command line; so with endpoints and images.
constexpr TextForm program{
    .pattern = "^[^-\\u0000][^\\u0000]*$",
    .fits = [](std::string_view text) { return !text.empty() && !text.starts_with('-'); },
    .otherwise = "is not the name of a program",
    .fix = "write a name that is on PATH, or an absolute path"};

constexpr TextForm endpoint_form{
    .pattern = "^[a-z][a-z0-9+.-]*://[^\\u0000 ]+$",
    .fits =
        [](std::string_view text) {
            const std::size_t scheme = text.find("://");
            if (scheme == text.npos || scheme + 3 == text.size() || !(text[0] >= 'a' && text[0] <= 'z')) {
                return false;
            }
            const std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789+.-";
            return text.substr(0, scheme).find_first_not_of(allowed) == text.npos &&
                   text.find(' ') == text.npos;
        },
    .otherwise = "is not the address of an engine",
    .fix = "write it as \"unix:///var/run/docker.sock\""};

constexpr TextForm image_form{.pattern = "^[A-Za-z0-9][^\\u0000 \\t\\r\\n]*$",
                              .fits =
                                  [](std::string_view text) {
                                      return is_session_name(text.substr(0, 1)) &&
                                             text.find_first_of(" \t\r\n") == text.npos;
                                  },
                              .otherwise = "is not the name of an image",
                              .fix = "write it as \"postgres:16\""};

// What reeve itself decides for every container: with another name, or restarted behind its back by the
// engine, one could outlive its owner.
constexpr TextForm option_form{.pattern = any_text.pattern,
                               .fits =
                                   [](std::string_view text) {
                                       const std::string_view key = text.substr(0, text.find('='));
                                       return key != "--name" && key != "--restart" && key != "--cidfile";
                                   },
                               .otherwise = "is set by reeve itself",
                               .fix = "remove it; for restarts there is the key \"restart\"",
                               .never = "^--(name|restart|cidfile)(=|$)"};

constexpr const char* how_a_command_is_written =
    "write a list of the program and its arguments: [\"python3\", \"-m\", \"http.server\"]";

Rule<RestartPolicy> restart_policy() {
    return choice<RestartPolicy>({{"never", RestartPolicy::never},
                                  {"on-failure", RestartPolicy::on_failure},
                                  {"always", RestartPolicy::always},
                                  {"unless-stopped", RestartPolicy::unless_stopped}});
}

Rule<OnOwnerDeath> on_owner_death() {
    return choice<OnOwnerDeath>({{"reap", OnOwnerDeath::reap}, {"adopt", OnOwnerDeath::adopt}});
}

Rule<int> signal_name() {
    return choice<int>({{"TERM", SIGTERM},
                        {"INT", SIGINT},
                        {"QUIT", SIGQUIT},
                        {"HUP", SIGHUP},
                        {"USR1", SIGUSR1},
                        {"USR2", SIGUSR2},
                        {"KILL", SIGKILL}});
}

Rule<BackoffConfig> backoff() {
    return object<BackoffConfig>(
        {field("initial", "The pause before the first restart; it doubles each time. 0ms: none, before any.",
               &BackoffConfig::initial, duration(at_once, one_day)),
         field("max", "The longest pause.", &BackoffConfig::max, duration(instant, one_day)),
         field("reset_after", "After a life this long the pauses begin at the first again.",
               &BackoffConfig::reset_after, duration(at_once, one_day))},
        [](const Place& place, const BackoffConfig& read) {
            if (read.initial <= read.max) return;
            place.refuse("the longest pause, " + format_duration(read.max) + ", is shorter than the first, " +
                             format_duration(read.initial),
                         "raise \"max\" or lower \"initial\"");
        });
}

Rule<GiveUpConfig> give_up_after() {
    return object<GiveUpConfig>({field("restarts", "So many restarts are still made.",
                                       &GiveUpConfig::restarts, whole_number(0, 1'000'000)),
                                 field("within", "Only restarts within this time are counted.",
                                       &GiveUpConfig::within, duration(instant, 365 * one_day))});
}

Rule<StopConfig> stop() {
    return object<StopConfig>(
        {field("signal", "The signal that asks the session to end.", &StopConfig::signal, signal_name()),
         field("grace", "How long it may take before the whole tree is killed.", &StopConfig::grace,
               duration(at_once, one_day))});
}

Rule<LogConfig> log() {
    return object<LogConfig>(
        {field("max_size", "The size at which the file is rotated.", &LogConfig::max_size,
               size(4096, 1ULL << 40)),
         field("keep", "How many rotated files are kept.", &LogConfig::keep, whole_number(0, 1000))});
}

Rule<LogsConfig> logs() {
    return object<LogsConfig>(
        {field("max_total",
               "The limit of all logs of the store together; beyond it the oldest rotated "
               "files are removed.",
               &LogsConfig::max_total, size(4096, 1ULL << 50))});
}

Rule<EngineConfig> engine() {
    return object<EngineConfig>(
        {field("command", "The command line of the container engine: docker, podman or nerdctl.",
               &EngineConfig::command, text(program)),
         field("endpoint", "The address of the engine; without it, the command's own default.",
               &EngineConfig::endpoint, text(endpoint_form)),
         field("timeout", "The limit of one call to the engine.", &EngineConfig::timeout,
               duration(100ms, one_day))});
}

// Our own labels are the business of the registry: by them a file of others could name what is ours.
constexpr TextForm label_form{.pattern = "^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$",
                              .fits =
                                  [](std::string_view text) {
                                      const std::string_view more = "._/-";
                                      return text.size() <= 128 && is_session_name(text.substr(0, 1)) &&
                                             !text.starts_with("reeve.") &&
                                             std::all_of(text.begin(), text.end(), [&](char c) {
                                                 return is_session_name({&c, 1}) || more.find(c) != more.npos;
                                             });
                                  },
                              .otherwise = "is not the key of a label of others",
                              .fix = "write the key alone, as in \"com.example.server-id\"",
                              .never = "^reeve\\."};

Rule<std::vector<ForeignRegistryConfig>> foreign_registries() {
    const auto one = object<ForeignRegistryConfig>(
        {field("path", "The directory of its files: absolute, or ~/ for one in the home directory.",
               &ForeignRegistryConfig::path, text(absolute_path)),
         field("label", "The key of the label that its containers bear; its value is the instance's id.",
               &ForeignRegistryConfig::label, text(label_form))},
        [](const Place& place, const ForeignRegistryConfig&) {
            if (place.node().find("path") == nullptr)
                place.refuse("\"path\" is missing", "name the directory of the files");
        });
    Rule<std::vector<ForeignRegistryConfig>> rule;
    rule.schema = [inner = one.schema] {
        OrderedJson schema = {{"type", "array"}, {"items", inner()}};
        schema["items"]["required"] = {"path"};
        return schema;
    };
    rule.read = [read = one.read](const Place& place, std::vector<ForeignRegistryConfig>& out) {
        if (!place.expect(JsonNode::Kind::array, "write a list: [{\"path\": \"~/.example/instances\"}]"))
            return;
        out.clear();
        for (std::size_t i = 0; i < place.node().children.size(); ++i) {
            out.emplace_back();
            read(place.element(i), out.back());
        }
    };
    return rule;
}

// Looked at now only for whoever wants to know: it is read at each start.
Rule<std::vector<std::string>> env_files() {
    auto rule = texts(with_variables(absolute_path), "write a list of files: [\"~/site.env\"]");
    rule.read = [read = rule.read](const Place& place, std::vector<std::string>& out) {
        read(place, out);
        if (!place.around().why_not_env_file || out.size() != place.node().children.size()) return;
        for (std::size_t i = 0; i < out.size(); ++i) {
            const auto why_not = place.around().why_not_env_file(out[i]);
            if (why_not) place.element(i).refuse(*why_not, "mend it: the session cannot start without");
        }
    };
    return rule;
}

// The command is kept as it was written too: a record must not hold what a variable stood for.
Field<SessionConfig> keeping_what_was_written(Field<SessionConfig> command) {
    command.read = [read = command.read](const Place& place, SessionConfig& session) {
        read(place, session);
        std::vector<std::string> words;
        for (const JsonNode& word : place.node().children) words.push_back(word.string);
        Argv written(std::move(words));
        if (written != session.command) session.written_command = std::move(written);
    };
    return command;
}

Table<SessionConfig> session_table() {
    using enum SessionKind;
    using S = SessionConfig;
    return {
        keeping_what_was_written(field(
            "command", "The program and its arguments; the program is looked up on PATH. There is no shell.",
            &S::command,
            arguments(texts(with_variables(program), with_variables(any_text), how_a_command_is_written)),
            process)),
        field("image", "The image of a container session.", &S::image, text(with_variables(image_form)),
              container),
        field("cwd", "The directory to run in: absolute, or ~/ for one in the home directory.", &S::cwd,
              text(with_variables(absolute_path)), process,
              "put \"--workdir\" and the directory into \"options\""),
        field("env", "Variables on top of the environment of reeve.", &S::env,
              variables({"REEVE_STORE", "REEVE_INSTANCE", "REEVE_SESSION"})),
        field("env_file", "Files of NAME=value lines, read at each start; \"env\" stands above them.",
              &S::env_file, env_files()),
        field("options", "Options of the engine's create command.", &S::options,
              texts(with_variables(option_form), "write a list: [\"-p\", \"5432:5432\"]"), container),
        field("args", "Arguments after the image.", &S::args,
              texts(with_variables(any_text), "write a list: [\"--verbose\"]"), container,
              "put them into \"command\""),
        field("restart", "Whether it is started again when it ends.", &S::restart, restart_policy()),
        field("backoff", "The pauses between restarts.", &S::backoff, backoff()),
        field("give_up_after", "When restarts are too many, the session has failed and is left so.",
              &S::give_up_after, give_up_after()),
        field("ready", "What tells that it is ready; without it, it is ready when it runs.", &S::ready,
              optional_of<Seldom>(ready_rule())),
        field("live", "What tells that it still works; when it does not, it is ended and has failed.",
              &S::live, optional_of<Seldom>(live_rule())),
        field("limits", "What the kernel allows its processes.", &S::limits, limits_rule(), process,
              "put \"--ulimit\" or \"--memory\" into \"options\""),
        field("stop", "How it is stopped.", &S::stop, stop()),
        field("log", "The file that holds its output.", &S::log, log(), process,
              "the engine keeps a container's output: see \"--log-opt\" for \"options\""),
        field("after", "Sessions that must be ready before this one starts, and that stop after it.",
              &S::after, session_names()),
        field("autostart", "Whether it starts with reeve; if not, `reeve start` starts it.", &S::autostart,
              flag()),
        field("on_owner_death",
              "When its supervisor is killed: whether it is ended, or goes on and is taken over by the next.",
              &S::on_owner_death, on_owner_death())};
}

// Exactly one of the two, and only the keys that go with it.
void check_kind(const Place& place, const Table<SessionConfig>& table) {
    const bool has_command = place.node().find("command") != nullptr;
    const bool has_image = place.node().find("image") != nullptr;
    if (has_command == has_image) {
        place.refuse(has_command ? "both \"command\" and \"image\"" : "neither \"command\" nor \"image\"",
                     "a session runs exactly one of the two");
        return;
    }
    const SessionKind other = has_command ? SessionKind::container : SessionKind::process;
    for (const JsonNode& node : place.node().children) {
        for (const auto& row : table) {
            if (row.name != node.key || row.kind != other) continue;
            place.member(node).refuse_key("\"" + row.name + "\" is only for " +
                                              (has_command ? "containers, and this session runs a command"
                                                           : "commands, and this session runs a container"),
                                          row.instead);
        }
    }
    const char* wrong = has_command ? "engine" : "notify";
    for (const char* key : {"ready", "live"}) {
        const JsonNode* probe = place.node().find(key);
        const JsonNode* kind = probe != nullptr ? probe->find(wrong) : nullptr;
        if (kind == nullptr) continue;
        place.member(*probe).member(*kind).refuse_key(
            std::string("\"") + wrong + "\" is only for " +
                (has_command ? "containers, and this session runs a command"
                             : "commands, and this session runs a container"),
            has_command ? "use http, tcp, exec, log or notify" : "use http, tcp, exec, log or engine");
    }
}

// The same for the schema: "command" without the keys of containers, or "image" without those of commands.
OrderedJson one_kind(const Table<SessionConfig>& table, const char* required, SessionKind other) {
    OrderedJson keys = OrderedJson::array();
    for (const auto& row : table) {
        if (row.kind == other) keys.push_back({{"required", {row.name}}});
    }
    const bool process = other == SessionKind::container;
    for (const auto& probe : without_probe(process ? "engine" : "notify")) keys.push_back(probe);
    return {{"required", {required}}, {"not", {{"anyOf", keys}}}};
}

Rule<std::map<SessionName, SessionConfig>> sessions() {
    const auto session = session_rule();
    Rule<std::map<SessionName, SessionConfig>> rule;
    rule.schema = [inner = session.schema] {
        return OrderedJson{
            {"type", "object"},
            {"propertyNames",
             {{"pattern", session_name_form.pattern}, {"not", {{"enum", {reserved_session_name}}}}}},
            {"additionalProperties", inner()}};
    };
    rule.read = [read = session.read](const Place& place, std::map<SessionName, SessionConfig>& out) {
        if (!place.expect(JsonNode::Kind::object, "write { \"NAME\": { \"command\": [...] } }")) return;
        for (const JsonNode& node : place.node().children) {
            const Place named = place.member(node);
            if (!session_name_form.fits(node.key)) {
                named.refuse_key(in_quotes(node.key) + " " + session_name_form.otherwise,
                                 session_name_form.fix);
            }
            if (node.key == reserved_session_name)
                named.refuse_key("\"reeve\" is the name of the supervisor's own log", "choose another name");
            read(named, out[{node.key}]);
        }
        check_order(place, out);
    };
    return rule;
}

// Editors find the schema by it; it means nothing to us.
Field<Config> schema_reference() {
    Field<Config> made;
    made.name = "$schema";
    made.schema = [] {
        return OrderedJson{{"description", "Where editors find this schema."}, {"type", "string"}};
    };
    made.read = [](const Place& place, Config&) {
        place.expect(JsonNode::Kind::string, "write the address of the schema in double quotes");
    };
    return made;
}

Table<Config> config_table() {
    return {schema_reference(),
            field("engine", "The container engine that is used.", &Config::engine, engine()),
            field("logs", "The logs of all sessions.", &Config::logs, logs()),
            field("sessions", "What to run, by name.", &Config::sessions, sessions()),
            field("max_sessions", "How many sessions there may be, those of `reeve add` included.",
                  &Config::max_sessions, whole_number(1, 1'000'000)),
            field("reap_grace", "How long what a dead instance left may take to end before it is killed.",
                  &Config::reap_grace, duration(at_once, one_day)),
            field("stop_deadline", "The limit of a whole orderly stop.", &Config::stop_deadline,
                  duration(instant, one_day)),
            field("foreign_registries", "Directories of another program's instance files, reaped too.",
                  &Config::foreign_registries, foreign_registries())};
}

// In every text of a configuration there may be no more sessions than it allows itself.
void check_count(const Place& place, const Config& config) {
    if (config.sessions.size() <= static_cast<std::size_t>(config.max_sessions)) return;
    const JsonNode* sessions = place.node().find("sessions");
    if (sessions == nullptr) return;
    place.member(*sessions).refuse(std::to_string(config.sessions.size()) + " sessions are more than " +
                                       std::to_string(config.max_sessions),
                                   "raise \"max_sessions\"");
}

}  // namespace

Rule<SessionConfig> session_rule() {
    const auto table = std::make_shared<const Table<SessionConfig>>(session_table());
    auto rule = object<SessionConfig>(
        *table, [table](const Place& place, const SessionConfig&) { check_kind(place, *table); });
    rule.schema = [table, inner = std::move(rule.schema)] {
        OrderedJson schema = inner();
        schema["oneOf"] = OrderedJson::array({one_kind(*table, "command", SessionKind::container),
                                              one_kind(*table, "image", SessionKind::process)});
        return schema;
    };
    return rule;
}

Rule<Config> config_rule() { return object<Config>(config_table(), check_count); }

std::vector<std::string> changed_keys(const SessionConfig& before, const SessionConfig& after) {
    return different_members(session_table(), before, after);
}

std::vector<std::string> changed_settings(const Config& before, const Config& after) {
    auto names = different_members(config_table(), before, after);
    std::erase(names, "sessions");
    return names;
}

}  // namespace reeve
