// The tables of what a session is watched by and what it may use: "ready", "live" and "limits".
#pragma once

#include "config_rules.hpp"
#include "reeve/model/config.hpp"

namespace reeve {

Rule<ReadyConfig> ready_rule();
Rule<LiveConfig> live_rule();
Rule<Seldom<LimitsConfig>> limits_rule();
// The key of the probe that a session of the other kind cannot have, for the schema: {"ready": {"notify":
// ...}}.
OrderedJson without_probe(const char* key);

}  // namespace reeve
