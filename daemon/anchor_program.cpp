#include "anchor_program.hpp"

#include "reeve/os/own_program.hpp"

#include <unistd.h>

namespace reeve {

Result<std::filesystem::path> find_anchor() {
    TRY(const std::filesystem::path own, own_program());
    const std::filesystem::path folder = own.parent_path();
    for (const auto& place : {folder / "reeve-anchor", folder.parent_path() / "libexec" / "reeve" / "reeve-anchor"}) {
        if (::access(place.c_str(), X_OK) == 0) return place;
    }
    return Error(Errc::not_found, "finding reeve-anchor", "it is not in " + folder.string(),
                 "install reeve again, with both of its programs");
}

Error become_anchor(const std::filesystem::path& anchor, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "reeve-anchor");
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(anchor.c_str(), argv.data());
    return Error::from_errno("executing " + anchor.string());
}

}  // namespace reeve
