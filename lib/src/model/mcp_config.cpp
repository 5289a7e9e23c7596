#include "reeve/model/mcp_config.hpp"

#include "config_problems.hpp"
#include "json_edit.hpp"
#include "json_text.hpp"
#include "json_tree.hpp"

#include <algorithm>
#include <optional>

namespace reeve {
namespace {

using Kind = JsonNode::Kind;

// A key that is there twice: every client takes the last.
const JsonNode* last(const JsonNode& node, std::string_view key) {
    if (node.kind != Kind::object) return nullptr;
    const auto found = std::find_if(node.children.rbegin(), node.children.rend(),
                                    [&](const JsonNode& child) { return child.key == key; });
    return found == node.children.rend() ? nullptr : &*found;
}

struct Found {
    McpServer server;
    const JsonNode* command = nullptr;  // plain and wrapped ones have it
    const JsonNode* args = nullptr;     // may be missing
    std::size_t inner = 0;              // wrapped: the index in args of the command behind --
};

struct Document {
    JsonNode root;
    std::vector<Found> servers;
    bool has_place_for_servers = false;
};

// The index of the wrapped command.
std::optional<std::size_t> behind_reeve(const std::string& command, const JsonNode* args) {
    const std::string_view name = std::string_view(command).substr(command.rfind('/') + 1);
    if (name != "reeve" || args == nullptr || args->children.empty()) return std::nullopt;
    if (args->children.front().string != "exec") return std::nullopt;
    for (std::size_t i = 1; i + 1 < args->children.size(); ++i) {
        if (args->children[i].string == "--") return i + 1;
    }
    return std::nullopt;
}

McpServer::State unusable(Found& found, std::string why) {
    found.server.why = std::move(why);
    return McpServer::State::unusable;
}

McpServer::State judge(const JsonNode& node, Found& found) {
    if (node.kind != Kind::object) return unusable(found, "it is not an object");
    const JsonNode* type = last(node, "type");
    const bool named_remote = type != nullptr && type->kind == Kind::string && type->string != "stdio";
    const JsonNode* command = last(node, "command");
    const bool has_address = last(node, "url") != nullptr || last(node, "serverUrl") != nullptr;
    if (named_remote || (command == nullptr && has_address)) return McpServer::State::remote;
    if (command == nullptr) return unusable(found, "it has neither a command nor a URL");
    if (command->kind != Kind::string || command->string.empty())
        return unusable(found, "its command is not text");
    found.command = command;
    found.args = last(node, "args");
    if (found.args != nullptr) {
        const auto& words = found.args->children;
        const bool fits = found.args->kind == Kind::array &&
                          std::all_of(words.begin(), words.end(),
                                      [](const JsonNode& word) { return word.kind == Kind::string; });
        if (!fits) return unusable(found, "its args are not a list of texts");
    }
    const auto inner = behind_reeve(command->string, found.args);
    found.inner = inner.value_or(0);
    return inner ? McpServer::State::wrapped : McpServer::State::plain;
}

void collect(const JsonNode* servers, const std::string& pointer, Document& document) {
    if (servers == nullptr || servers->kind != Kind::object) return;
    document.has_place_for_servers = true;
    for (const JsonNode& node : servers->children) {
        if (last(*servers, node.key) != &node) continue;
        Found found;
        found.server.pointer = pointer + pointer_step(node.key);
        found.server.name = node.key;
        found.server.state = judge(node, found);
        document.servers.push_back(std::move(found));
    }
}

// Nodes are referred to, so the document must not move its root afterwards.
void collect_all(Document& document) {
    const JsonNode& root = document.root;
    collect(last(root, "mcpServers"), "/mcpServers", document);
    collect(last(root, "servers"), "/servers", document);
    if (const JsonNode* mcp = last(root, "mcp")) collect(last(*mcp, "servers"), "/mcp/servers", document);
    collect(last(root, "mcp.servers"), "/mcp.servers", document);
    const JsonNode* projects = last(root, "projects");
    if (projects == nullptr) return;
    for (const JsonNode& project : projects->children) {
        collect(last(project, "mcpServers"), "/projects" + pointer_step(project.key) + "/mcpServers",
                document);
    }
}

Status read_document(std::string_view text, Document& document) {
    const std::string doing = "reading the client's configuration";
    ProblemList problems;
    auto root = parse_json_tree(without_trailing_commas(text), problems);
    if (!root) {
        const auto found = problems.in_order_of(text);
        const std::string why = found.empty()
                                    ? "it is not JSON"
                                    : "line " + std::to_string(found.front().line) + ", column " +
                                          std::to_string(found.front().column) + ": " + found.front().what;
        return Error(Errc::invalid_data, doing, why, "mend the file first");
    }
    document.root = std::move(*root);
    collect_all(document);
    if (!document.has_place_for_servers) {
        return Error(Errc::invalid_data, doing, "it has neither \"mcpServers\" nor \"servers\"",
                     "name the configuration of an MCP client; reeve mcp wrap lists those of this machine");
    }
    return done;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What stands between two things of a list: the line break and indentation in front of `at`, or a blank.
std::string separator_before(std::string_view text, std::size_t at) {
    std::size_t start = at;
    while (start > 0 && is_space(text[start - 1])) --start;
    const std::size_t line = text.substr(start, at - start).rfind('\n');
    if (line == text.npos) return " ";
    const std::size_t from = start + line;
    return std::string(text.substr(from, at - from))
        .insert(0, from > start && text[from - 1] == '\r' ? "\r" : "");
}

std::string_view raw(std::string_view text, const JsonNode& node) {
    return text.substr(node.offset, node.end - node.offset);
}

// A list that was missing is told by the blank behind its bracket: into an empty one the words go without.
void wrap(std::string_view text, const std::string& program, const Found& found,
          std::vector<TextChange>& changes) {
    const std::string command(raw(text, *found.command));
    changes.push_back({found.command->offset, found.command->end, program});
    const std::string words = R"("exec", "--", )" + command;
    if (found.args == nullptr) {
        const std::string between = separator_before(text, found.command->key_offset);
        changes.back().with += "," + between + R"("args": [ )" + words + " ]";
    } else if (found.args->children.empty()) {
        changes.push_back({found.args->offset + 1, found.args->offset + 1, words});
    } else {
        const std::size_t first = found.args->children.front().offset;
        const std::string between = "," + separator_before(text, first);
        changes.push_back({first, first, "\"exec\"" + between + "\"--\"" + between + command + between});
    }
}

// Whether nothing but a comma and blanks stands between the command and its args, as where we put them.
bool follows_directly(std::string_view text, const JsonNode& command, const JsonNode& args) {
    if (args.key_offset < command.end) return false;
    const std::string_view between = text.substr(command.end, args.key_offset - command.end);
    return between.find_first_not_of(", \t\r\n") == between.npos;
}

void unwrap(std::string_view text, const Found& found, std::vector<TextChange>& changes) {
    const auto& words = found.args->children;
    const std::string command(raw(text, words[found.inner]));
    changes.push_back({found.command->offset, found.command->end, command});
    const std::size_t first = words.front().offset;
    if (found.inner + 1 < words.size()) {
        changes.push_back({first, words[found.inner + 1].offset, ""});
        return;
    }
    const std::size_t bracket = found.args->offset + 1;
    const bool was_missing = first != bracket && skip_blank(text, bracket) == first &&
                             follows_directly(text, *found.command, *found.args);
    if (was_missing) {
        changes.back().end = found.args->end;
        return;
    }
    changes.push_back({first, words[found.inner].end, ""});
    const std::size_t next = skip_blank(text, words[found.inner].end);
    if (text[next] == ',') changes.push_back({next, next + 1, ""});
}

McpEdit finish(std::string_view text, Document document, std::vector<TextChange> changes) {
    McpEdit edit;
    edit.text = apply_changes(text, std::move(changes));
    for (Found& found : document.servers) edit.servers.push_back(std::move(found.server));
    return edit;
}

}  // namespace

bool McpEdit::changed() const {
    return std::any_of(servers.begin(), servers.end(), [](const McpServer& each) { return each.changed; });
}

std::size_t McpEdit::count(McpServer::State state) const {
    return static_cast<std::size_t>(std::count_if(
        servers.begin(), servers.end(), [&](const McpServer& each) { return each.state == state; }));
}

Result<McpEdit> wrap_mcp_servers(std::string_view text, const std::string& program) {
    Document document;
    CHECK(read_document(text, document));
    const std::string as_json = dump_json(Json(program));
    const auto read_back = parse_json(as_json, "");
    if (!read_back || *read_back != Json(program)) {
        return Error(Errc::refused, "writing the path of reeve", "it is not UTF-8, as JSON must be",
                     "install reeve in another place");
    }
    std::vector<TextChange> changes;
    for (Found& found : document.servers) {
        if (found.server.state != McpServer::State::plain) continue;
        wrap(text, as_json, found, changes);
        found.server.changed = true;
        found.server.before = {found.command->string};
        found.server.after = {program, "exec", "--", found.command->string};
    }
    return finish(text, std::move(document), std::move(changes));
}

Result<McpEdit> unwrap_mcp_servers(std::string_view text) {
    Document document;
    CHECK(read_document(text, document));
    std::vector<TextChange> changes;
    for (Found& found : document.servers) {
        if (found.server.state != McpServer::State::wrapped) continue;
        unwrap(text, found, changes);
        found.server.changed = true;
        found.server.before = {found.command->string};
        for (std::size_t i = 0; i <= found.inner; ++i)
            found.server.before.push_back(found.args->children[i].string);
        found.server.after = {found.args->children[found.inner].string};
    }
    return finish(text, std::move(document), std::move(changes));
}

}  // namespace reeve
