#include "engine/docker_things.hpp"

#include "engine/docker_parse.hpp"
#include "engine/side_by_side.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace reeve {
namespace {

// Far below every limit of a command line (128 KiB at least) and of an answer (16 MiB: about 10 kB for each).
constexpr std::size_t names_in_one_call = 200;

}  // namespace

std::string DockerThings::word() const {
    switch (kind_) {
        case Kind::container:
            return "container";
        case Kind::network:
            return "network";
        case Kind::volume:
            break;
    }
    return "volume";
}

Status DockerThings::check(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
        if (!is_engine_name(name))
            return Error(Errc::refused, "handling a " + word(), "not a name or id: '" + name + "'");
    }
    return done;
}

Task<Result<std::string>> DockerThings::list(std::string label_key, std::string label_value) {
    std::string label = "label=" + label_key;
    if (!label_value.empty()) label += "=" + label_value;
    std::vector<std::string> args = {word(), "ls", "--quiet", "--filter", label};
    if (kind_ == Kind::container) args.insert(args.end(), {"--all", "--no-trunc"});
    if (kind_ == Kind::network) args.emplace_back("--no-trunc");
    co_return co_await command_.ask(std::move(args));
}

Task<Result<std::vector<std::string>>> DockerThings::still_there(std::vector<std::string> names) {
    std::vector<std::string> args = {word(), "ls", "--format"};
    args.emplace_back(kind_ == Kind::container ? "{{.ID}} {{.Names}}"
                      : kind_ == Kind::network ? "{{.ID}} {{.Name}}"
                                               : "{{.Name}}");
    if (kind_ == Kind::container) args.insert(args.end(), {"--all", "--no-trunc"});
    if (kind_ == Kind::network) args.emplace_back("--no-trunc");
    CO_TRY(const std::string text, co_await command_.ask(std::move(args)));
    const std::vector<std::string> words = parse_words(text);
    const std::set<std::string> all(words.begin(), words.end());
    std::vector<std::string> there;
    std::copy_if(names.begin(), names.end(), std::back_inserter(there),
                 [&](const std::string& name) { return all.count(name) > 0; });
    co_return there;
}

Task<Result<std::vector<ToolResult>>> DockerThings::each(std::vector<std::string> verb,
                                                         std::vector<std::string> names,
                                                         std::chrono::milliseconds extra_time) {
    CO_CHECK(check(names));
    std::vector<ToolCall> calls;
    for (std::size_t first = 0; first < names.size(); first += names_in_one_call) {
        std::vector<std::string> args = verb;
        const std::size_t count = std::min(names_in_one_call, names.size() - first);
        args.insert(args.end(), names.begin() + static_cast<std::ptrdiff_t>(first),
                    names.begin() + static_cast<std::ptrdiff_t>(first + count));
        CO_TRY(ToolCall call, command_.prepare(std::move(args)));
        call.limit += extra_time;
        calls.push_back(std::move(call));
    }
    const std::vector<Result<ToolResult>> results = co_await run_side_by_side(std::move(calls));
    std::vector<ToolResult> failed;
    for (const Result<ToolResult>& result : results) {
        if (!result) co_return command_.not_run(result.error());
        if (result->exit_code != 0) failed.push_back(*result);
    }
    co_return failed;
}

Task<Status> DockerThings::inspect(std::vector<std::string> names, Collect collect) {
    CO_CHECK(check(names));
    std::set<std::string> missing(names.begin(), names.end());
    const std::vector<std::string> asked(missing.begin(), missing.end());
    for (std::size_t first = 0; first < asked.size(); first += names_in_one_call) {
        std::vector<std::string> args = {word(), "inspect"};
        const std::size_t count = std::min(names_in_one_call, asked.size() - first);
        args.insert(args.end(), asked.begin() + static_cast<std::ptrdiff_t>(first),
                    asked.begin() + static_cast<std::ptrdiff_t>(first + count));
        CO_TRY(ToolCall call, command_.prepare(std::move(args)));
        CO_TRY(ToolResult result, co_await command_.run(std::move(call)));
        const Status understood = collect(result.out, missing);
        if (understood) continue;
        if (result.exit_code == 0) co_return understood.error();
        const Error why = co_await command_.explain(std::move(result), "inspecting " + word() + "s");
        co_return why;
    }
    if (missing.empty()) co_return done;
    std::vector<std::string> unseen(missing.begin(), missing.end());
    CO_TRY(const std::vector<std::string> there, co_await still_there(std::move(unseen)));
    if (there.empty()) co_return done;
    co_return Error(Errc::invalid_data, "inspecting " + word() + "s",
                    "the engine lists " + there.front() + " but does not describe it");
}

Task<Status> DockerThings::remove(std::vector<std::string> names) {
    std::vector<std::string> verb = {word(), "rm"};
    if (kind_ == Kind::container) verb.insert(verb.end(), {"--force", "--volumes"});
    if (kind_ == Kind::container && command_.is_podman()) {
        // Its rm --force is a stop with 10 s of grace first, and has an option against it only since
        // podman 4.0.
        std::vector<std::string> kill = {"stop", "--ignore", "-t", "0"};
        CO_CHECK(co_await each(std::move(kill), names, std::chrono::milliseconds(0)));
        verb.emplace_back("--ignore");
    }
    // Success is only what a listing shows: without --ignore, podman 4.3 prints nothing, exits with 0 and
    // removes none of several when one is gone. Two rounds are enough for such things. Containers have more:
    // an engine refuses to remove one that is being removed already (after --rm, or by somebody else), and
    // has no call that waits for it. That takes milliseconds: ask again, ever more slowly.
    const int rounds = kind_ == Kind::container ? 5 : 2;
    std::chrono::milliseconds pause{50};
    for (int round = 1; !names.empty(); ++round) {
        CO_TRY(const std::vector<ToolResult> failed,
               co_await each(verb, names, std::chrono::milliseconds(0)));
        CO_TRY(names, co_await still_there(std::move(names)));
        if (names.empty()) co_return done;
        if (round == rounds) {
            const std::string doing = "removing " + word() + " " + names.front();
            if (failed.empty())
                co_return Error(Errc::failed, doing, "the engine reports success, but it is there");
            const Error why = co_await command_.explain(failed.front(), doing);
            co_return why;
        }
        const Executor executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, pause);
        const auto [ec] = co_await timer.async_wait(as_result);
        if (ec) co_return Error(Errc::cancelled, "removing " + word() + "s");
        pause *= 2;
    }
    co_return done;
}

}  // namespace reeve
