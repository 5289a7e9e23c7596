#include "engine/docker_parse.hpp"

#include "model/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace reeve {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_but_for_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

// The field, whatever the case of its key; null when absent.
const Json* field(const Json* object, std::string_view name) {
    if (object == nullptr || !object->is_object()) return nullptr;
    for (auto it = object->begin(); it != object->end(); ++it) {
        if (same_but_for_case(it.key(), name)) return &it.value();
    }
    return nullptr;
}

std::string text_of(const Json* object, std::string_view name) {
    const Json* value = field(object, name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

bool is_true(const Json* object, std::string_view name) {
    const Json* value = field(object, name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
}

int number_of(const Json* object, std::string_view name) {
    const Json* value = field(object, name);
    if (value == nullptr || !value->is_number_integer()) return 0;
    const auto wide = value->get<std::int64_t>();
    return wide >= INT32_MIN && wide <= INT32_MAX ? static_cast<int>(wide) : 0;
}

Error nonsense(const std::string& what, const std::string& why) {
    return {Errc::invalid_data, what, "the engine's answer makes no sense: " + why};
}

// Labels decide what is removed: a map of texts, or nothing at all.
Result<Labels> labels_in(const Json* value, const std::string& what) {
    Labels labels;
    if (value == nullptr || value->is_null()) return labels;
    if (!value->is_object()) return nonsense(what, "its labels are no map");
    for (auto it = value->begin(); it != value->end(); ++it) {
        if (!it.value().is_string()) return nonsense(what, "the label " + it.key() + " is no text");
        labels[it.key()] = it.value().get<std::string>();
    }
    return labels;
}

// Engines write the year 1 for "never".
std::string time_in(const Json* object, std::string_view name) {
    std::string time = text_of(object, name);
    return time.rfind("0001-", 0) == 0 ? std::string() : time;
}

std::string health_in(const Json* state) {
    const Json* health = field(state, "Health");
    if (health == nullptr) health = field(state, "Healthcheck");  // podman before 4.0
    std::string status = text_of(health, "Status");
    return status == "none" ? std::string() : status;
}

Result<ContainerInfo> container_in(const Json& element, const std::string& what) {
    const Json* config = field(&element, "Config");
    const Json* state = field(&element, "State");
    ContainerInfo info;
    info.id.value = text_of(&element, "Id");
    if (!is_container_id(info.id.value)) return nonsense(what, "a container has no valid id");
    if (state == nullptr || !state->is_object())
        return nonsense(what, "container " + info.id.value + " has no state");

    info.name = text_of(&element, "Name");
    if (!info.name.empty() && info.name.front() == '/') info.name.erase(0, 1);
    info.image = text_of(config, "Image");
    if (info.image.empty()) info.image = text_of(&element, "ImageName");
    if (info.image.empty()) info.image = text_of(&element, "Image");
    const Json* labels = field(config, "Labels");
    if (labels == nullptr) labels = field(&element, "Labels");
    TRY(info.labels, labels_in(labels, what));

    // docker says "running" of a paused container too; podman does not.
    const std::string status = text_of(state, "Status");
    info.running = is_true(state, "Running") || is_true(state, "Paused") || status == "running" ||
                   status == "paused" || status == "stopping";
    info.exit_code = number_of(state, "ExitCode");
    info.started_at = time_in(state, "StartedAt");
    info.created_at = time_in(&element, "Created");
    info.pid = info.running ? number_of(state, "Pid") : 0;
    info.health = health_in(state);
    return info;
}

Result<Json> array_in(std::string_view text, const std::string& what) {
    TRY(Json parsed, parse_json(text, what));
    if (!parsed.is_array()) return nonsense(what, "not a list");
    return parsed;
}

}  // namespace

bool is_container_id(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_engine_name(std::string_view text) {
    const auto is_alnum = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    return !text.empty() && text.size() <= 255 && is_alnum(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

std::vector<std::string> nonempty_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!line.empty()) lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Result<std::vector<ContainerId>> parse_container_ids(std::string_view text, const std::string& what) {
    std::vector<ContainerId> ids;
    for (const std::string& line : nonempty_lines(text)) {
        if (!is_container_id(line)) return nonsense(what, "a line is no container id");
        ids.push_back({line});
    }
    return ids;
}

Result<std::vector<std::string>> parse_names(std::string_view text, const std::string& what) {
    std::vector<std::string> names = nonempty_lines(text);
    for (const std::string& name : names) {
        if (!is_engine_name(name)) return nonsense(what, "a line is no name");
    }
    return names;
}

std::vector<std::string> parse_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (c != ' ' && c != ',' && c != '\n' && c != '\r' && c != '\t') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::exchange(word, {}));
        }
    }
    if (!word.empty()) words.push_back(word);
    return words;
}

Result<std::vector<ContainerInfo>> parse_containers(std::string_view text, const std::string& what) {
    TRY(const Json parsed, array_in(text, what));
    std::vector<ContainerInfo> infos;
    for (const Json& element : parsed) {
        TRY(ContainerInfo info, container_in(element, what));
        infos.push_back(std::move(info));
    }
    return infos;
}

Result<std::vector<VolumeOrNetwork>> parse_networks_or_volumes(std::string_view text,
                                                               const std::string& what) {
    TRY(const Json parsed, array_in(text, what));
    std::vector<VolumeOrNetwork> found;
    for (const Json& element : parsed) {
        VolumeOrNetwork one;
        one.name = text_of(&element, "Name");
        one.id = text_of(&element, "Id");
        if (!is_engine_name(one.name)) return nonsense(what, "something has no valid name");
        TRY(one.labels, labels_in(field(&element, "Labels"), what));
        found.push_back(std::move(one));
    }
    return found;
}

Result<EngineInfo> parse_info(std::string_view text, const std::string& what) {
    TRY(const Json parsed, parse_json(text, what));
    if (!parsed.is_object()) return nonsense(what, "not an object");
    if (const Json* errors = field(&parsed, "ServerErrors"); errors != nullptr && !errors->empty()) {
        const Json& first = errors->is_array() ? errors->front() : *errors;
        return Error(Errc::unreachable, what, first.is_string() ? first.get<std::string>() : std::string());
    }
    EngineInfo info;
    info.version = text_of(&parsed, "ServerVersion");
    info.engine_id = text_of(&parsed, "ID");
    if (info.version.empty()) {
        // podman has no server id: the folder of its state tells one user's podman from another's.
        info.version = text_of(field(&parsed, "Version"), "Version");
        info.engine_id = text_of(field(&parsed, "Store"), "GraphRoot");
    }
    if (info.version.empty()) return nonsense(what, "it names no server version");
    return info;
}

Result<std::optional<EngineEvent>> parse_event(std::string_view line, const std::string& what) {
    TRY(const Json parsed, parse_json(line, what));
    if (!parsed.is_object()) return nonsense(what, "not an object");
    const std::string type = text_of(&parsed, "Type");
    if (!type.empty() && type != "container") return std::optional<EngineEvent>();

    const Json* actor = field(&parsed, "Actor");
    const Json* attributes = field(actor != nullptr ? actor : &parsed, "Attributes");
    EngineEvent event;
    event.id.value = text_of(actor != nullptr ? actor : &parsed, "ID");
    event.action = text_of(&parsed, "Action");
    if (event.action.empty()) event.action = text_of(&parsed, "Status");
    if (event.action == "died") event.action = "die";  // podman's words
    if (event.action == "remove") event.action = "destroy";
    if (event.action.empty()) return nonsense(what, "an event without an action");
    if (!is_container_id(event.id.value)) return nonsense(what, "an event without a container id");
    TRY(event.labels, labels_in(attributes, what));

    if (const auto code = event.labels.find("exitCode"); code != event.labels.end()) {
        int number = 0;
        const char* end = code->second.data() + code->second.size();
        if (std::from_chars(code->second.data(), end, number).ptr == end) event.exit_code = number;
    } else if (field(&parsed, "ContainerExitCode") != nullptr) {
        event.exit_code = number_of(&parsed, "ContainerExitCode");
    }
    return std::optional<EngineEvent>(std::move(event));
}

}  // namespace reeve
