// Files that nobody needs any more, and those that this version cannot read.
#include "doctor/finding.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/os/files.hpp"

namespace reeve {
namespace {

std::vector<std::filesystem::path> entries(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
        found.push_back(entry.path());
    return found;
}

// A live writer holds its file's lock; one that the kernel gives us belongs to nobody.
bool is_abandoned(const std::filesystem::path& file) {
    if (!file.filename().native().starts_with(".tmp-")) return false;
    const auto held = LockedFile::try_lock(file, LockedFile::Missing::leave);
    return held.ok() && held->has_value();
}

std::string counted(std::size_t count, const std::string& thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

Finding check_temporaries(const Patient& patient) {
    std::size_t count = 0;
    for (const auto& folder : {patient.store.root, patient.store.instances()}) {
        for (const auto& file : entries(folder)) count += is_abandoned(file) ? 1 : 0;
    }
    if (count == 0) return well("temporary files", "none is left over");
    return warning("temporary files", counted(count, "file") + " of interrupted writes",
                   "the next start of reeve run removes them");
}

Finding check_quarantine(const Patient& patient) {
    const std::size_t count = entries(patient.store.quarantine()).size();
    if (count == 0) return well("quarantine", "empty");
    return warning(
        "quarantine",
        counted(count, "record") + " could not be read; the containers of such an instance are left alone",
        "look at the files in " + patient.store.quarantine().string() +
            ", end by hand what they name, and remove them");
}

Finding check_records(const Patient& patient) {
    std::size_t damaged = 0;
    std::string first;
    for (const auto& file : entries(patient.store.instances())) {
        if (file.extension() != ".json") continue;
        const auto text = read_file(file);
        if (text.ok() && instance_record_from_json(*text).ok()) continue;
        if (damaged++ == 0) first = file.string();
    }
    if (damaged == 0) return well("records", "all can be read");
    return warning("records", counted(damaged, "record") + " cannot be read by this version: " + first,
                   "reeve reap puts them into quarantine");
}

Finding check_control_socket(const Patient& patient) {
    std::error_code ignored;
    const bool there = std::filesystem::exists(patient.store.control(), ignored);
    if (patient.supervised && !there) {
        return failure("supervisor",
                       "it lives, and its control socket " + patient.store.control().string() + " is gone",
                       "restart it: nothing can ask it for anything");
    }
    if (patient.supervised) return well("supervisor", "it lives");
    if (there) {
        return warning("supervisor", "none lives, and the control socket of the last one is left over",
                       "start one: reeve service install --now, or reeve run");
    }
    return warning("supervisor", "none lives", "start one: reeve service install --now, or reeve run");
}

}  // namespace

Findings check_leftovers(const Patient& patient) {
    if (!patient.store_exists) return {};
    return {check_control_socket(patient), check_temporaries(patient), check_quarantine(patient),
            check_records(patient)};
}

}  // namespace reeve
