#include "manual/pages.hpp"
#include "manual/roff.hpp"

namespace reeve {
namespace {

std::string option_head(const GrammarOption& option) {
    if (option.positional()) return italic(option.value_name);
    std::string head;
    for (const std::string& name : option.names) head += (head.empty() ? "" : ", ") + bold(name);
    return option.value_name.empty() ? head : head + " " + italic(option.value_name);
}

std::string option_entry(const GrammarOption& option) {
    std::string entry = ".TP\n" + option_head(option) + "\n" + roff(option.description);
    if (!option.by_default.empty()) entry += "; default: " + roff(option.by_default);
    return entry + ".\n";
}

std::string synopsis(const GrammarCommand& command) {
    std::string line = bold("reeve " + command.name);
    for (const GrammarOption& option : command.options) {
        if (!option.positional()) continue;
        const std::string word = italic(option.value_name) + (option.many ? "..." : "");
        line += option.required ? " " + word : " [" + word + "]";
    }
    return command.runs_a_command ? line + " [options] " + bold("--") + " " + italic("COMMAND") + "..."
                                  : line;
}

std::string command_entry(const GrammarCommand& command) {
    std::string entry = ".SS " + bold(command.name) + "\n" + synopsis(command) + "\n.PP\n" +
                        roff(command.description) + ".\n";
    for (const GrammarOption& option : command.options) {
        if (option.names.empty() || option.names.back() != "--help") entry += option_entry(option);
    }
    for (const std::string& example : command.examples) entry += ".PP\nExample:\n" + verbatim(example);
    return entry;
}

// The part of the help's last lines behind `title`.
std::string part_of(const std::string& footer, const std::string& title) {
    const std::size_t start = footer.find(title);
    if (start == footer.npos) return "";
    const std::size_t from = footer.find_first_not_of(" \n", start + title.size());
    return footer.substr(from, footer.find("\n\n", from) - from);
}

constexpr const char* places = R"(.SH ENVIRONMENT
.TP
.B REEVE_STORE
The store, unless \fB\-\-store\fR names one.
.TP
.B REEVE_CONFIG
The configuration, unless \fB\-\-config\fR names one.
.TP
.B XDG_STATE_HOME, XDG_CONFIG_HOME
Where the store and the configuration are looked for otherwise.
.TP
.B NO_COLOR
No colours, unless it is empty.
.TP
.B REEVE_CGROUP, REEVE_SCOPE
\fBoff\fR: no control groups, or no scope is asked of systemd.
.PP
Every session has
.BR REEVE_STORE ,
.B REEVE_INSTANCE
and
.B REEVE_SESSION
in its environment.
.SH FILES
.TP
.I \(ti/.config/reeve/reeve.json
The configuration; see
.BR reeve.json (5).
.TP
.I \(ti/.local/state/reeve
The store: state, logs and receipts.
On macOS it is
.IR "\(ti/Library/Application Support/reeve" .
)";

}  // namespace

std::string command_page(const GrammarView& grammar) {
    std::string page = title_line("reeve", "1", "User Commands");
    page += ".SH NAME\nreeve \\- supervisor that leaves no orphans\n";
    page += ".SH SYNOPSIS\n" + bold("reeve") + " [" + bold("--store") + " " + italic("DIR") + "] " +
            italic("COMMAND") + " [" + italic("ARGUMENT") + "...]\n";
    page += ".SH DESCRIPTION\n" + roff(grammar.description) + "\n";
    page += ".PP\nErrors are written to standard error as\n.RS 4\nreeve: what failed: why; what to do\n.RE\n";
    page += ".SH OPTIONS\n";
    for (const GrammarOption& option : grammar.options) page += option_entry(option);
    page += ".SH COMMANDS\n";
    for (const GrammarCommand& command : grammar.commands) page += command_entry(command);
    page += ".SH EXIT STATUS\n" + roff(part_of(grammar.footer, "Exit status:")) + "\n";
    page += places;
    page += ".SH EXAMPLES\n" + verbatim(part_of(grammar.footer, "Examples:"));
    return page + ".SH SEE ALSO\n.BR reeve.json (5)\n";
}

}  // namespace reeve
