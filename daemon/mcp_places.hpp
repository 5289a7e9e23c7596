// Where MCP clients keep their configuration.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reeve {

struct McpPlace {
    std::string client;  // "Cursor"
    std::filesystem::path file;
};

// Every known place, whether or not there is a file: those of this user, and those of the project in
// `folder`. Sources: the clients' manuals (modelcontextprotocol.io for Claude Desktop; docs.claude.com,
// docs.cursor.com and code.visualstudio.com for the others). Both systems' places are looked at, as people
// link them.
std::vector<McpPlace> mcp_places(const std::filesystem::path& home, const std::filesystem::path& settings,
                                 const std::filesystem::path& folder);

}  // namespace reeve
