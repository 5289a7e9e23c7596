// Ids nobody else has.
#pragma once

#include <string>

namespace reeve {

// A UUID v4 from the kernel's random source, in canonical lower-case form.
std::string new_uuid();

}  // namespace reeve
