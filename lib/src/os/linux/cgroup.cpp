#include "reeve/os/cgroup.hpp"

#include "reeve/os/paths.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

namespace reeve {
namespace {

namespace fs = std::filesystem;

// Where version 2 is mounted, and which part of the hierarchy is to be seen there. mountinfo in proc(5):
// "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS... - TYPE SOURCE SUPER".
struct Mount {
    std::string point;
    std::string root;
};

// False: the table cannot be read now, for want of descriptors for example.
bool read_mount(std::optional<Mount>& found) {
    std::ifstream table("/proc/self/mountinfo");
    if (!table) return false;
    for (std::string line; std::getline(table, line);) {
        const auto separator = line.find(" - ");
        if (separator == std::string::npos || line.compare(separator + 3, 8, "cgroup2 ") != 0) continue;
        std::istringstream fields(line);
        std::string id;
        std::string parent;
        std::string device;
        Mount mount;
        if (fields >> id >> parent >> device >> mount.root >> mount.point) {
            found = mount;
            break;
        }
    }
    return !table.bad();
}

// Looked for once: reading the table for every session costs more than making the session's group.
struct KnownMount {
    bool known = false;
    std::optional<Mount> mount;
};
KnownMount find_mount() {
    static std::mutex one_at_a_time;
    static KnownMount found;
    const std::lock_guard guard(one_at_a_time);
    if (!found.known) found.known = read_mount(found.mount);
    return found;
}

// "0::/path" of the process; nothing when it is gone.
std::optional<std::string> cgroup_of(const std::string& pid) {
    std::ifstream file("/proc/" + pid + "/cgroup");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("0::")) return line.substr(3);
    }
    return std::nullopt;
}

std::optional<fs::path> directory_of(const std::string& path) {
    const auto mount = find_mount().mount;
    if (!mount || path.empty() || path.front() != '/' || path.find("/..") != std::string::npos)
        return std::nullopt;
    // A mount in a container shows only a part: its root is then a prefix of the path.
    std::string below = path;
    if (mount->root != "/") {
        if (!below.starts_with(mount->root)) return std::nullopt;
        below = below.substr(mount->root.size());
    }
    return fs::path(mount->point + below);
}

// Members are asked for at every end of a session: one read, and no stream.
// A group that is gone has none; one that cannot be read is not for that reason empty.
Status add_processes(const fs::path& group, std::vector<pid_t>& pids) {
    const auto trouble = [&group]() -> Status {
        if (errno == ENOENT || errno == ENODEV) return done;
        return Error::from_errno("reading the control group " + group.string());
    };
    const UniqueFd list(::open((group / "cgroup.procs").c_str(), O_RDONLY | O_CLOEXEC));
    if (!list) return trouble();
    std::array<char, 4096> text{};
    pid_t pid = 0;
    for (ssize_t length = 0; (length = ::read(list.get(), text.data(), text.size())) != 0;) {
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return trouble();
        for (const char c : std::string_view(text.data(), static_cast<std::size_t>(length))) {
            if (c >= '0' && c <= '9') {
                pid = pid * 10 + (c - '0');
                continue;
            }
            // 0 stands for a process of another pid namespace, which we could not name anyway.
            if (pid > 1) pids.push_back(pid);
            pid = 0;
        }
    }
    return done;
}

Status add_groups_below(const fs::path& group, std::vector<fs::path>& groups) {
    // A group's directory has a link from each group in it, and two of its own, as in every file system that
    // counts them.
    struct stat seen {};
    if (::stat(group.c_str(), &seen) != 0 || seen.st_nlink == 2) return done;
    std::error_code ec;
    for (fs::directory_iterator item(group, ec); !ec && item != fs::directory_iterator();
         item.increment(ec)) {
        std::error_code ignored;
        if (item->is_directory(ignored)) groups.push_back(item->path());
    }
    if (ec && ec != std::errc::no_such_file_or_directory && ec != std::errc::no_such_device)
        return Error(ec, "listing the control group " + group.string());
    return done;
}

std::string join(const std::string& parent, const std::string& name) {
    return parent == "/" ? "/" + name : parent + "/" + name;
}

}  // namespace

std::optional<std::string> instance_cgroup(std::string_view instance_id) {
    if (environment_value("REEVE_CGROUP") == "off") return std::nullopt;
    const auto own = cgroup_of("self");
    if (!own || *own == "/.." || own->starts_with("/../") || !directory_of(*own)) return std::nullopt;
    return join(*own, "reeve-" + std::string(instance_id));
}

Status make_cgroup(const std::string& path) {
    const auto directory = directory_of(path);
    if (!directory) return Error(Errc::unreachable, "making a control group", "no cgroup v2 is mounted");
    if (::mkdir(directory->c_str(), 0755) != 0 && errno != EEXIST) {
        return Error::from_errno("making the control group " + path);
    }
    return done;
}

Result<UniqueFd> open_cgroup(const std::string& path) {
    const auto directory = directory_of(path);
    if (!directory) return Error(Errc::unreachable, "opening a control group", "no cgroup v2 is mounted");
    UniqueFd fd(::open(directory->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return Error::from_errno("opening the control group " + path);
    return fd;
}

std::string cgroup_directory(const std::string& path) {
    const auto directory = directory_of(path);
    return directory ? directory->string() : std::string();
}

Result<std::vector<pid_t>> processes_in_cgroup(const std::string& path) {
    std::vector<pid_t> pids;
    const auto directory = directory_of(path);
    if (!directory && !find_mount().known)
        return Error(Errc::failed, "looking into the control group " + path,
                     "/proc/self/mountinfo cannot be read");
    if (!directory) return pids;
    std::vector<fs::path> groups{*directory};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        CHECK(add_processes(groups[i], pids));
        CHECK(add_groups_below(groups[i], groups));
    }
    return pids;
}

bool is_in_cgroup(pid_t pid, const std::string& path) {
    const auto group = cgroup_of(std::to_string(pid));
    return group && (*group == path || group->starts_with(path + "/"));
}

Status remove_cgroup(const std::string& path) {
    const auto directory = directory_of(path);
    if (!directory || ::rmdir(directory->c_str()) == 0) return done;  // nearly always there is none below
    std::vector<fs::path> groups{*directory};
    for (std::size_t i = 0; i < groups.size(); ++i) {
        CHECK(add_groups_below(groups[i], groups));
    }
    std::reverse(groups.begin(), groups.end());  // the innermost first
    for (const fs::path& group : groups) {
        if (::rmdir(group.c_str()) != 0 && errno != ENOENT)
            return Error::from_errno("removing the control group " + path);
    }
    return done;
}

void remove_unused_cgroups(const std::string& instance_group) {
    const auto directory = directory_of(instance_group);
    if (!directory) return;
    std::error_code ec;
    for (fs::directory_iterator item(*directory, ec); !ec && item != fs::directory_iterator();
         item.increment(ec)) {
        std::error_code ignored;
        if (!item->is_directory(ignored)) continue;
        const std::string session = join(instance_group, item->path().filename().string());
        const auto members = processes_in_cgroup(session);
        if (members.ok() && members->empty()) (void)remove_cgroup(session).ok();
    }
    ::rmdir(directory->c_str());
}

}  // namespace reeve
