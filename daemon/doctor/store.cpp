#include "doctor/finding.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/os/files.hpp"

#include <sys/stat.h>

namespace reeve {
namespace {

Finding check_modes(const Patient& patient) {
    std::vector<std::filesystem::path> open;
    std::error_code ignored;
    for (const auto& folder : {patient.store.root, patient.store.instances(), patient.store.logs()}) {
        for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
            struct stat seen {};
            if (::lstat(entry.path().c_str(), &seen) != 0 || S_ISLNK(seen.st_mode)) continue;
            if ((seen.st_mode & 077) != 0) open.push_back(entry.path());
        }
    }
    if (open.empty()) return well("permissions", "only this user can read the store");
    return warning("permissions",
                   "others can read " + open.front().string() +
                       (open.size() > 1 ? " and " + std::to_string(open.size() - 1) + " more" : ""),
                   "chmod -R go= " + patient.store.root.string());
}

}  // namespace

Findings check_store(const Patient& patient) {
    const std::string root = patient.store.root.string();
    if (!patient.store_exists) return {well("store", root + " is not there yet; the first start makes it")};
    Findings found;
    const auto store = Store::open(patient.store.root);
    if (store.ok()) {
        found.push_back(well("store", root));
    } else if (store.error().code() == Errc::not_found) {
        found.push_back(warning("store", store.error().why(), store.error().fix()));
    } else {
        found.push_back(failure("store", store.error().message(), store.error().fix()));
    }
    found.push_back(check_modes(patient));
    const auto socket = patient.store.control();
    if (socket.parent_path() == patient.store.root) {
        found.push_back(well("control socket", socket.string()));
    } else {
        found.push_back(warning(
            "control socket", "the path of the store is too long for a socket, so it is " + socket.string(),
            "keep the store under a shorter path; programs find the socket in status.json"));
    }
    return found;
}

}  // namespace reeve
