#include "proc_info.hpp"

#include <sys/proc_info.h>
#include <sys/resource.h>

#include <cerrno>

namespace reeve::darwin {
namespace {

// The kernel copies out what its own struct is long, and these are in its public interface.
static_assert(sizeof(proc_bsdshortinfo) == 64 && PROC_PIDT_SHORTBSDINFO == 13);
static_assert(sizeof(rusage_info_v0) == 96 && RUSAGE_INFO_V0 == 0);

enum class Zombies { leave_out = 0, too = 1 };  // the values are the call's own argument

std::optional<proc_bsdshortinfo> ask(pid_t pid, Zombies zombies) {
    proc_bsdshortinfo row{};
    const int size = sizeof row;
    errno = 0;
    const auto argument = static_cast<std::uint64_t>(zombies);
    if (::proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, argument, &row, size) != size) return std::nullopt;
    return row;
}

}  // namespace

// The status in the row is no answer: between the moment from which the kernel finds a process no more
// (proc_exit in xnu's kern_exit.c drains its references, then posts NOTE_EXIT) and the one in which it
// becomes SZOMB, the row still says that it runs. So the question is whether it is found without asking for
// zombies.
Life life_of(pid_t pid) {
    if (pid <= 0) return Life::absent;
    if (ask(pid, Zombies::leave_out)) return Life::living;
    if (errno != ESRCH) return Life::unknown;
    if (ask(pid, Zombies::too)) return Life::ending;
    return errno == ESRCH ? Life::absent : Life::unknown;
}

std::uint64_t start_time_of(pid_t pid) {
    if (pid <= 0) return 0;
    rusage_info_v0 usage{};
    // The call is declared to fill in a pointer, and fills in what it points to.
    auto* const buffer = reinterpret_cast<rusage_info_t*>(&usage);
    return ::proc_pid_rusage(pid, RUSAGE_INFO_V0, buffer) == 0 ? usage.ri_proc_start_abstime : 0;
}

std::optional<proc_bsdshortinfo> row_of(pid_t pid) {
    if (pid <= 0) return std::nullopt;
    return ask(pid, Zombies::too);
}

ProcessSeen look(pid_t pid, std::uint64_t expected) {
    ProcessSeen seen;
    // In this order: a process that has the expected start time after the first answer had the pid during it,
    // too.
    const Life life = life_of(pid);
    const std::uint64_t start_time = start_time_of(pid);
    const bool somebody_else = expected != 0 && start_time != 0 && start_time != expected;
    if (life == Life::absent || somebody_else) {
        seen.state = ProcessSeen::State::absent;
    } else if (life == Life::ending) {
        seen.state = ProcessSeen::State::zombie;
    } else if (life == Life::living && start_time != 0) {
        seen.state = ProcessSeen::State::running;
        seen.start_time = start_time;
    }
    return seen;
}

}  // namespace reeve::darwin
