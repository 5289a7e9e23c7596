// JSON that may hold anything: parsing that never throws, recurses or eats memory, and typed reads of fields.
//
// Private to the library's sources: nlohmann/json is slow to compile and stays out of our public headers.
#pragma once

#include "reeve/base/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

inline constexpr std::size_t max_json_bytes = 16u * 1024 * 1024;
inline constexpr int max_json_depth = 64;

// `what` names the text in the error ("reading /path/file"). Errc::invalid_data or Errc::too_large.
// Comments are refused: only the configuration has them, and json_tree.hpp reads it.
Result<Json> parse_json(std::string_view text, const std::string& what);

// One line, bytes that are not UTF-8 replaced: never throws.
std::string dump_json(const Json& value);
std::string dump_json(const OrderedJson& value);
// The same, indented by two, with a newline at the end.
std::string dump_json_pretty(const OrderedJson& value);

// A field of an object: nothing when it is absent, null or of another type or range. `true` is not a number.
std::optional<std::string> string_field(const Json& object, const char* name);
std::optional<std::int64_t> int_field(const Json& object, const char* name);
std::optional<std::uint64_t> uint_field(const Json& object, const char* name);
const Json* object_field(const Json& object, const char* name);
const Json* array_field(const Json& object, const char* name);

}  // namespace reeve
