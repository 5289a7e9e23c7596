#include "mcp_places.hpp"

namespace reeve {

std::vector<McpPlace> mcp_places(const std::filesystem::path& home, const std::filesystem::path& settings,
                                 const std::filesystem::path& folder) {
    std::vector<McpPlace> places;
    for (const auto& base : {settings, home / "Library/Application Support"}) {
        places.push_back({"Claude Desktop", base / "Claude/claude_desktop_config.json"});
        for (const char* product : {"Code", "Code - Insiders", "VSCodium"}) {
            places.push_back({"VS Code", base / product / "User/mcp.json"});
            places.push_back({"VS Code", base / product / "User/settings.json"});
        }
    }
    places.push_back({"Claude Code", home / ".claude.json"});
    places.push_back({"Cursor", home / ".cursor/mcp.json"});
    if (folder == home) return places;
    places.push_back({"Claude Code", folder / ".mcp.json"});
    places.push_back({"Cursor", folder / ".cursor/mcp.json"});
    places.push_back({"VS Code", folder / ".vscode/mcp.json"});
    places.push_back({"VS Code", folder / ".vscode/settings.json"});
    return places;
}

}  // namespace reeve
