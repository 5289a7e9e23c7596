// What `reeve status` shows a person.
#pragma once

#include "commands/client.hpp"

#include <string>

namespace reeve {

// Attention first, then the supervisor, a table of the sessions, the last reap, engines and instances.
std::string status_text(const ObservedStatus& seen);

}  // namespace reeve
