// `reeve service install|uninstall|status`: the service that starts reeve at login.
#pragma once

#include "options.hpp"

namespace reeve {

int run_service(const Options& options);

}  // namespace reeve
