// Of this program, as in "0.1.0". One file is compiled for it, so that the tests can build a program that
// differs in nothing else.
#pragma once

namespace reeve {

extern const char* const version;

}  // namespace reeve
