#include "reeve/os/own_program.hpp"

namespace reeve {

Result<std::filesystem::path> own_program() {
    std::error_code ec;
    std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", ec);
    if (ec) return Error(ec, "finding our own program");
    return path;
}

}  // namespace reeve
