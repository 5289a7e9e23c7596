#include "engine/launch.hpp"

#include "reeve/base/scope_exit.hpp"
#include "reeve/os/descriptors.hpp"
#include "reeve/os/end_with_parent.hpp"

// Boost.Process v2 is header-only up to Boost 1.85 and a library from 1.86. Some of its functions are not
// inline in 1.81, so exactly one file may include it: this one. Of Boost it uses more than it includes,
// unless it is built on Boost.Filesystem (it may also be built on the standard one,
// BOOST_PROCESS_USE_STD_FS).
#include <boost/asio/io_context.hpp>
#include <boost/optional.hpp>
#include <boost/process/v2/posix/default_launcher.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/type_traits/decay.hpp>
#include <boost/type_traits/is_convertible.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

extern char** environ;

namespace reeve {
namespace {

namespace process = boost::process::v2;
using process::error_code;

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& extra) {
    std::vector<std::string> merged;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (extra.count(text.substr(0, text.find('='))) == 0) merged.push_back(text);
    }
    for (const auto& [name, value] : extra) merged.push_back(name + "=" + value);
    return merged;
}

// A context that hears nothing of forks. The library tells its executor's, in the child, too. There Asio
// allocates memory, re-registers every descriptor and makes new pipes: a lock that another thread held at the
// fork keeps the child from its exec for ever, and us with it, who wait for that (fork(2): only what is
// async-signal-safe may be called; boostorg/process issue 430); an exception would let a second copy of us
// run on.
class Untold : public boost::asio::io_context {
  public:
    Untold() : io_context(1) {}
    void notify_fork(fork_event) {}  // hides that of execution_context, which is not virtual
};

// As any executor, but its context is known to be an Untold.
class UntoldExecutor {
  public:
    explicit UntoldExecutor(Untold& context) noexcept : context_(&context) {}
    Untold& query(boost::asio::execution::context_t) const noexcept { return *context_; }
    template <class Function>
    void execute(Function&& function) const {
        context_->get_executor().execute(std::forward<Function>(function));
    }
    bool operator==(const UntoldExecutor&) const noexcept = default;

  private:
    Untold* context_;
};

// What the child does between fork and exec, and what Boost.Process must be kept from doing there.
struct ChildSetup {
    const Launch& what;
    const char* const* environment;
    pid_t parent = ::getpid();

    template <class Launcher, class Path>
    error_code on_setup(Launcher& launcher, const Path&, const char* const*) {
        launcher.env = environment;
        return {};
    }

    // Executes the program itself: what the library would do before it may allocate memory. Returns when that
    // fails.
    template <class Launcher, class Path>
    error_code on_exec_setup(Launcher&, const Path& program, const char* const* arguments) {
        const auto failure = [] { return error_code(errno, boost::system::system_category()); };
        end_with_parent(parent);
        if (::setpgid(0, 0) != 0) return failure();
        if (::dup2(what.in, STDIN_FILENO) < 0 || ::dup2(what.out, STDOUT_FILENO) < 0 ||
            ::dup2(what.err, STDERR_FILENO) < 0) {
            return failure();
        }
        close_on_exec_from(STDERR_FILENO + 1);
        // Every signal is blocked here (see launch): no handler of ours can run in the child before its
        // disposition is the default again.
        for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return failure();
        ::execve(program.c_str(), const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
        return failure();
    }

    // Without this 1.81 calls exit(3) in the child: our atexit handlers run there, and what is buffered for
    // standard output is written twice. 1.81 looks for the form with five arguments and calls that with four.
    template <class Launcher, class Path>
    void on_exec_error(Launcher&, const Path&, const char* const*, const error_code&) {
        ::_exit(127);
    }
    template <class Launcher, class Path>
    void on_exec_error(Launcher&, const error_code&, const Path&, const char* const*, const error_code&) {
        ::_exit(127);
    }
};

void reap(pid_t pid) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace

Result<pid_t> launch(const Launch& what) {
    const std::string doing = "starting " + what.program.string();
    const std::vector<std::string> environment = merged_environment(what.extra_env);
    std::vector<const char*> pointers;
    for (const std::string& entry : environment) pointers.push_back(entry.c_str());
    pointers.push_back(nullptr);

    // A signal that arrives between fork and the reset of dispositions would run Asio's handler in the child,
    // which writes to a pipe that it shares with us: we would see a signal that nobody sent to us.
    sigset_t all, before;
    sigfillset(&all);  // a macro on macOS, which takes no "::"
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const ScopeExit unblock([&] { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); });

    Untold nobody;
    process::posix::default_launcher launcher;
    ChildSetup setup{what, pointers.data()};
    error_code failure;
    try {
        const process::filesystem::path program(what.program.string());
        auto child = launcher(UntoldExecutor(nobody), failure, program, what.args, setup);
        // From here on we wait ourselves: in 1.81 the library's wait may block the loop for the child's whole
        // life, and its destructor kills and waits. A detached handle does neither.
        if (!failure) child.detach();
    } catch (const std::exception& e) {
        // Asio throws when the process's descriptor cannot be opened or watched. The child may run by then.
        // It is ours and unreaped, so its number is proof enough.
        if (launcher.pid > 0) {
            ::kill(-launcher.pid, SIGKILL);
            ::kill(launcher.pid, SIGKILL);
            reap(launcher.pid);
        }
        return Error(Errc::failed, doing, e.what());
    }
    if (failure) {
        // 1.81 leaves the child of a failed exec as a zombie. Later versions reap it; then this finds
        // nothing.
        if (launcher.pid > 0) reap(launcher.pid);
        return Error(std::error_code(failure.value(), std::generic_category()), doing);
    }
    return static_cast<pid_t>(launcher.pid);
}

}  // namespace reeve
