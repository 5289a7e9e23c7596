// `reeve schema`: the JSON Schema of the configuration.
#pragma once

#include "options.hpp"

namespace reeve {

int run_schema(const Options& options);

}  // namespace reeve
