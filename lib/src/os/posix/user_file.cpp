#include "reeve/os/user_file.hpp"

#include "open_regular.hpp"
#include "reeve/os/files.hpp"
#include "temporary_file.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace reeve {

Result<UserFile> UserFile::open(const std::filesystem::path& path) {
    const std::string doing = "reading " + path.string();
    std::error_code failed;
    const auto target = std::filesystem::canonical(path, failed);
    if (failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory)
        return Error(Errc::not_found, doing, "there is no such file", "name one that is there");
    if (failed) return Error(failed, doing);
    UserFile file;
    file.path_ = target;
    TRY(const UniqueFd opened, open_regular(target, O_RDONLY, doing));
    struct stat seen {};
    if (::fstat(opened.get(), &seen) != 0) return Error::from_errno(doing);
    if (seen.st_uid != ::geteuid())
        return Error(Errc::refused, doing, "it belongs to another user", "run this as that user");
    if (seen.st_nlink > 1) {
        return Error(Errc::refused, doing, "it has several names (hard links), which would part",
                     "make the other names symbolic links");
    }
    file.mode_ = seen.st_mode & 07777;
    TRY(file.bytes_, read_fd(opened.get(), doing));
    return file;
}

Status UserFile::replace(std::string_view bytes) {
    TRY(TemporaryFile written, TemporaryFile::write(path_, bytes, mode_));
    TRY(const std::string now, read_file(path_));
    if (now != bytes_) {
        return Error(Errc::refused, "changing " + path_.string(), "another program has just changed it",
                     "close that program, or try again");
    }
    CHECK(written.take_name());
    bytes_ = bytes;
    return sync_directory(directory_of(path_));
}

Status write_file_with_mode(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    TRY(TemporaryFile file, TemporaryFile::write(path, bytes, mode));
    CHECK(file.take_name());
    return sync_directory(directory_of(path));
}

}  // namespace reeve
