// The table of every key: what it means, what it may be, and where it goes.
#pragma once

#include "config_rules.hpp"
#include "reeve/model/config.hpp"

namespace reeve {

Rule<Config> config_rule();
Rule<SessionConfig> session_rule();

}  // namespace reeve
