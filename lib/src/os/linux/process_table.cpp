#include "reeve/os/process_table.hpp"

#include "proc_stat.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <memory>

namespace reeve {
namespace {

// The whole of a file of /proc, which has no size to ask for. Empty when it cannot be read.
std::string read_all(const std::string& path, std::size_t limit) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    if (!file) return text;
    std::array<char, 8192> part{};
    while (text.size() < limit) {
        const ssize_t length = ::read(file.get(), part.data(), std::min(part.size(), limit - text.size()));
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) break;
        text.append(part.data(), static_cast<std::size_t>(length));
    }
    return text;
}

std::string first_line(const std::string& path) {
    std::string text = read_all(path, 256);
    return text.substr(0, text.find('\n'));
}

std::string proc_path(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

ProcessEntry entry_from(pid_t pid, linux_proc::Stat stat) {
    ProcessEntry entry;
    entry.pid = pid;
    entry.parent = stat.parent;
    entry.group = stat.group;
    entry.session = stat.session;
    entry.uid = stat.owner;
    entry.start_time = stat.start_time;
    entry.zombie = (stat.state == 'Z' || stat.state == 'X') && stat.threads <= 1;
    entry.name = std::move(stat.name);
    return entry;
}

}  // namespace

Result<Host> this_host() {
    // A /proc of another namespace (unshare --pid without its own mount) would make every pid mean somebody
    // else.
    std::array<char, 16> self{};
    const ssize_t length = ::readlink("/proc/self", self.data(), self.size());
    if (length <= 0) {
        return Error(Errc::refused, "telling processes apart", "/proc is not mounted", "mount proc on /proc");
    }
    if (std::string(self.data(), static_cast<std::size_t>(length)) != std::to_string(::getpid())) {
        return Error(Errc::refused, "telling processes apart", "/proc belongs to another pid namespace",
                     "mount a proc of this namespace on /proc (unshare --mount-proc)");
    }
    Host host;
    host.boot_id = first_line("/proc/sys/kernel/random/boot_id");
    if (host.boot_id.empty()) {
        return Error(Errc::refused, "telling boots apart", "/proc/sys/kernel/random/boot_id cannot be read");
    }
    host.machine_id = first_line("/etc/machine-id");
    if (host.machine_id.empty()) host.machine_id = first_line("/var/lib/dbus/machine-id");
    struct stat ns {};
    if (::stat("/proc/self/ns/pid", &ns) == 0) host.pid_ns = ns.st_ino;
    utsname names{};
    if (::uname(&names) == 0) host.hostname = static_cast<const char*>(names.nodename);
    return host;
}

ProcessSeen look_at(pid_t pid) {
    ProcessSeen seen;
    if (pid <= 0) {
        seen.state = ProcessSeen::State::absent;
        return seen;
    }
    const UniqueFd pidfd = linux_proc::open_pidfd(pid);
    if (pidfd) return linux_proc::look(pidfd.get(), pid);
    if (errno == ESRCH || errno == EINVAL || errno == ENOENT) {
        seen.state = ProcessSeen::State::absent;
    }
    return seen;  // out of descriptors, or a kernel without pidfds: no proof of anything
}

// After SIGKILL every thread has the signal pending, then the flag that says it is on its way out; as a
// zombie the leader waits for the threads that are still behind.
bool is_ending(pid_t pid) {
    constexpr unsigned exiting = 0x4;  // PF_EXITING of linux/sched.h, shown in proc(5) stat
    const auto killed = [&] {
        constexpr std::string_view key = "\nSigPnd:\t";
        const std::string status = read_all(proc_path(pid, "status"), 8192);
        const auto at = status.find(key);
        if (at == std::string::npos) return false;
        const auto pending = std::strtoull(status.c_str() + at + key.size(), nullptr, 16);
        return (pending >> (SIGKILL - 1) & 1U) != 0;
    };
    // The flag is asked for after the signal, which one may have changed into the other in between.
    if (pid <= 0) return false;
    if (killed()) return true;
    const auto stat = linux_proc::read_stat(pid);
    return stat && (stat->state == 'Z' || stat->state == 'X' || (stat->flags & exiting) != 0);
}

bool start_times_are_unique() { return false; }

// Source: proc(5), starttime: ticks of CLOCK_BOOTTIME.
std::chrono::milliseconds until_start_time_tells(std::uint64_t start_time) {
    timespec now{};
    const long ticks = ::sysconf(_SC_CLK_TCK);
    if (ticks <= 0 || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return std::chrono::milliseconds(10);
    const std::uint64_t tick = 1'000'000'000 / static_cast<std::uint64_t>(ticks);
    const std::uint64_t at =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
    const std::uint64_t over = (start_time + 1) * tick;
    if (at >= over) return std::chrono::milliseconds(0);
    return std::chrono::milliseconds((over - at) / 1'000'000 + 1);
}

Result<std::vector<ProcessEntry>> list_processes() {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
    if (!folder) return Error::from_errno("listing processes");
    std::vector<ProcessEntry> entries;
    while (const dirent* item = ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a DIR of our own
        const std::string_view name = static_cast<const char*>(item->d_name);
        pid_t pid = 0;
        const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (ec != std::errc{} || end != name.data() + name.size()) continue;
        if (auto stat = linux_proc::read_stat(pid)) entries.push_back(entry_from(pid, std::move(*stat)));
    }
    return entries;
}

std::optional<ProcessEntry> process_entry(pid_t pid) {
    auto stat = linux_proc::read_stat(pid);
    if (!stat) return std::nullopt;
    return entry_from(pid, std::move(*stat));
}

std::string environment_block_of(pid_t pid) {
    if (pid <= 0) return {};
    return read_all(proc_path(pid, "environ"), std::size_t{4} * 1024 * 1024);
}

std::uint64_t inherited_mark_of(pid_t pid) {
    if (pid <= 0) return 0;
    // "Max file locks            4611686018427387904  unlimited            locks"
    const std::string limits = read_all(proc_path(pid, "limits"), 16'384);
    constexpr std::string_view title = "Max file locks";
    const auto line = limits.find(title);
    if (line == std::string::npos) return 0;
    const auto value = limits.find_first_not_of(' ', line + title.size());
    std::uint64_t mark = 0;
    if (value == std::string::npos) return 0;
    const auto [end, ec] = std::from_chars(limits.data() + value, limits.data() + limits.size(), mark);
    return ec == std::errc{} && *end == ' ' ? mark : 0;
}

std::string command_line_of(pid_t pid, std::size_t limit) {
    if (pid <= 0) return {};
    std::string text = read_all(proc_path(pid, "cmdline"), limit);
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::replace(text.begin(), text.end(), '\0', ' ');
    if (!text.empty()) return text;
    const auto stat = linux_proc::read_stat(pid);
    return stat ? "[" + stat->name + "]" : std::string();
}

std::optional<double> wall_clock_start_of(pid_t pid) {
    const auto stat = linux_proc::read_stat(pid);
    if (!stat) return std::nullopt;
    timespec real{};
    timespec since_boot{};
    ::clock_gettime(CLOCK_REALTIME, &real);
    ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
    const auto seconds = [](const timespec& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
    };
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    return seconds(real) - seconds(since_boot) + static_cast<double>(stat->start_time) / ticks_per_second;
}

}  // namespace reeve
