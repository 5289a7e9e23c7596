// The configuration of an MCP client: the servers that it starts, and the same text with `reeve exec --` in
// front of each, or with that taken out again.
//
// The text is edited and not written anew: comments, order, indentation, line ends, a byte order mark and the
// end of the file stay as they are. Servers are looked for where clients keep them:
//   mcpServers              Claude Desktop, Claude Code (.mcp.json, ~/.claude.json), Cursor and most others
//   projects/*/mcpServers   Claude Code, in ~/.claude.json
//   servers                 VS Code, in mcp.json
//   mcp/servers             VS Code, in settings.json
// A server with a command speaks over stdio; one with a URL, or of another type than "stdio", is remote.
#pragma once

#include "reeve/base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

struct McpServer {
    enum class State {
        plain,     // stdio, and started by the client itself
        wrapped,   // stdio, behind `reeve exec --`
        remote,    // nothing is started for it
        unusable,  // not what a client can start: see `why`; left alone
    };
    std::string pointer;  // JSON pointer, RFC 6901: "/mcpServers/files"
    std::string name;
    State state = State::plain;
    std::string why;
    bool changed = false;
    // When changed: the first words of its command line. The rest of its arguments stays, and may hold
    // secrets.
    std::vector<std::string> before, after;
};

struct McpEdit {
    std::string text;                // the whole new text
    std::vector<McpServer> servers;  // as they were, in the order of the text

    bool changed() const;
    std::size_t count(McpServer::State state) const;
};

// Puts `program` exec -- in front of every stdio server that has no reeve yet. unwrap_mcp_servers gives the
// same bytes back. Errc::invalid_data: the text is not JSON (with or without comments), or holds no servers
// at all.
Result<McpEdit> wrap_mcp_servers(std::string_view text, const std::string& program);

// Takes out what wrap_mcp_servers puts in, also after the text around it was changed, and also with options
// between exec and --.
Result<McpEdit> unwrap_mcp_servers(std::string_view text);

}  // namespace reeve
