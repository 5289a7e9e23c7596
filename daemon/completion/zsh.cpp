#include "completion/shells.hpp"
#include "reeve/base/text.hpp"

namespace reeve {
namespace {

using Value = GrammarOption::Value;

constexpr const char* head = R"zsh(#compdef reeve
# zsh completion for reeve; made by: reeve completion zsh
_reeve_sessions() {
    local -a names
    names=(${(f)"$($reeve_program $reeve_store names 2>/dev/null)"})
    compadd -a names
}
)zsh";

// Inside single quotes, and inside the brackets and colons of _arguments.
std::string quoted_text(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '\'')
            result += "'\\''";
        else if (c == '[' || c == ']' || c == ':' || c == '\\')
            result += std::string("\\") + c;
        else
            result += c;
    }
    return result;
}

std::string action(const GrammarOption& option) {
    switch (option.value) {
        case Value::file:
            return "_files";
        case Value::directory:
            return "_files -/";
        case Value::session:
            return "_reeve_sessions";
        case Value::choice:
            return "(" + joined(option.choices, " ") + ")";
        case Value::text:
        case Value::none:
            break;
    }
    return " ";
}

std::string specification(const GrammarOption& option) {
    const std::string value =
        option.value == Value::none ? "" : ":" + quoted_text(option.value_name) + ":" + action(option);
    if (option.positional()) return std::string("'") + (option.many ? "*" : "") + value + "'";
    const std::string shown = "[" + quoted_text(option.description) + "]" + value + "'";
    if (option.names.size() == 1) return "'" + option.names.front() + shown;
    return "'(" + joined(option.names, " ") + ")'{" + joined(option.names, ",") + "}'" + shown;
}

std::string specifications(const std::vector<GrammarOption>& options, const std::string& indent) {
    std::string result;
    for (const GrammarOption& option : options) result += " \\\n" + indent + specification(option);
    return result;
}

}  // namespace

std::string zsh_completion(const GrammarView& grammar) {
    std::string commands, cases;
    for (const GrammarCommand& command : grammar.commands) {
        commands += "        '" + command.name + ":" + quoted_text(command.description) + "'\n";
        cases += "        " + command.name + ")\n            _arguments -s" +
                 specifications(command.options, "                ") + " \\\n                " +
                 specification(grammar.options.back());
        if (command.runs_a_command) cases += " \\\n                '*:::command:_normal'";
        cases += "\n            ;;\n";
    }
    return head + std::string("_reeve_commands() {\n    local -a commands=(\n") + commands +
           "    )\n    _describe command commands\n}\n_reeve() {\n    local reeve_program=$words[1] state "
           "line\n" +
           "    local -a reeve_store\n    typeset -A opt_args\n    _arguments -C" +
           specifications(grammar.options, "        ") +
           " \\\n        '1:command:_reeve_commands' \\\n        '*::argument:->argument'\n" +
           "    [[ $state == argument ]] || return\n" +
           "    [[ -n $opt_args[--store] ]] && reeve_store=(--store ${(Q)opt_args[--store]})\n" +
           "    case $words[1] in\n" + cases + "    esac\n}\n" +
           "# Sourced, or loaded by compinit from a folder of $fpath.\n" +
           "if [[ $funcstack[1] == _reeve ]]; then _reeve \"$@\"; else compdef _reeve reeve; fi\n";
}

}  // namespace reeve
