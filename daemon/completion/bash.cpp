#include "completion/shells.hpp"
#include "reeve/base/text.hpp"

namespace reeve {
namespace {

using Value = GrammarOption::Value;

constexpr const char* head = R"(# bash completion for reeve; made by: reeve completion bash
_reeve_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}
_reeve() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command= options= words= i
    local store=()
    COMPREPLY=()
    # "=" is a word of its own here.
    if [[ $current == = ]]; then current=; fi
    if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --store)
                if [[ ${COMP_WORDS[i + 1]} == = ]]; then ((i++)); fi
                ((i++))
                if ((i < COMP_CWORD)); then store=(--store "${COMP_WORDS[i]}"); fi
                ;;
            --)
                if ((i + 1 == COMP_CWORD)); then
                    mapfile -t COMPREPLY < <(compgen -c -- "$current")
                else
                    _reeve_files -f "$current"
                fi
                return
                ;;
            -*) ;;
            *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; fi ;;
        esac
    done
)";

constexpr const char* tail = R"(    if [[ $current == -* ]]; then words=$options; fi
    if [[ $words == '<files>' ]]; then
        _reeve_files -f "$current"
        return
    fi
    if [[ $words == '<sessions>' ]]; then words=$("${COMP_WORDS[0]}" "${store[@]}" names 2>/dev/null); fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _reeve reeve
)";

std::string names_of(const std::vector<GrammarOption>& options) {
    std::vector<std::string> names;
    for (const GrammarOption& option : options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return joined(names, " ");
}

// What the option's value may be: the shell's own files, or words.
std::string value_case(const std::string& command, const GrammarOption& option) {
    std::string patterns;
    for (const std::string& name : option.names)
        patterns += (patterns.empty() ? "" : " | ") + ("\"" + command + " " + name + "\"");
    std::string action = ":";  // a text that nobody can guess
    if (option.value == Value::file) action = "_reeve_files -f \"$current\"";
    if (option.value == Value::directory) action = "_reeve_files -d \"$current\"";
    if (option.value == Value::choice)
        action =
            "mapfile -t COMPREPLY < <(compgen -W \"" + joined(option.choices, " ") + "\" -- \"$current\")";
    return "        " + patterns + ")\n            " + action + "\n            return\n            ;;\n";
}

std::string words_for(const GrammarCommand& command) {
    for (const GrammarOption& option : command.options) {
        if (!option.positional()) continue;
        if (option.value == Value::session) return "<sessions>";
        if (option.value == Value::file) return "<files>";
        if (option.value == Value::choice) return joined(option.choices, " ");
    }
    return "";
}

// A choice may be followed by a file: mcp wrap FILE.
bool has_file_behind(const GrammarCommand& command) {
    bool choice = false;
    for (const GrammarOption& option : command.options) {
        if (!option.positional()) continue;
        if (choice && option.value == Value::file) return true;
        choice = choice || option.value == Value::choice;
    }
    return false;
}

}  // namespace

std::string bash_completion(const GrammarView& grammar) {
    std::string values, commands;
    std::vector<std::string> names;
    const std::string everywhere = names_of(grammar.options);
    for (const GrammarOption& option : grammar.options) {
        if (option.value == Value::directory)
            values += "        *\" " + option.names.front() +
                      "\")\n            _reeve_files -d \"$current\"\n" +
                      "            return\n            ;;\n";
    }
    for (const GrammarCommand& command : grammar.commands) {
        names.push_back(command.name);
        for (const GrammarOption& option : command.options) {
            if (!option.positional() && option.value != Value::none)
                values += value_case(command.name, option);
        }
        commands += "        " + command.name + ")\n            options='" + names_of(command.options) +
                    " --store'\n            words='" + words_for(command) + "'\n";
        if (has_file_behind(command))
            commands += "            if [[ $previous != " + command.name + " ]]; then words='<files>'; fi\n";
        commands += "            ;;\n";
    }
    return head + std::string("    case \"$command $previous\" in\n") + values +
           "    esac\n    case $command in\n" + "        '')\n            options='" + everywhere +
           "'\n            words='" + joined(names, " ") + "'\n            ;;\n" + commands + "    esac\n" +
           tail;
}

}  // namespace reeve
