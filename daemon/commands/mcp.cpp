#include "commands/mcp.hpp"

#include "exit_code.hpp"
#include "installed_program.hpp"
#include "json_output.hpp"
#include "mcp_places.hpp"
#include "reeve/base/text.hpp"
#include "reeve/model/mcp_config.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/user_file.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

using State = McpServer::State;

struct Outcome {
    std::filesystem::path file, backup;
    bool backup_kept = false;  // afterwards
    McpEdit edit;
};

const char* to_string(State state) {
    switch (state) {
        case State::plain:
            return "plain";
        case State::wrapped:
            return "wrapped";
        case State::remote:
            return "remote";
        case State::unusable:
            return "unusable";
    }
    return "unknown";
}

std::filesystem::path backup_of(const std::filesystem::path& file) { return file.string() + ".before-reeve"; }

// The text from before the first wrap. A file without a wrapped server is such a text, and replaces an older
// one.
Status keep_backup(const UserFile& file, const McpEdit& edit, const std::filesystem::path& backup) {
    std::error_code ignored;
    if (edit.count(State::wrapped) > 0 && std::filesystem::exists(backup, ignored)) return done;
    return write_file_with_mode(backup, file.bytes(), file.mode());
}

// Once the file is again what the backup holds, nobody needs that.
bool drop_backup(const std::filesystem::path& backup, const std::string& text) {
    const auto kept = read_file(backup);
    if (!kept.ok() || *kept != text) return false;
    std::error_code failed;
    return std::filesystem::remove(backup, failed);
}

// An unchanged file comes back to the byte: what would be wrapped into these very bytes is what was there.
McpEdit unwrapped_to(const std::filesystem::path& backup, const UserFile& file, McpEdit edit) {
    const auto kept = read_file(backup);
    if (!kept.ok() || edit.servers.empty()) return edit;
    for (const McpServer& server : edit.servers) {
        if (!server.changed) continue;
        const auto again = wrap_mcp_servers(*kept, server.before.front());
        if (again.ok() && again->text == file.bytes()) edit.text = *kept;
        break;
    }
    return edit;
}

Result<Outcome> change(const Options& options) {
    TRY(UserFile file, UserFile::open(*options.file));
    Outcome outcome{file.path(), backup_of(file.path()), false, {}};
    const bool wraps = options.action == "wrap";
    if (wraps) {
        TRY(const std::filesystem::path program, installed_program());
        TRY(outcome.edit, wrap_mcp_servers(file.bytes(), program.string()));
    } else {
        TRY(McpEdit edit, unwrap_mcp_servers(file.bytes()));
        outcome.edit = unwrapped_to(outcome.backup, file, std::move(edit));
    }
    if (outcome.edit.changed() && !options.dry_run) {
        if (wraps) {
            CHECK(keep_backup(file, outcome.edit, outcome.backup));
        }
        CHECK(file.replace(outcome.edit.text));
        if (!wraps) drop_backup(outcome.backup, outcome.edit.text);
    }
    std::error_code ignored;
    outcome.backup_kept = std::filesystem::exists(outcome.backup, ignored);
    return outcome;
}

std::string words(const std::vector<std::string>& each) {
    std::vector<std::string> shown;
    for (const std::string& word : each) shown.push_back(in_quotes(word));
    return joined(shown, " ");
}

std::string why_left_alone(const McpServer& server) {
    if (server.state == State::unusable) return "left alone: " + server.why;
    if (server.state == State::remote) return "left alone: it is remote, so nothing runs here";
    return server.state == State::wrapped ? "wrapped already" : "not wrapped";
}

void print_for_people(const Options& options, const Outcome& outcome) {
    print_line(printable(outcome.file.string()));
    const bool wraps = options.action == "wrap";
    for (const McpServer& server : outcome.edit.servers) {
        if (!server.changed) {
            print_line("  " + printable(server.pointer) + ": " + why_left_alone(server));
            continue;
        }
        print_line("  " + printable(server.pointer) + ": " + (options.dry_run ? "would be " : "") +
                   (wraps ? "wrapped" : "unwrapped"));
        print_line(styled("  - " + words(server.before), Style::bad));
        print_line(styled("  + " + words(server.after), Style::good));
    }
    if (options.dry_run) {
        print_line("Nothing was written.");
    } else if (!outcome.edit.changed()) {
        print_line("Nothing to do.");
    } else if (wraps) {
        print_line("The file as it was: " + printable(outcome.backup.string()));
        print_line("Start the client again; undo with: reeve mcp unwrap " + printable(*options.file));
    } else if (outcome.backup_kept) {
        print_line("The file was changed since it was wrapped, so the backup stays: " +
                   printable(outcome.backup.string()));
    }
}

void print_as_json(const Options& options, const Outcome& outcome) {
    JsonOutput servers = JsonOutput::array();
    for (const McpServer& server : outcome.edit.servers) {
        servers.push_back({{"pointer", server.pointer},
                           {"name", server.name},
                           {"was", to_string(server.state)},
                           {"why", text_or_null(server.why)},
                           {"changed", server.changed}});
    }
    print_json({{"file", outcome.file.string()},
                {"action", options.action},
                {"dry_run", options.dry_run},
                {"changed", outcome.edit.changed()},
                {"backup", outcome.backup_kept ? JsonOutput(outcome.backup.string()) : JsonOutput()},
                {"servers", servers}});
}

struct Listed {
    McpPlace place;
    std::string problem;  // empty: `edit` holds what is there
    McpEdit edit;
};

std::vector<Listed> find_files(const std::filesystem::path& home) {
    std::error_code ignored;
    const auto settings = environment_directory("XDG_CONFIG_HOME").value_or(home / ".config");
    std::vector<Listed> found;
    for (McpPlace& place : mcp_places(home, settings, std::filesystem::current_path(ignored))) {
        const auto file = UserFile::open(place.file);
        if (!file.ok() && file.error().code() == Errc::not_found) continue;
        if (!file.ok()) {
            found.push_back({std::move(place), file.error().why(), {}});
            continue;
        }
        auto edit = unwrap_mcp_servers(file->bytes());
        // Settings of an editor without a word on servers are none of our affair.
        if (!edit.ok() && place.file.filename() == "settings.json") continue;
        if (edit.ok()) {
            found.push_back({std::move(place), "", std::move(*edit)});
        } else {
            found.push_back({std::move(place), edit.error().why(), {}});
        }
    }
    return found;
}

Status list(const Options& options) {
    TRY(const std::filesystem::path home, home_directory());
    const auto found = find_files(home);
    if (options.json) {
        JsonOutput files = JsonOutput::array();
        for (const Listed& each : found) {
            files.push_back({{"client", each.place.client},
                             {"file", each.place.file.string()},
                             {"problem", text_or_null(each.problem)},
                             {"plain", each.edit.count(State::plain)},
                             {"wrapped", each.edit.count(State::wrapped)},
                             {"remote", each.edit.count(State::remote)}});
        }
        print_json({{"files", files}});
        return done;
    }
    if (found.empty()) {
        print_line("No configuration of an MCP client was found. Name one: reeve mcp wrap FILE");
        return done;
    }
    TextTable table({"CLIENT", "PLAIN", "WRAPPED", "REMOTE", "FILE"});
    for (const Listed& each : found) {
        const auto count = [&](State state) {
            return each.problem.empty() ? std::to_string(each.edit.count(state)) : "-";
        };
        table.add({{each.place.client},
                   {count(State::plain), each.edit.count(State::plain) > 0 ? Style::warning : Style::plain},
                   {count(State::wrapped)},
                   {count(State::remote)},
                   {each.place.file.string() + (each.problem.empty() ? "" : " (" + each.problem + ")")}});
    }
    print(table.text());
    print_line("Nothing was changed. Name the file: reeve mcp " + options.action + " FILE");
    return done;
}

Status run(const Options& options) {
    if (!options.file) return list(options);
    TRY(const Outcome outcome, change(options));
    if (options.json) {
        print_as_json(options, outcome);
    } else {
        print_for_people(options, outcome);
    }
    return done;
}

}  // namespace

int run_mcp(const Options& options) { return exit_code::after(run(options)); }

}  // namespace reeve
