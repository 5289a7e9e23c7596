#include "reeve/os/own_program.hpp"

#include <mach-o/dyld.h>

#include <string>

namespace reeve {

Result<std::filesystem::path> own_program() {
    std::uint32_t size = 0;
    ::_NSGetExecutablePath(nullptr, &size);  // says how long the path is
    std::string text(size, '\0');
    if (::_NSGetExecutablePath(text.data(), &size) != 0) {
        return Error(Errc::not_found, "finding our own program", "the system does not tell");
    }
    std::error_code ec;
    std::filesystem::path path = std::filesystem::canonical(text.c_str(), ec);
    if (ec) return Error(ec, "finding our own program");
    return path;
}

}  // namespace reeve
