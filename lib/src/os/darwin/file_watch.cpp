#include "reeve/os/file_watch.hpp"

#include "relay.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/event.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace reeve {
namespace {

constexpr std::uint32_t name_is_lost = NOTE_DELETE | NOTE_RENAME | NOTE_LINK;
constexpr std::uint32_t names_change = NOTE_WRITE | NOTE_DELETE | NOTE_RENAME;
constexpr std::uint32_t is_written = NOTE_WRITE | NOTE_EXTEND | NOTE_DELETE;

// EV_CLEAR: told once for each change, and not again for as long as it stands.
bool add(int kqueue, int fd, std::uint32_t events) {
    struct kevent change {};
    EV_SET(&change, static_cast<uintptr_t>(fd), EVFILT_VNODE, EV_ADD | EV_CLEAR, events, 0, nullptr);
    return ::kevent(kqueue, &change, 1, nullptr, 0, nullptr) == 0;
}

// Asks `visit` about every event that has come, without waiting.
template <class Visit>
void take(int kqueue, Visit visit) {
    const timespec now{};
    struct kevent event {};
    while (::kevent(kqueue, nullptr, 0, &event, 1, &now) == 1) visit(event);
}

darwin::Coming take_all(int kqueue) {
    take(kqueue, [](const struct kevent&) {});
    return darwin::Coming::more;
}

// O_EVTONLY does not keep a volume from being unmounted (open(2)).
Result<UniqueFd> open_directory(const std::filesystem::path& directory) {
    UniqueFd fd(::open(directory.c_str(), O_EVTONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return Error::from_errno("watching " + directory.string());
    return fd;
}

// A directory and the files in it: an event of the directory says nothing of what is written to its files,
// so each is watched by itself. Used by one thread at a time.
class Contents {
  public:
    Contents(UniqueFd directory, std::filesystem::path path)
        : directory_(std::move(directory)), path_(std::move(path)) {}

    Status begin(int kqueue) {
        if (!add(kqueue, directory_.get(), names_change)) {
            return Error::from_errno("watching " + path_.string());
        }
        add_new_files(kqueue);
        return done;
    }

    darwin::Coming take_events(int kqueue) {
        bool names_changed = false;
        take(kqueue, [&](const struct kevent& event) {
            const auto fd = static_cast<int>(event.ident);
            if (fd == directory_.get()) names_changed = true;
            // Closing the descriptor takes its event away as well (kqueue(2)).
            if (fd != directory_.get() && (event.fflags & NOTE_DELETE) != 0) forget(fd);
        });
        if (names_changed) add_new_files(kqueue);
        return darwin::Coming::more;
    }

  private:
    using Inode = std::pair<dev_t, ino_t>;

    // A file that cannot be opened, or goes meanwhile, is not watched: its directory still is.
    void add_new_files(int kqueue) {
        const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path_.c_str()), ::closedir);
        if (!folder) return;
        while (const dirent* item = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): our own DIR
            if (item->d_type != DT_REG) continue;
            const std::filesystem::path file = path_ / static_cast<const char*>(item->d_name);
            UniqueFd fd(::open(file.c_str(), O_EVTONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
            struct stat seen {};
            if (!fd || ::fstat(fd.get(), &seen) != 0) continue;
            const Inode inode{seen.st_dev, seen.st_ino};
            if (files_.contains(inode) || !add(kqueue, fd.get(), is_written)) continue;
            files_.emplace(inode, std::move(fd));
        }
    }

    void forget(int fd) {
        std::erase_if(files_, [fd](const auto& file) { return file.second.get() == fd; });
    }

    UniqueFd directory_;
    std::filesystem::path path_;
    std::map<Inode, UniqueFd> files_;
};

}  // namespace

// On the caller's own descriptor: a copy of it would keep the caller's flock(2) alive. Closing it ends the
// watch.
Result<UniqueFd> watch_file(int fd) {
    TRY(UniqueFd queue, darwin::make_kqueue());
    if (!add(queue.get(), fd, name_is_lost)) return Error::from_errno("watching a file");
    return darwin::relay(std::move(queue), take_all);
}

Result<UniqueFd> watch_writes(int fd) {
    TRY(UniqueFd queue, darwin::make_kqueue());
    if (!add(queue.get(), fd, name_is_lost | is_written)) return Error::from_errno("watching a file");
    return darwin::relay(std::move(queue), take_all);
}

Result<UniqueFd> watch_directory(const std::filesystem::path& directory) {
    TRY(UniqueFd queue, darwin::make_kqueue());
    TRY(UniqueFd opened, open_directory(directory));
    const auto folder = std::make_shared<UniqueFd>(std::move(opened));
    if (!add(queue.get(), folder->get(), names_change)) {
        return Error::from_errno("watching " + directory.string());
    }
    // The descriptor lives as long as the watch does.
    return darwin::relay(std::move(queue), [folder](int kqueue) { return take_all(kqueue); });
}

Result<UniqueFd> watch_contents(const std::filesystem::path& directory) {
    TRY(UniqueFd queue, darwin::make_kqueue());
    TRY(UniqueFd opened, open_directory(directory));
    const auto contents = std::make_shared<Contents>(std::move(opened), directory);
    CHECK(contents->begin(queue.get()));
    return darwin::relay(std::move(queue), [contents](int kqueue) { return contents->take_events(kqueue); });
}

void drain_watch(int watch_fd) {
    std::array<char, 4096> bytes{};
    while (::read(watch_fd, bytes.data(), bytes.size()) > 0) {
    }
}

bool drain_watch(int watch_fd, const std::function<bool(std::string_view name)>& /*matters*/) {
    drain_watch(watch_fd);
    return true;
}

}  // namespace reeve
