#include "manual/pages.hpp"
#include "manual/roff.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

namespace reeve {
namespace {

using Schema = nlohmann::ordered_json;

std::string text_kind(const Schema& rule) {
    const std::string pattern = rule.value("pattern", "");
    if (pattern.find("(ms|s|m|h|d)$") != pattern.npos) return "duration";
    if (pattern.find("KiB") != pattern.npos) return "size";
    return "text";
}

bool describes_objects(const Schema& list) {
    return list.contains("items") && list["items"].is_object() && list["items"].contains("properties");
}

std::string kind_of(const Schema& rule) {
    if (rule.contains("enum")) {
        std::string names;
        for (const Schema& name : rule["enum"])
            names += (names.empty() ? "" : ", ") + (name.is_string() ? name.get<std::string>() : name.dump());
        return rule["enum"].size() == 1 ? names : "one of: " + names;
    }
    const std::string type =
        rule.contains("type") && rule["type"].is_string() ? rule["type"].get<std::string>() : "";
    if (type == "string") return text_kind(rule);
    if (type == "boolean") return "true or false";
    if (type == "array") return describes_objects(rule) ? "list of objects" : "list of texts";
    if (type == "object") return "object";
    if (type != "integer") return "value";
    return "whole number from " + rule["minimum"].dump() + " to " + rule["maximum"].dump();
}

// "command" goes without the keys of containers, and "image" without those of commands.
std::string condition(const Schema& object, const std::string& key) {
    if (!object.contains("oneOf")) return "";
    for (const Schema& kind : object["oneOf"]) {
        if (!kind.contains("not") || !kind["not"].contains("anyOf")) continue;
        for (const Schema& excluded : kind["not"]["anyOf"]) {
            // With "properties" it excludes one value and not the key.
            if (excluded["required"][0] == key && !excluded.contains("properties"))
                return " Not together with \"" + kind["required"][0].get<std::string>() + "\".";
        }
    }
    return "";
}

std::string keys_of(const Schema& object, const std::string& path);

std::string entry(const Schema& object, const std::string& key, const Schema& rule, const std::string& path) {
    const std::string name = path + key;
    std::string text = ".TP\n" + bold(name) + " (" + roff(kind_of(rule)) + ")\n";
    text += roff(rule.value("description", "") + condition(object, key));
    if (rule.contains("default")) text += "\nDefault: " + roff(rule["default"].dump()) + ".";
    text += "\n";
    if (rule.contains("properties")) text += keys_of(rule, name + ".");
    if (describes_objects(rule)) text += keys_of(rule["items"], name + "[].");
    if (rule.contains("additionalProperties") && rule["additionalProperties"].contains("properties"))
        text += keys_of(rule["additionalProperties"], name + ".NAME.");
    return text;
}

std::string keys_of(const Schema& object, const std::string& path) {
    std::string text;
    for (const auto& [key, rule] : object["properties"].items()) text += entry(object, key, rule, path);
    return text;
}

constexpr const char* forms = R"(.SH VALUES
.TP
duration
A number and a unit: ms, s, m, h or d, as in "1.5s".
.TP
size
A number and a unit: B, KiB, MiB or GiB, as in "10MiB"; bytes without one.
.TP
list
Texts in brackets, as in ["sleep", "60"].
There is no shell: each text is one argument.
)";

constexpr const char* example = R"({
  // A command and everything that it starts.
  "sessions": {
    "api": {"command": ["python3", "-m", "http.server"], "restart": "always"}
  }
})";

}  // namespace

std::string config_page(const std::string& schema) {
    const Schema root = Schema::parse(schema, nullptr, false);
    std::string page = title_line("reeve.json", "5", "File Formats");
    page += ".SH NAME\nreeve.json \\- configuration of reeve\n";
    page += ".SH DESCRIPTION\nOne file of JSON with comments, in UTF\\-8.\nAn unknown key is a mistake.\n";
    page +=
        ".B reeve check\nfinds every mistake with its place, and\n.B reeve schema\nprints the JSON Schema "
        "for editors.\n";
    page += ".PP\nNo file at all is a valid configuration: no sessions, reaping alone.\n";
    page += ".SH KEYS\nA dot leads into an object; NAME stands for the name of a session.\n";
    page += keys_of(root, "");
    page += forms;
    page += ".SH EXAMPLE\n.nf\n" + roff(example) + "\n.fi\n";
    page +=
        ".SH FILES\n.TP\n.I \\(ti/.config/reeve/reeve.json\nWhere it is looked for, unless\n.B "
        "\\-\\-config\nor\n";
    page += ".B REEVE_CONFIG\nnames another; below\n.B XDG_CONFIG_HOME\nwhere that is set.\n";
    return page + ".SH SEE ALSO\n.BR reeve (1)\n";
}

}  // namespace reeve
