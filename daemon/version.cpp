#include "version.hpp"

namespace reeve {

const char* const version = REEVE_VERSION;

}  // namespace reeve
