#include "reeve/store/instance_registry.hpp"

#include "reeve/os/brief_file.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/random.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace reeve {
namespace {

constexpr std::size_t bytes_worth_keeping = 65'536;  // of one record; most have less than a thousand

// Ids become file names: what is no UUID might lead anywhere.
Status check_id(const InstanceId& id) {
    if (is_uuid(id.value)) return done;
    return Error(Errc::invalid_data, "looking for an instance", "'" + id.value + "' is no UUID");
}

// A record must be the one that its file's name promises: the name is what is claimed, reaped and removed.
Result<InstanceRecord> parse_as(const std::string& id, const std::filesystem::path& path,
                                const std::string& bytes) {
    auto record = instance_record_from_json(bytes);
    if (!record.ok()) return record.error().while_doing(path.string());
    if (record->instance_id.value != id) {
        return Error(Errc::invalid_data, "reading " + path.string(),
                     "it holds the record of instance " + record->instance_id.value);
    }
    return record;
}

Result<InstanceRecord> read_record(const std::filesystem::path& path, std::string& bytes) {
    TRY(bytes, read_file(path));
    return parse_as(path.stem().string(), path, bytes);
}

Result<InstanceRecord> read_record(const std::filesystem::path& path) {
    std::string bytes;
    return read_record(path, bytes);
}

Result<std::vector<std::filesystem::path>> names_in(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> names;
    std::error_code failed;
    std::filesystem::directory_iterator entry(directory, failed);
    if (failed == std::errc::no_such_file_or_directory) return names;
    for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
        if (!entry->path().filename().native().starts_with('.')) names.push_back(entry->path());
    }
    if (failed) return Error(failed, "listing " + directory.string());
    // As texts: comparing them part by part costs as much as reading the files.
    std::sort(names.begin(), names.end(),
              [](const auto& a, const auto& b) { return a.native() < b.native(); });
    return names;
}

bool is_there(const std::filesystem::path& path) {
    struct stat seen {};
    return ::lstat(path.c_str(), &seen) == 0;
}

// What no retry can read: as opposed to a busy disk, a lack of descriptors or of rights.
bool is_hopeless(const std::error_code& code) {
    return code == Errc::invalid_data || code == Errc::refused || code == Errc::too_large;
}

}  // namespace

Result<std::vector<InstanceRegistry::Entry>> InstanceRegistry::list() const {
    std::vector<Entry> entries;
    TRY(const std::vector<std::filesystem::path> names, names_in(paths_.instances()));
    for (const auto& path : names) {
        if (path.extension() != ".json") continue;
        std::string bytes;
        auto record = read_record(path, bytes);
        // Removed since we read the directory: it is as if we had come later.
        if (!record.ok() && record.error().code() == std::errc::no_such_file_or_directory) continue;
        if (bytes.size() > bytes_worth_keeping) bytes.clear();
        entries.push_back({path, std::move(record), std::move(bytes)});
    }
    return entries;
}

Result<std::vector<InstanceId>> InstanceRegistry::ids() const {
    std::vector<InstanceId> ids;
    TRY(const std::vector<std::filesystem::path> names, names_in(paths_.instances()));
    for (const auto& path : names) {
        if (path.extension() == ".json" && is_uuid(path.stem().string()))
            ids.push_back({path.stem().string()});
    }
    return ids;
}

Result<InstanceRecord> InstanceRegistry::load(const InstanceId& id) const {
    CHECK(check_id(id));
    auto record = read_record(paths_.instance(id));
    if (!record.ok() && record.error().code() == std::errc::no_such_file_or_directory) {
        return Error(Errc::not_found, "loading instance " + id.value, "there is no record of it",
                     "see which there are with 'reeve ps'");
    }
    return record;
}

Status InstanceRegistry::save(const InstanceRecord& record) const {
    CHECK(check_id(record.instance_id));
    return replace_file(paths_.instance(record.instance_id), to_json(record));
}

Status InstanceRegistry::note(const InstanceRecord& record) const {
    CHECK(check_id(record.instance_id));
    return replace_brief_file(paths_.instance(record.instance_id), to_json(record));
}

Status InstanceRegistry::remove(const InstanceId& id) const {
    CHECK(check_id(id));
    std::error_code failed;
    std::filesystem::remove(paths_.instance(id), failed);
    if (failed) return Error(failed, "removing " + paths_.instance(id).string());
    return done;
}

Result<std::optional<InstanceRegistry::Claim>> InstanceRegistry::claim(const InstanceId& id) const {
    return claim(Entry{paths_.instance(id), Error(), {}});
}

Result<std::optional<InstanceRegistry::Claim>> InstanceRegistry::claim(Entry seen) const {
    const std::string id = seen.path.stem().string();
    CHECK(check_id(InstanceId{id}));
    const auto path = paths_.instance(InstanceId{id});
    TRY(std::optional<LockedFile> file, LockedFile::try_lock(path, LockedFile::Missing::leave));
    if (!file) return std::optional<Claim>();
    TRY(const std::string bytes, file->read());
    if (seen.record.ok() && !bytes.empty() && bytes == seen.bytes) {
        return std::optional<Claim>(Claim{std::move(*file), std::move(*seen.record)});
    }
    TRY(InstanceRecord record, parse_as(id, path, bytes));
    return std::optional<Claim>(Claim{std::move(*file), std::move(record)});
}

Status InstanceRegistry::make_durable() const { return sync_directory(paths_.instances()); }

bool InstanceRegistry::has(const InstanceId& id) const {
    return is_uuid(id.value) && is_there(paths_.instance(id));
}

Result<std::filesystem::path> InstanceRegistry::quarantine(const std::filesystem::path& file) const {
    const std::string doing = "moving " + file.string() + " to quarantine";
    if (file.parent_path() != paths_.instances()) {
        return Error(Errc::refused, doing, "it is no file of the registry");
    }
    const auto record = read_record(file);
    if (record.ok()) return Error(Errc::refused, doing, "it can be read after all");
    if (!is_hopeless(record.error().code())) return record.error().while_doing(doing);
    CHECK(make_private_directory(paths_.quarantine()));
    std::filesystem::path target;
    do {
        target = paths_.quarantine() / (file.filename().string() + "." + new_uuid().substr(0, 8));
    } while (is_there(target));
    if (::rename(file.c_str(), target.c_str()) != 0) return Error::from_errno(doing);
    CHECK(sync_directory(paths_.quarantine()));
    CHECK(sync_directory(paths_.instances()));
    return target;
}

Result<std::vector<std::filesystem::path>> InstanceRegistry::quarantined() const {
    return names_in(paths_.quarantine());
}

}  // namespace reeve
