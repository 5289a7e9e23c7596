#include "reeve/store/foreign_registry.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace reeve {
namespace {

// Whoever could write it could name any process of this user.
Status check_writers(const std::filesystem::path& path, const struct stat& seen) {
    const bool ours = seen.st_uid == ::geteuid() && (seen.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    if (ours) return done;
    return Error(Errc::refused, "reading " + path.string(), "others than this user can write it",
                 "chmod go-w " + path.string());
}

}  // namespace

Result<ForeignRegistry::Entry> ForeignRegistry::read(const std::filesystem::path& path) const {
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) != 0) return Error::from_errno("reading " + path.string());
    // The time is taken before the text: should the file be written in between, it is judged too strictly and
    // not too freely.
    // Whole seconds, cut: stricter again.
    Entry entry{path, static_cast<double>(seen.st_mtime), Error(Errc::not_found, "reading " + path.string())};
    const Status trusted = check_writers(path, seen);
    if (!trusted.ok()) {
        entry.record = trusted.error();
        return entry;
    }
    const auto text = read_file(path);
    if (!text.ok() && text.error().code() == std::errc::no_such_file_or_directory) return text.error();
    if (!text.ok()) {
        entry.record = text.error();
        return entry;
    }
    entry.record = foreign_record_from_json(*text);
    if (!entry.record.ok()) entry.record = entry.record.error().while_doing(path.string());
    return entry;
}

Result<std::vector<ForeignRegistry::Entry>> ForeignRegistry::list() const {
    std::vector<Entry> entries;
    const std::string doing = "listing " + directory_.string();
    struct stat seen {};
    if (::stat(directory_.c_str(), &seen) != 0) {
        if (errno == ENOENT) return entries;
        return Error::from_errno(doing);
    }
    CHECK(check_writers(directory_, seen));
    std::vector<std::filesystem::path> names;
    std::error_code failed;
    std::filesystem::directory_iterator item(directory_, failed);
    for (; !failed && item != std::filesystem::directory_iterator(); item.increment(failed)) {
        const auto& path = item->path();
        if (path.extension() == ".json" && !path.filename().native().starts_with('.')) names.push_back(path);
    }
    if (failed) return Error(failed, doing);
    std::sort(names.begin(), names.end());
    for (const auto& path : names) {
        auto entry = read(path);
        if (entry.ok()) entries.push_back(std::move(*entry));  // or it was removed since
    }
    return entries;
}

Result<std::optional<LockedFile>> ForeignRegistry::claim(const Entry& entry) const {
    TRY(std::optional<LockedFile> file, LockedFile::try_lock(entry.path, LockedFile::Missing::leave));
    if (!file) return std::optional<LockedFile>();
    const auto again = read(entry.path);
    const bool same = again.ok() && again->record.ok() && entry.record.ok() &&
                      again->written == entry.written && *again->record == *entry.record;
    if (!same) return std::optional<LockedFile>();
    return file;
}

}  // namespace reeve
