#include "architecture/include_rules.hpp"

#include "architecture/source_tree.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace reeve::test {
namespace {

// base < model < os < { store, engine } < core < daemon. Layers of one rank do not know each other.
struct Layer {
    std::string_view name;
    int rank = 0;
};
constexpr std::array kLayers = {Layer{"base", 0},   Layer{"model", 1}, Layer{"os", 2},    Layer{"store", 3},
                                Layer{"engine", 3}, Layer{"core", 4},  Layer{"daemon", 5}};

// Headers of the system that stand in folders; the standard library's and most of POSIX's have no slash.
constexpr std::array<std::string_view, 9> kSystemFolders = {"sys/",  "linux/",  "asm/",  "netinet/", "net/",
                                                            "arpa/", "mach-o/", "mach/", "uuid/"};

int rank_of(std::string_view layer) {
    const auto found =
        std::find_if(kLayers.begin(), kLayers.end(), [&](const Layer& each) { return each.name == layer; });
    return found == kLayers.end() ? -1 : found->rank;
}

bool starts_with_any(std::string_view text, const auto& prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](auto prefix) { return text.starts_with(prefix); });
}

std::optional<std::string> objection_to_library(const std::filesystem::path& file, std::string_view name) {
    const std::string layer = layer_of(file);
    const bool is_public = file.generic_string().starts_with("lib/include/");
    const bool is_source = file.extension() == ".cpp";
    const bool is_anchor = file.generic_string().starts_with("daemon/anchor/");

    if (is_anchor) return "the anchor stays small: it uses no other library than the system's";
    if (name.starts_with("nlohmann/")) {
        // The daemon has one header for JSON, and only the sources of its commands include it.
        const bool is_json_header = file.generic_string() == "daemon/json_output.hpp";
        if (is_public || (layer == "daemon" && !is_source && !is_json_header))
            return "JSON stays in .cpp files and private headers of lib/src";
        return std::nullopt;
    }
    if (name.starts_with("spdlog/") || name.starts_with("fmt/")) {
        if (layer == "core" || layer == "daemon") return std::nullopt;
        return "only core and daemon write logs";
    }
    if (name.starts_with("CLI/")) {
        if (file == "daemon/options.cpp" || file == "daemon/grammar_view.cpp") return std::nullopt;
        return "only daemon/options.cpp reads the command line, and daemon/grammar_view.cpp its grammar";
    }
    if (name.starts_with("boost/")) {
        if (layer == "model") return "the model is plain values: no Boost";
        return std::nullopt;
    }
    return "this library is not a dependency of the project";
}

}  // namespace

std::optional<Include> parse_include(std::string_view line) {
    const auto skip_blanks = [&] {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    };
    skip_blanks();
    if (!line.starts_with('#')) return std::nullopt;
    line.remove_prefix(1);
    skip_blanks();
    if (!line.starts_with("include")) return std::nullopt;
    line.remove_prefix(std::string_view("include").size());
    skip_blanks();
    if (line.empty() || (line.front() != '<' && line.front() != '"')) return std::nullopt;
    const bool quoted = line.front() == '"';
    const auto end = line.find(quoted ? '"' : '>', 1);
    if (end == std::string_view::npos) return std::nullopt;
    return Include{std::string(line.substr(1, end - 1)), quoted};
}

std::string layer_of(const std::filesystem::path& file) {
    const std::string text = file.lexically_normal().generic_string();
    if (text.starts_with("daemon/")) return "daemon";
    for (const std::string_view root : {"lib/include/reeve/", "lib/src/"}) {
        if (!text.starts_with(root)) continue;
        const std::string rest = text.substr(root.size());
        const std::string first = rest.substr(0, rest.find('/'));
        return rank_of(first) < 0 ? "" : first;
    }
    return "";
}

std::optional<std::filesystem::path> resolve(const std::filesystem::path& file, std::string_view name) {
    const std::vector<std::filesystem::path> roots = {file.parent_path(), "lib/include", "lib/src", "daemon"};
    for (const auto& root : roots) {
        const auto candidate = (root / name).lexically_normal();
        if (std::filesystem::is_regular_file(kSourceRoot / candidate)) return candidate;
    }
    return std::nullopt;
}

std::optional<std::string> objection_to(const std::filesystem::path& file, const Include& include) {
    if (!include.quoted) {
        if (include.name.starts_with("reeve/")) return "our own headers are included with quotes";
        const bool of_the_system =
            include.name.find('/') == std::string::npos || starts_with_any(include.name, kSystemFolders);
        return of_the_system ? std::nullopt : objection_to_library(file, include.name);
    }
    const auto target = resolve(file, include.name);
    if (!target) return "there is no such file in the project";
    const std::string from = layer_of(file);
    const std::string to = layer_of(*target);
    if (from.empty() || to.empty()) return "it belongs to no layer";
    if (from != to && rank_of(from) <= rank_of(to)) return from + " may not include " + to;
    const bool is_public = file.generic_string().starts_with("lib/include/");
    if (is_public && !target->generic_string().starts_with("lib/include/")) {
        return "a public header may not need a private one";
    }
    return std::nullopt;
}

}  // namespace reeve::test
