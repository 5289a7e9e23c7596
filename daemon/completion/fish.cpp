#include "completion/shells.hpp"
#include "reeve/base/text.hpp"

namespace reeve {
namespace {

using Value = GrammarOption::Value;

constexpr const char* head = R"(# fish completion for reeve; made by: reeve completion fish
function __reeve_sessions
    set -l words (commandline -opc)
    set -l store
    if set -l at (contains -i -- --store $words)
        set store --store $words[(math $at + 1)]
    end
    $words[1] $store names 2>/dev/null
end
function __reeve_behind_dashes
    contains -- -- (commandline -opc)
end
complete -c reeve -f
)";

std::string in_single_quotes(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') result += '\\';
        result += c;
    }
    return result + "'";
}

std::string values(const GrammarOption& option) {
    switch (option.value) {
        case Value::file:
            return " -r -F";
        case Value::directory:
            return " -x -a '(__fish_complete_directories)'";
        case Value::session:
            return " -a '(__reeve_sessions)'";
        case Value::choice:
            return (option.positional() ? " -a '" : " -x -a '") + joined(option.choices, " ") + "'";
        case Value::text:
            return option.positional() ? "" : " -x";
        case Value::none:
            break;
    }
    return "";
}

std::string line(const std::string& condition, const GrammarOption& option) {
    std::string result = "complete -c reeve" + condition;
    for (const std::string& name : option.names)
        result += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    return result + values(option) + " -d " + in_single_quotes(option.description) + "\n";
}

}  // namespace

std::string fish_completion(const GrammarView& grammar) {
    std::string result = head;
    for (const GrammarOption& option : grammar.options) {
        const bool everywhere = option.value != Value::none;
        result += line(everywhere ? " -n 'not __reeve_behind_dashes'" : " -n __fish_use_subcommand", option);
    }
    for (const GrammarCommand& command : grammar.commands) {
        result += "complete -c reeve -n __fish_use_subcommand -a " + command.name + " -d " +
                  in_single_quotes(command.description) + "\n";
        const std::string condition = "__fish_seen_subcommand_from " + command.name;
        std::string choices;
        for (const GrammarOption& option : command.options) {
            std::string when = condition + "; and not __reeve_behind_dashes";
            if (option.positional() && !choices.empty())
                when += "; and __fish_seen_subcommand_from " + choices;  // behind the choice
            if (option.positional() && option.value == Value::choice) {
                choices = joined(option.choices, " ");
                when += "; and not __fish_seen_subcommand_from " + choices;
            }
            if (option.positional() && option.value == Value::text) continue;
            result += line(" -n '" + when + "'", option);
        }
        if (command.runs_a_command) {
            result += "complete -c reeve -n '" + condition +
                      "; and __reeve_behind_dashes' -F -a '(__fish_complete_command)'\n";
        }
    }
    return result;
}

}  // namespace reeve
