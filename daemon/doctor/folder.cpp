// Whether somebody else's machine may write into the store.
#include "doctor/finding.hpp"
#include "reeve/os/file_system.hpp"

namespace reeve {
namespace {

constexpr const char* move_it = "name a local folder with --store or REEVE_STORE";

// Where the programs that copy folders between machines keep them.
std::string synchronised_by(const std::filesystem::path& store) {
    std::error_code ignored;
    for (auto folder = store; folder.has_relative_path(); folder = folder.parent_path()) {
        std::string name = folder.filename();
        if (name == "Dropbox" || name.starts_with("Dropbox (")) return "Dropbox";
        if (name == "OneDrive" || name.starts_with("OneDrive -") || name.starts_with("OneDrive-"))
            return "OneDrive";
        if (name == "Mobile Documents" || name.starts_with("iCloud")) return "iCloud";
        if (name == "Google Drive" || name == "GoogleDrive" || name.starts_with("GoogleDrive-"))
            return "Google Drive";
        if (name == "Nextcloud" || name == "ownCloud") return name;
        if (std::filesystem::exists(folder / ".stfolder", ignored)) return "Syncthing";
    }
    return {};
}

}  // namespace

Findings check_folder(const Patient& patient) {
    Findings found;
    const auto system = file_system_of(patient.store.root);
    if (!system.ok()) {
        found.push_back(
            warning("file system", system.error().message(), "see whether the folder can be reached"));
    } else if (system->place == FileSystem::Place::network) {
        found.push_back(failure(
            "file system",
            "the store is on " + system->type + ", where the kernel's lock may not hold between machines",
            move_it));
    } else if (system->place == FileSystem::Place::unknown) {
        found.push_back(warning("file system",
                                "the store is on " + system->type + ", which may be a network's", move_it));
    } else {
        found.push_back(well("file system", "the store is on a local one"));
    }
    const std::string by = synchronised_by(patient.store.root);
    if (!by.empty()) {
        found.push_back(failure("synchronised folder",
                                by + " copies the store to other machines, and theirs over ours", move_it));
    }
    return found;
}

}  // namespace reeve
