#include "commands/reload.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

// What changed is stopped first, and may take its grace; the supervisor has its own deadlines.
constexpr std::chrono::hours patience{1};

std::vector<std::string> names_of(const JsonOutput& answer, const char* key) {
    return answer.value(key, std::vector<std::string>());
}

std::string list_of(const std::vector<std::string>& names) { return names.empty() ? "none" : joined(names); }

std::string table_of(const JsonOutput& answer) {
    TextTable table({"WHAT", "NAME", "CHANGES"});
    const auto add_all = [&](const char* key, const char* what, Style style) {
        for (const std::string& name : names_of(answer, key)) {
            const auto keys = answer.value("keys", JsonOutput::object());
            table.add({{what, style}, {name, Style::bold}, {joined(names_of(keys, name.c_str()))}});
        }
    };
    add_all("added", "added", Style::good);
    add_all("changed", "changed", Style::warning);
    add_all("removed", "removed", Style::bad);
    for (const std::string& key : names_of(answer, "settings")) {
        table.add({{"setting", Style::warning}, {key, Style::bold}, {""}});
    }
    return table.empty() ? "nothing would change\n" : table.text();
}

Status reload(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    const std::string params = options.dry_run ? R"({"dry_run":true})" : "{}";
    TRY(const std::string text, ask_supervisor(StorePaths{root}, "reload", params, patience));
    const auto answer = JsonOutput::parse(text, nullptr, false);
    if (!answer.is_object()) return Error(Errc::invalid_data, "reloading", "the answer makes no sense");
    if (options.json) {
        print_json(answer);
    } else if (options.dry_run) {
        print(table_of(answer));
    } else {
        print_line("added: " + list_of(names_of(answer, "added")) +
                   "; changed: " + list_of(names_of(answer, "changed")) +
                   "; removed: " + list_of(names_of(answer, "removed")));
    }
    return done;
}

}  // namespace

int run_reload(const Options& options) { return exit_code::after(reload(options)); }

}  // namespace reeve
