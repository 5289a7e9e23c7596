#include "grammar_view.hpp"

#include "options.hpp"

#include <CLI/CLI.hpp>

#include <sstream>
#include <string_view>

namespace reeve {
namespace {

// CLI11 tells the members of a choice only as a text: "{bash,zsh,fish}". One that the description does not
// name is not for people.
std::vector<std::string> choices_of(const CLI::Option& option) {
    const std::string shown = option.get_type_name();
    const std::size_t open = shown.find('{'), close = shown.find('}');
    std::vector<std::string> choices;
    if (open == shown.npos || close == shown.npos) return choices;
    std::istringstream members(shown.substr(open + 1, close - open - 1));
    for (std::string member; std::getline(members, member, ',');) {
        if (option.get_description().find(member) != std::string::npos) choices.push_back(member);
    }
    return choices;
}

GrammarOption view(const CLI::Option& option) {
    GrammarOption made;
    for (const std::string& name : option.get_snames()) made.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) made.names.push_back("--" + name);
    made.description = option.get_description();
    made.by_default = option.get_default_str();
    made.required = option.get_required();
    made.many = option.get_items_expected_max() > 1;
    made.choices = choices_of(option);
    if (made.positional()) {
        made.value_name = option.get_name(true);
    } else if (option.get_type_size() > 0) {
        const std::string type = option.get_type_name();
        made.value_name = type.substr(0, type.find(':'));
    }
    using Value = GrammarOption::Value;
    if (made.value_name == "FILE") {
        made.value = Value::file;
    } else if (made.value_name == "DIR") {
        made.value = Value::directory;
    } else if (made.positional() && made.value_name == "NAME") {
        made.value = Value::session;
    } else if (!made.choices.empty()) {
        made.value = Value::choice;
    } else if (!made.value_name.empty()) {
        made.value = Value::text;
    }
    return made;
}

std::vector<GrammarOption> options_of(const CLI::App& app) {
    std::vector<GrammarOption> options;
    for (const CLI::Option* option : app.get_options()) {
        if (!option->get_group().empty()) options.push_back(view(*option));
    }
    return options;
}

GrammarCommand view(const CLI::App& app) {
    constexpr std::string_view mark = "Example: ";
    GrammarCommand made;
    made.name = app.get_name();
    made.description = app.get_description();
    made.options = options_of(app);
    std::istringstream footer(app.get_footer());
    for (std::string line; std::getline(footer, line);) {
        if (line.starts_with(mark)) made.examples.push_back(line.substr(mark.size()));
    }
    for (const std::string& example : made.examples) {
        made.runs_a_command = made.runs_a_command || example.find(" -- ") != example.npos;
    }
    return made;
}

}  // namespace

GrammarView view_grammar() {
    GrammarView made;
    describe_command_line([&](const CLI::App& app) {
        made.description = app.get_description();
        made.footer = app.get_footer();
        made.options = options_of(app);
        for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
            if (!command->get_group().empty()) made.commands.push_back(view(*command));
        }
    });
    return made;
}

}  // namespace reeve
