// Short names for texts, the same in every build of every version, which std::hash does not promise.
#pragma once

#include "reeve/model/config.hpp"
#include "reeve/model/instance_record.hpp"

#include <string>
#include <string_view>

namespace reeve {

// 16 hexadecimal digits (FNV-1a). Against accidents, not against somebody who looks for a second text.
std::string stable_hash(std::string_view text);

// Of what a session is launched by: its command, directory, variables, limits, image, options and arguments.
// How it is watched, stopped and restarted is not in it. Files of variables are, by their names.
std::string fingerprint_of(const SessionConfig& session);

// What the record of a session says of its outliving us: nothing of one that does not ask for it.
Seldom<Succession> succession_for(const SessionConfig& session);

}  // namespace reeve
