#include "commands/reap.hpp"

#include "commands/offline_reaper.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "progress_line.hpp"
#include "reeve/base/cancelled.hpp"
#include "reeve/base/task_group.hpp"
#include "terminal.hpp"

#include <boost/asio/steady_timer.hpp>

namespace reeve {
namespace {

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

// "reaping: 212 of 400 processes gone; killed in 4 s"; empty: nothing is waited for.
std::string text_of(const ReapProgress& progress) {
    std::string text;
    if (progress.processes > 0) {
        text = std::to_string(progress.processes_gone) + " of " + std::to_string(progress.processes) +
               " processes gone";
        if (progress.killed_in)
            text += "; killed in " + std::to_string((progress.killed_in->count() + 999) / 1000) + " s";
    } else if (progress.containers > 0) {
        text = std::to_string(progress.containers) + " containers left";
    }
    return text.empty() ? text : "reaping: " + text;
}

Task<void> tell_progress(const Reaper& reaper) {
    co_await asio::this_coro::throw_if_cancelled(false);  // it is over: no mistake
    const Executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    ProgressLine line;
    for (;;) {
        const bool cancelled = co_await is_cancelled();
        if (cancelled) co_return;
        timer.expires_after(std::chrono::seconds(1));
        const auto [ec] = co_await timer.async_wait(as_result);
        if (ec) co_return;
        const std::string text = text_of(reaper.progress());
        if (!text.empty()) line.show(text);
    }
}

Task<ReapReport> run_and_tell(Reaper& reaper) {
    const Executor executor = co_await asio::this_coro::executor;
    TaskGroup teller(executor, [](const std::string& bug) { print_error("telling the progress: " + bug); });
    teller.spawn(tell_progress(reaper));
    ReapReport report = co_await reaper.run();
    teller.cancel();
    co_await teller.join();
    co_return report;
}

Result<int> reap(const Options& options) {
    TRY(const auto offline, OfflineReaper::make(options));
    if (options.dry_run) {
        TRY(const auto items, offline->run(offline->reaper().observe()));
        print_items(items, options.json);
        return exit_code::done;
    }
    return print_report(offline->run(run_and_tell(offline->reaper())), options.json);
}

}  // namespace

int run_reap(const Options& options) { return exit_code::after(reap(options)); }

}  // namespace reeve
