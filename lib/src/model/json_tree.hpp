// JSON with comments as a tree that remembers where each value stood, so that a message can point at it.
//
// nlohmann/json does the lexing and the grammar; only the positions are ours, because it keeps none.
#pragma once

#include "config_problems.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

struct JsonNode {
    enum class Kind { null, boolean, integer, number, string, array, object };

    Kind kind = Kind::null;
    bool boolean = false;
    std::int64_t integer = 0;  // also for 5.0, which JSON Schema calls an integer
    std::string string;
    std::string key;                 // of a member of an object
    std::size_t key_offset = 0;      // of its opening quote; for everything else the same as `offset`
    std::size_t offset = 0;          // of the value's first byte
    std::size_t end = 0;             // behind the value's last byte
    std::vector<JsonNode> children;  // in the order of the text; a repeated key is there twice

    const JsonNode* find(std::string_view name) const;
};

// "text", "a list", ...: what a message calls a value of this kind.
const char* to_string(JsonNode::Kind kind);

// Nothing, and one problem, when the text is not JSON. Repeated keys are problems too, and the tree is still
// returned. Never throws, never recurses, whatever the bytes.
std::optional<JsonNode> parse_json_tree(std::string_view text, ProblemList& problems);

}  // namespace reeve
