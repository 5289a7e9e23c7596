// The grammar of the command line as plain values, for everything that is made from it.
#pragma once

#include <string>
#include <vector>

namespace reeve {

struct GrammarOption {
    enum class Value { none, text, file, directory, session, choice };
    std::vector<std::string> names;  // "--json", "-f": with their dashes; empty for a positional one
    std::string value_name;          // "FILE", or the name of a positional one; empty for a flag
    Value value = Value::none;
    std::vector<std::string> choices;
    std::string description, by_default;
    bool required = false, many = false;

    bool positional() const { return names.empty(); }
};

struct GrammarCommand {
    std::string name, description;
    std::vector<std::string> examples;  // whole command lines
    std::vector<GrammarOption> options;
    bool runs_a_command = false;  // behind --
};

struct GrammarView {
    std::string description, footer;
    std::vector<GrammarOption> options;  // understood by every command
    std::vector<GrammarCommand> commands;
};

// Without hidden commands and options.
GrammarView view_grammar();

}  // namespace reeve
