// As much of JSON Schema draft-07 as our own schema uses; anything else in a schema is an error.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace reeve::test {

// Throws std::logic_error for a keyword that it does not know, so that no rule is silently passed over.
bool matches_schema(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace reeve::test
