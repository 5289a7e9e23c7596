#include "commands/control.hpp"

#include "commands/client.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/cancelled.hpp"
#include "reeve/base/task_group.hpp"
#include "reeve/core/control.hpp"
#include "terminal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <set>
#include <vector>

namespace reeve {
namespace {

// A stop may take every grace there is, and a start an image's pull; the supervisor has its own deadlines.
constexpr std::chrono::hours patience{1};

// "starting "db": waiting for the engine (create)", or "stopping "api": waiting for 4242 (sleep), 4243
// (node)", and when that ends.
struct Waiting {
    std::string who, killed;
};

std::string list_of(const JsonOutput& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
    return text;
}

std::vector<Waiting> waiting_in(const std::string& answer) {
    std::vector<Waiting> all;
    const auto parsed = JsonOutput::parse(answer, nullptr, false);
    if (!parsed.is_object()) return all;
    const auto sessions = parsed.value("sessions", JsonOutput::object());
    for (const auto& [name, session] : sessions.items()) {
        const auto names = session.value("waiting_for", JsonOutput::array());
        if (names.empty()) continue;
        Waiting one{session.value("doing", "stopping") + " \"" + name + "\": waiting for " + list_of(names),
                    {}};
        const auto left = session.value("killed_in_ms", JsonOutput());
        if (left.is_number_integer())
            one.killed = "; killed in " + std::to_string((left.get<long long>() + 999) / 1000) + " s";
        all.push_back(std::move(one));
    }
    return all;
}

// A start or stop that takes longer than a moment says what it waits for, and again when that changes.
Task<void> tell_who_is_waited_for(std::filesystem::path control, std::string params) {
    co_await asio::this_coro::throw_if_cancelled(false);  // the answer has come: no mistake
    const Executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    std::set<std::string> told;
    for (;;) {
        const bool cancelled = co_await is_cancelled();
        if (cancelled) co_return;
        timer.expires_after(std::chrono::seconds(1));
        const auto [ec] = co_await timer.async_wait(as_result);
        if (ec) co_return;
        const auto answer = co_await control_call(control, "waiting", params, std::chrono::seconds(5));
        if (!answer.ok()) co_return;
        for (const Waiting& one : waiting_in(*answer)) {
            if (told.insert(one.who).second) print_error(one.who + one.killed);
        }
    }
}

Task<Result<std::string>> ask_and_tell(std::filesystem::path control, std::string method,
                                       std::string params) {
    const Executor executor = co_await asio::this_coro::executor;
    TaskGroup teller(executor,
                     [](const std::string& bug) { print_error("telling what is waited for: " + bug); });
    teller.spawn(tell_who_is_waited_for(control, params));
    auto answer = co_await control_call(control, method, params, patience);
    teller.cancel();
    co_await teller.join();
    co_return answer;
}

Result<std::string> ask_patiently(const StorePaths& paths, const std::string& method,
                                  const std::string& params) {
    TRY(const Store store, Store::open(paths.root));
    CHECK(store.prepare_control());
    asio::io_context loop(1);
    Result<std::string> answer;
    asio::co_spawn(loop, ask_and_tell(paths.control(), method, params),
                   [&](const std::exception_ptr& bug, Result<std::string> result) {
                       if (bug) std::rethrow_exception(bug);
                       answer = std::move(result);
                   });
    loop.run();
    return answer;
}

Status ask(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    const auto answer = ask_patiently(StorePaths{root}, options.command, names_as_params(options));
    if (!answer.ok()) return answer.error();
    return done;
}

}  // namespace

int run_control(const Options& options) { return exit_code::after(ask(options)); }

}  // namespace reeve
