#include "reeve/os/files.hpp"

#include "../flush.hpp"
#include "open_regular.hpp"
#include "reeve/os/brief_file.hpp"
#include "temporary_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace reeve {
namespace {

// Up to `limit` bytes from the beginning, of which there are probably `expected`. pread, so that a second
// look at an open file sees all of it again.
Result<std::string> read_up_to(int fd, const std::string& what, std::size_t limit, std::size_t expected = 0) {
    constexpr std::size_t longest_part = std::size_t{64} * 1024;
    std::string bytes;
    while (bytes.size() < limit) {
        const std::size_t have = bytes.size();
        // A small file costs no large buffer, also for the read that finds its end, and one of /proc, which
        // has no size, is mostly small: the pages of a buffer cost more than the calls that read into it.
        const std::size_t next =
            have < expected ? expected - have + 1 : std::clamp(have, std::size_t{1024}, longest_part);
        bytes.resize(std::min(limit, have + next));
        const ssize_t length =
            ::pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        bytes.resize(have + static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return Error::from_errno(what);
        // One byte more was asked for than it should have: that there was none is its end, too.
        if (length == 0 || (bytes.size() == expected && have < expected)) break;
    }
    return bytes;
}

std::string reading(const std::filesystem::path& path) { return "reading " + path.string(); }

}  // namespace

Result<std::string> read_fd(int fd, const std::string& what, std::size_t limit) {
    const auto too_large = [&] {
        return Error(Errc::too_large, what, "it is larger than " + std::to_string(limit) + " bytes");
    };
    struct stat seen {};
    if (::fstat(fd, &seen) != 0) return Error::from_errno(what);
    if (seen.st_size > 0 && static_cast<std::uintmax_t>(seen.st_size) > limit) return too_large();
    // One byte more than we accept, because the file may have grown since.
    TRY(std::string bytes, read_up_to(fd, what, limit + 1, static_cast<std::size_t>(seen.st_size)));
    if (bytes.size() > limit) return too_large();
    return bytes;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
    TRY(const UniqueFd file, open_regular(path, O_RDONLY, reading(path)));
    return read_fd(file.get(), reading(path), limit);
}

Result<std::string> read_start(const std::filesystem::path& path, std::size_t limit) {
    TRY(const UniqueFd file, open_regular(path, O_RDONLY, reading(path)));
    return read_up_to(file.get(), reading(path), limit);
}

Status replace_brief_file(const std::filesystem::path& path, std::string_view bytes) {
    TRY(TemporaryFile file, TemporaryFile::write(path, bytes, 0600, Keep::until_power_fails));
    CHECK(file.take_name());
    return done;
}

Result<UniqueFd> make_nameless_file(const std::filesystem::path& directory, std::string_view bytes) {
    TRY(TemporaryFile file,
        TemporaryFile::write(directory / "nameless", bytes, 0600, Keep::until_power_fails));
    return file.take_no_name();
}

Status replace_file(const std::filesystem::path& path, std::string_view bytes) {
    TRY(TemporaryFile file, TemporaryFile::write(path, bytes));
    CHECK(file.take_name());
    return sync_directory(directory_of(path));
}

Result<bool> create_file(const std::filesystem::path& path, std::string_view bytes) {
    TRY(TemporaryFile file, TemporaryFile::write(path, bytes));
    TRY(const bool made, file.take_free_name());
    if (made) {
        CHECK(sync_directory(directory_of(path)));
    }
    return made;
}

Status remove_leftovers(const std::filesystem::path& directory) {
    std::error_code failed;
    std::filesystem::directory_iterator entry(directory, failed);
    if (failed == std::errc::no_such_file_or_directory) return done;
    for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
        if (!entry->path().filename().native().starts_with(temporary_prefix)) continue;
        // A live writer holds the lock of its file, whatever its pid is and in whichever namespace; a dead
        // one cannot. The pid in the name would be no proof: a container's pid 1 never seems to die.
        auto leftover = LockedFile::try_lock(entry->path(), LockedFile::Missing::leave);
        if (!leftover.ok() && leftover.error().code() == Errc::refused) continue;  // no file of ours
        if (!leftover.ok()) return leftover.error();
        if (!*leftover) continue;
        CHECK((*leftover)->remove());
    }
    if (failed) return Error(failed, "cleaning " + directory.string());
    return done;
}

Status sync_directory(const std::filesystem::path& directory) {
    const std::string doing = "making changes in " + directory.string() + " durable";
    const UniqueFd folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return Error::from_errno(doing);
    // Some network file systems cannot fsync a directory; they have nothing better to offer.
    if (flush_to_disk(folder.get()) != 0 && errno != EINVAL) return Error::from_errno(doing);
    return done;
}

}  // namespace reeve
