#include "reeve/os/random.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace reeve {

std::string new_uuid() {
    std::array<unsigned char, 16> bytes{};
    // getentropy(3): glibc 2.25, macOS 10.12. It fails only on a kernel without a random source; an id that
    // somebody else may have would break every promise that rests on ids, so there is nothing to go on with.
    if (::getentropy(bytes.data(), bytes.size()) != 0) std::abort();
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);  // version 4: random
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 9562
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 0x0f];
    }
    return text;
}

}  // namespace reeve
