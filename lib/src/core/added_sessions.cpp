#include "reeve/core/added_sessions.hpp"

#include "model/json_text.hpp"
#include "reeve/model/config_parse.hpp"
#include "reeve/os/files.hpp"

namespace reeve {
namespace {

constexpr int schema_version = 1;

}  // namespace

AddedSessions::AddedSessions(Worker& worker, std::filesystem::path path)
    : path_(std::move(path)),
      file_(
          worker, [this] { return render(); },
          [path = path_](const std::string& text) { return replace_file(path, text); }) {}

std::string AddedSessions::render() const {
    OrderedJson sessions = OrderedJson::object();
    for (const auto& [name, entry] : entries_) {
        sessions[name.value] = OrderedJson::parse(entry.text, nullptr, false);
    }
    return dump_json_pretty({{"schema_version", schema_version}, {"sessions", sessions}});
}

std::vector<std::string> AddedSessions::load() {
    const std::string doing = "reading the added sessions in " + path_.string();
    const auto text = read_file(path_);
    if (!text.ok() && text.error().code() == std::errc::no_such_file_or_directory) return {};
    std::string why;
    std::vector<std::string> problems;
    if (!text.ok()) {
        why = text.error().why();
    } else {
        const auto root = parse_json(*text, doing);
        const Json* sessions = root.ok() ? object_field(*root, "sessions") : nullptr;
        if (sessions == nullptr) {
            why = root.ok() ? "it has no \"sessions\"" : root.error().why();
        } else {
            for (const auto& [name, value] : sessions->items()) {
                const std::string session = dump_json(value);
                auto parsed = parse_session(session);
                if (is_session_name(name) && parsed.problems.empty()) {
                    entries_[{name}] = {std::move(parsed.config), session};
                    continue;
                }
                why = "session " + name +
                      (parsed.problems.empty() ? " has no proper name" : ": " + parsed.problems.front().what);
            }
        }
    }
    if (why.empty()) return {};
    // The next write replaces the file; what was not understood stays to be looked at.
    const std::filesystem::path aside = path_.string() + ".unreadable";
    std::error_code ignored;
    std::filesystem::copy_file(path_, aside, std::filesystem::copy_options::overwrite_existing, ignored);
    return {doing + ": " + why + "; what could not be read was put aside in " + aside.string()};
}

}  // namespace reeve
