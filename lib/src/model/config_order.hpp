// `after` between sessions: that every name exists, and that nobody waits for itself.
#pragma once

#include "config_rules.hpp"
#include "reeve/model/config.hpp"

#include <map>

namespace reeve {

// `place` is that of the object "sessions".
void check_order(const Place& place, const std::map<SessionName, SessionConfig>& sessions);

}  // namespace reeve
