#include "commands/reap.hpp"

#include "commands/client.hpp"
#include "config_file.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/core/reaper.hpp"
#include "reeve/engine/docker_cli.hpp"
#include "reeve/os/process_table.hpp"
#include "terminal.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace reeve {
namespace {

template <class T>
T run_to_end(asio::io_context& loop, Task<T> task) {
    T result;
    asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& bug, T value) {
        if (bug) std::rethrow_exception(bug);
        result = std::move(value);
    });
    loop.run();
    return result;
}

std::unique_ptr<ContainerEngine> engine_with(std::string command, std::string endpoint,
                                             std::chrono::milliseconds timeout) {
    DockerCliOptions options;
    options.command = std::move(command);
    options.endpoint = std::move(endpoint);
    options.timeout = timeout;
    return make_docker_cli(std::move(options));
}

void print_items(const std::vector<ReapItem>& items, bool json) {
    if (json) {
        JsonOutput list = JsonOutput::array();
        for (const auto& item : items) {
            list.push_back({{"instance_id", item.instance.value},
                            {"session", text_or_null(item.session.value)},
                            {"what", item.what},
                            {"name", item.name},
                            {"evidence", item.evidence},
                            {"will_go", item.will_go}});
        }
        print_json(list);
        return;
    }
    if (items.empty()) {
        print_line("nothing to reap");
        return;
    }
    TextTable table({"WHAT", "NAME", "SESSION", "INSTANCE", "DECISION", "EVIDENCE"});
    for (const auto& item : items) {
        table.add({{item.what},
                   {item.name, Style::bold},
                   {item.session.empty() ? "-" : item.session.value},
                   {item.instance.value.substr(0, 8)},
                   {item.will_go ? "goes" : "stays", item.will_go ? Style::warning : Style::dim},
                   {item.evidence}});
    }
    print(table.text());
}

int print_report(const ReapReport& report, bool json) {
    const ReapCounts& c = report.counts;
    if (json) {
        JsonOutput problems = JsonOutput::array();
        for (const auto& p : report.problems) {
            problems.push_back(
                {{"instance_id", text_or_null(p.instance.value)}, {"what", p.what}, {"why", p.why}});
        }
        print_json({{"started_at", report.started_at},
                    {"duration_ms", report.duration_ms},
                    {"instances", c.instances},
                    {"processes_killed", c.processes_killed},
                    {"containers_removed", c.containers_removed},
                    {"networks_removed", c.networks_removed},
                    {"volumes_removed", c.volumes_removed},
                    {"failed", c.failed},
                    {"problems", problems}});
    } else {
        print_line("reaped " + std::to_string(c.instances) + " instance(s) in " +
                   std::to_string(report.duration_ms) + " ms: " + std::to_string(c.processes_killed) +
                   " process(es), " + std::to_string(c.containers_removed) + " container(s), " +
                   std::to_string(c.networks_removed) + " network(s), " + std::to_string(c.volumes_removed) +
                   " volume(s)");
        for (const auto& p : report.problems) {
            print_error("reaping the " + p.what + " of instance " + p.instance.value + ": " + p.why +
                        "; it stays recorded: run reeve reap again, or leave it to the supervisor");
        }
    }
    return c.failed == 0 ? exit_code::done : exit_code::failed;
}

Result<int> reap(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const Store store, Store::open(root));
    TRY(const Host here, this_host());
    TRY(const ConfigFile file, read_config_file(options.config));
    const Config config =
        file.problems.empty() ? file.config : Config{};  // a typo must not keep the dead alive

    asio::io_context loop(1);
    Worker worker;
    EventLog log = EventLog::nowhere();
    const auto engine = engine_with(config.engine.command, config.engine.endpoint, config.engine.timeout);
    ReaperSettings settings;
    settings.paths = store.paths();
    settings.store = store.id();
    settings.here = here;
    settings.grace = config.reap_grace;
    settings.engines = {engine.get()};
    settings.make_engine = [timeout = config.engine.timeout](const std::string& name,
                                                             const std::string& endpoint) {
        return engine_with(name, endpoint, timeout);
    };
    Reaper reaper(loop.get_executor(), std::move(settings), worker, log);
    if (options.dry_run) {
        TRY(const auto items, run_to_end(loop, reaper.observe()));
        print_items(items, options.json);
        return exit_code::done;
    }
    return print_report(run_to_end(loop, reaper.run()), options.json);
}

}  // namespace

int run_reap(const Options& options) {
    const auto outcome = reap(options);
    if (outcome.ok()) return *outcome;
    print_error(outcome.error());
    return exit_code::of(outcome.error());
}

}  // namespace reeve
