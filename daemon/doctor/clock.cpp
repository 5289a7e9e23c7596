#include "doctor/finding.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/os/files.hpp"

#include <sys/stat.h>

#include <ctime>

namespace reeve {
namespace {

using namespace std::chrono_literals;

// Clocks of one machine differ by less, and a file may be written while we look.
constexpr auto tolerance = 60s;

bool in_the_future(const std::string& when) {
    const auto time = from_rfc3339(when);
    return time && *time > std::chrono::system_clock::now() + tolerance;
}

bool written_in_the_future(const std::filesystem::path& file) {
    struct stat seen {};
    return ::lstat(file.c_str(), &seen) == 0 && seen.st_mtime > std::time(nullptr) + tolerance.count();
}

std::vector<std::filesystem::path> files_of(const Patient& patient) {
    std::vector<std::filesystem::path> files{patient.store.status(), patient.store.lock(),
                                             patient.store.identity()};
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(patient.store.instances(), ignored)) {
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    return files;
}

std::string started_at(const std::filesystem::path& file, const Patient& patient) {
    const auto text = read_file(file);
    if (!text.ok()) return {};
    if (file == patient.store.status()) {
        const auto status = status_snapshot_from_json(*text);
        return status.ok() ? status->started_at : "";
    }
    const auto record = instance_record_from_json(*text);
    return record.ok() ? record->started_at : "";
}

}  // namespace

Findings check_clock(const Patient& patient) {
    for (const auto& file : files_of(patient)) {
        const bool later = written_in_the_future(file);
        if (!later && !in_the_future(started_at(file, patient))) continue;
        return {warning("clock",
                        file.string() + (later ? " was written" : " tells of a start") +
                            " in the future: the clock was set back, or the store comes from another machine",
                        "set the clock: timedatectl set-ntp true, or the date settings of macOS")};
    }
    return {well("clock", "nothing in the store is newer than now")};
}

}  // namespace reeve
