#include "reeve/os/process_table.hpp"

#include "proc_args.hpp"
#include "proc_info.hpp"

#include <gethostuuid.h>
#include <libproc.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/sysctl.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace reeve {
namespace {

std::string sysctl_text(const char* name) {
    std::array<char, 256> text{};
    std::size_t size = text.size() - 1;
    if (::sysctlbyname(name, text.data(), &size, nullptr, 0) != 0) return {};
    return text.data();
}

// Not kern.uuid: that names the build of the kernel, and all machines with the same update share it.
std::string host_uuid() {
    uuid_t bytes{};
    const timespec wait{1, 0};  // gethostuuid(2) asks for one; the answer is in the kernel's memory
    if (::gethostuuid(bytes, &wait) != 0) return {};
    std::array<char, sizeof(uuid_string_t)> text{};
    ::uuid_unparse_lower(bytes, text.data());
    return text.data();
}

template <std::size_t size>
std::string name_from(const char (&name)[size]) {
    return {name, ::strnlen(name, size)};
}

ProcessEntry entry_from(const proc_bsdshortinfo& row) {
    ProcessEntry entry;
    entry.pid = static_cast<pid_t>(row.pbsi_pid);
    entry.parent = static_cast<pid_t>(row.pbsi_ppid);
    entry.group = static_cast<pid_t>(row.pbsi_pgid);
    entry.session = ::getsid(entry.pid);  // -1 for a zombie, which has left its session
    entry.uid = row.pbsi_uid;
    entry.start_time = darwin::start_time_of(entry.pid);
    entry.zombie = darwin::life_of(entry.pid) != darwin::Life::living;
    entry.name = name_from(row.pbsi_comm);
    return entry;
}

}  // namespace

Result<Host> this_host() {
    Host host;
    host.boot_id = sysctl_text("kern.bootsessionuuid");
    if (host.boot_id.empty()) {
        return Error(Errc::refused, "telling boots apart", "kern.bootsessionuuid cannot be read");
    }
    host.machine_id = host_uuid();
    utsname names{};
    if (::uname(&names) == 0) host.hostname = static_cast<const char*>(names.nodename);
    return host;
}

ProcessSeen look_at(pid_t pid) { return darwin::look(pid, 0); }

bool is_ending(pid_t pid) { return darwin::life_of(pid) == darwin::Life::ending; }

bool start_times_are_unique() { return true; }

std::chrono::milliseconds until_start_time_tells(std::uint64_t /*start_time*/) {
    return std::chrono::milliseconds(0);
}

Result<std::vector<ProcessEntry>> list_processes() {
    // Asked without a buffer it says how many there may be; with one, how many it wrote. A full buffer may
    // have cut the list.
    std::vector<pid_t> pids;
    int count = ::proc_listallpids(nullptr, 0);
    do {
        if (count <= 0) return Error::from_errno("listing processes");
        pids.resize(static_cast<std::size_t>(count) + 64);
        const auto bytes = static_cast<int>(pids.size() * sizeof(pid_t));
        count = ::proc_listallpids(pids.data(), bytes);
    } while (count < 0 || static_cast<std::size_t>(count) >= pids.size());
    pids.resize(static_cast<std::size_t>(count));
    std::vector<ProcessEntry> entries;
    entries.reserve(pids.size());
    for (const pid_t pid : pids) {
        if (auto entry = process_entry(pid)) entries.push_back(std::move(*entry));
    }
    return entries;
}

std::optional<ProcessEntry> process_entry(pid_t pid) {
    const auto row = darwin::row_of(pid);
    if (!row) return std::nullopt;
    return entry_from(*row);
}

std::string environment_block_of(pid_t pid) { return darwin::read_arguments(pid).environment; }

std::uint64_t inherited_mark_of(pid_t) { return 0; }  // there is no limit that could carry one

std::string command_line_of(pid_t pid, std::size_t limit) {
    std::string text = darwin::read_arguments(pid).command;
    if (text.empty()) {
        const auto row = darwin::row_of(pid);
        if (row) text = "[" + name_from(row->pbsi_comm) + "]";
    }
    if (text.size() > limit) text.resize(limit);
    return text;
}

std::optional<double> wall_clock_start_of(pid_t pid) {
    if (pid <= 0) return std::nullopt;
    proc_bsdinfo info{};
    const int size = sizeof info;
    if (::proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, size) != size) return std::nullopt;
    return static_cast<double>(info.pbi_start_tvsec) + static_cast<double>(info.pbi_start_tvusec) / 1e6;
}

}  // namespace reeve
