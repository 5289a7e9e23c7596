#include "scope/scope.hpp"

#include "call_program.hpp"
#include "reeve/base/text.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/random.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace reeve {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto answer_limit = 2s;
constexpr auto whole_limit = 3s;

// Nothing is made to find out: a kill would leave it behind.
bool may_divide_own_group(const std::string& below_own) {
    const fs::path own = fs::path(cgroup_directory(below_own)).parent_path();
    return ::faccessat(AT_FDCWD, own.c_str(), W_OK | X_OK, AT_EACCESS) == 0;
}

// A unit of systemd has what its author gave it, and its manager watches it under its own name.
bool in_a_service() { return environment_value("INVOCATION_ID") || environment_value("NOTIFY_SOCKET"); }

// The user's systemd ends with the last session of a user who does not linger, and its scopes with it. What
// was started in the background of a shell outlives that today, and must not lose by being contained better.
bool manager_outlives_sessions() {
    const passwd* user = ::getpwuid(::geteuid());
    return user != nullptr &&
           ::access((fs::path("/var/lib/systemd/linger") / user->pw_name).c_str(), F_OK) == 0;
}

// Whether somebody of this user listens there whose pids are ours. In a container to which the socket was
// lent, our pid is the number of a stranger for those outside; the kernel then shows their pid as 0.
bool shares_our_pids(const fs::path& bus) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (bus.native().size() >= sizeof address.sun_path) return false;
    bus.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return false;
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return false;
    ucred peer{};
    socklen_t length = sizeof peer;
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid > 0 &&
           peer.uid == ::geteuid();
}

bool are_inside(const std::string& scope) {
    const auto below_own = instance_cgroup(scope);
    return below_own && below_own->find("/" + scope + "/") != std::string::npos;
}

std::string complaint(const ToolResult& ended) {
    std::string said = ended.err.empty() ? ended.out : ended.err;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    return said.empty() ? "busctl ended with " + std::to_string(ended.exit_code) : shortened(said, 400);
}

Task<Result<std::string>> enter(std::string scope, ToolCall call) {
    const auto deadline = Clock::now() + whole_limit;
    const auto ended = co_await run_tool(std::move(call));
    if (!ended.ok()) co_return ended.error();
    if (ended->exit_code != 0) co_return Error(Errc::failed, "asking systemd for a scope", complaint(*ended));
    // The answer says that a job was queued. Its end is a signal on the bus, which one call of busctl cannot
    // hear, and nothing tells a process that its group has changed: so it is looked at until it has.
    const Executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    auto pause = 1ms;
    while (!are_inside(scope)) {
        if (Clock::now() >= deadline)
            co_return Error(Errc::timed_out, "asking systemd for a scope", "it has not moved us there");
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
        pause = std::min(2 * pause, std::chrono::milliseconds(50));
    }
    co_return scope;
}

// Where the bus of a systemd that may be asked is; nothing: there is no need, or nobody to ask.
std::optional<fs::path> bus_to_ask() {
    if (environment_value("REEVE_SCOPE") == "off" || in_a_service()) return std::nullopt;
    const auto below_own = instance_cgroup("");
    if (!below_own || may_divide_own_group(*below_own) || !manager_outlives_sessions()) return std::nullopt;
    const fs::path runtime =
        environment_directory("XDG_RUNTIME_DIR").value_or("/run/user/" + std::to_string(::geteuid()));
    return shares_our_pids(runtime / "bus") ? std::optional(runtime / "bus") : std::nullopt;
}

}  // namespace

bool own_scope_is_to_be_had() { return bus_to_ask() && find_program("busctl").ok(); }

std::optional<Result<std::string>> enter_own_scope() {
    const auto bus = bus_to_ask();
    if (!bus) return std::nullopt;
    ToolCall call;
    auto busctl = find_program("busctl");
    if (!busctl.ok()) return Result<std::string>(busctl.error());
    call.program = std::move(*busctl);
    const std::string scope = "reeve-" + new_uuid() + ".scope";
    call.args = scope_request(scope, ::getpid());
    // A shell after su(1) has neither; another session bus may have no systemd.
    call.extra_env = {{"XDG_RUNTIME_DIR", bus->parent_path().string()},
                      {"DBUS_SESSION_BUS_ADDRESS", "unix:path=" + bus->string()}};
    call.limit = answer_limit;
    call.max_output = std::size_t{64} * 1024;
    return run_to_end(enter(scope, std::move(call)));
}

}  // namespace reeve
