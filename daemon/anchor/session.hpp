// One session's anchor: it adopts what escapes, tells the supervisor how the command ended, and stays until
// it is let go or the supervisor is gone. Then nothing below survives.
#pragma once

#include "options.hpp"

namespace anchor {

// The exit status of this process.
int keep_session(const Options& options);

}  // namespace anchor
