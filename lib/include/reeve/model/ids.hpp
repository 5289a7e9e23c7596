// Names and ids, kept apart by the compiler.
#pragma once

#include "reeve/base/strong.hpp"

#include <string_view>

namespace reeve {

using StoreId = Strong<struct StoreIdTag>;          // UUID v4 of a store; labels our containers
using InstanceId = Strong<struct InstanceIdTag>;    // UUID v4 of one life of one owner
using SessionName = Strong<struct SessionNameTag>;  // chosen by a person; see is_session_name
using ContainerId = Strong<struct ContainerIdTag>;  // the engine's full id, 64 hexadecimal digits

// A UUID in its canonical text form: lower-case hexadecimal, 8-4-4-4-12. Ids become file names and label
// values, so nothing else is accepted.
bool is_uuid(std::string_view text);

// A session's name becomes a file name, a label value and part of a container's name:
// a letter or digit, then up to 62 letters, digits, '_', '.' or '-'.
bool is_session_name(std::string_view text);
// No session of a supervisor may have this one: its log would be the supervisor's own, logs/reeve.log.
inline constexpr std::string_view reserved_session_name = "reeve";

}  // namespace reeve
