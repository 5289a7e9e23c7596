// Walks one hot path as often as it is told, for callgrind to count the instructions: count.py compares a few
// rounds with many, so that what comes before and after them drops out. The same bytes every time, and no
// path that depends on how many processes there are or how busy the machine is.
//
// usage: hot_paths launch|exit|change|commit|status|log ROUNDS
#include "os/posix/child_setup.hpp"
#include "reeve/core/durable_file.hpp"
#include "reeve/core/process_runner.hpp"
#include "reeve/core/session_log.hpp"
#include "reeve/model/labels.hpp"
#include "reeve/model/restart.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/store/instance_registry.hpp"
#include "support/records.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstdlib>
#include <future>
#include <iostream>
#include <stdexcept>

namespace reeve {
namespace {

constexpr int sessions = 100;

template <class T>
T need(Result<T> result) {
    if (!result.ok()) throw std::runtime_error(result.error().message());
    return std::move(*result);
}

InstanceRecord record_of_many() {
    InstanceRecord record = test::full_record();
    const SessionRecord one = record.sessions.at(SessionName{"api"});
    for (int i = 0; i < sessions; ++i) record.sessions[SessionName{"session-" + std::to_string(i)}] = one;
    record.kind = InstanceKind::external;
    return record;
}

// What is laid out for a child, before the kernel makes it: callgrind of valgrind 3.19 knows no pidfd, so
// that the process itself cannot be made here.
void launch(int rounds) {
    InstanceRecord record = record_of_many();
    const ProcessSessionRecord one = std::get<ProcessSessionRecord>(record.sessions.begin()->second);
    const SessionName name{"session-1"};
    StorePaths paths;
    paths.root = "/home/alice/.local/state/reeve";
    for (int i = 0; i < rounds; ++i) {
        LaunchSpec spec;
        spec.program = "/bin/true";
        spec.argv = {"true"};
        spec.env = session_environment({{"MODE", "dev"}}, paths, record.instance_id, name);
        spec.mark = inherited_mark(record.instance_id, name);
        const Layout layout = need(Layout::of(spec));
        record.sessions[name] = one;
    }
}

// What follows the end of a life: out of the record, and what its policy says to that. Not so often that it
// gives up, which a session does once.
void end_of_life(int rounds) {
    InstanceRecord record = record_of_many();
    RestartBudget budget;
    const SessionConfig config;
    for (int i = 0; i < rounds * sessions; ++i) {
        record.sessions.erase(SessionName{"session-" + std::to_string(i % sessions)});
        const auto now = RestartBudget::Time{} + std::chrono::seconds(20) * i;
        (void)budget.ended(config, false, std::chrono::seconds(1), now, 0.5);
    }
}

// A record of a hundred sessions, changed under its claim: read, parsed, written, made durable.
void change(int rounds) {
    const test::TempDir home;
    const Store store = need(Store::open_or_create(home / "store"));
    const InstanceRegistry registry(store.paths());
    InstanceRecord record = record_of_many();
    need(registry.save(record));
    for (int i = 0; i < rounds; ++i) {
        auto claim = need(registry.claim(record.instance_id));
        if (!claim) throw std::runtime_error("somebody else has it");
        std::get<ProcessSessionRecord>(claim->record.sessions.begin()->second).pid = 1000 + i;
        need(claim->update(claim->record));
    }
}

Task<void> ask(DurableFile& file) {
    const Status outcome = co_await file.commit();
    if (!outcome.ok()) throw std::runtime_error(outcome.error().message());
}

// A hundred changes that come while a write is under way share the next one: two writes for each round.
void commit(int rounds) {
    const InstanceRecord record = record_of_many();
    Worker worker;
    for (int i = 0; i < rounds; ++i) {
        asio::io_context loop;
        std::promise<void> all_asked;
        auto asked = all_asked.get_future().share();
        DurableFile file(
            worker, [&record] { return to_json(record); },
            [asked](const std::string&) -> Status {
                asked.wait();
                return done;
            });
        for (int n = 0; n < sessions; ++n) asio::co_spawn(loop, ask(file), asio::detached);
        asio::post(loop, [&all_asked] { all_asked.set_value(); });
        loop.run();
        if (file.writes() != 2)
            throw std::runtime_error("it took " + std::to_string(file.writes()) + " writes");
    }
}

void write_status(int rounds) {
    const test::TempDir home;
    StatusSnapshot snapshot;
    SessionStatus one;
    one.kind = "process";
    one.state = SessionState::running;
    one.pid = 4250;
    one.ready = true;
    one.started_at = "2026-11-21T02:04:01.000Z";
    one.containment = "cgroup";
    for (int i = 0; i < sessions; ++i) snapshot.sessions[SessionName{"session-" + std::to_string(i)}] = one;
    for (int i = 0; i < rounds; ++i) {
        ++snapshot.seq;
        need(replace_file(home / "status.json", to_json(snapshot)));
    }
}

void write_log(int rounds) {
    const test::TempDir home;
    SessionLog log = need(SessionLog::open(home / "session.log", LogConfig{}));
    const std::string line(99, 'x');
    for (int i = 0; i < rounds * 100; ++i) need(log.append(line + "\n"));
}

int run(const std::string& path, int rounds) {
    if (path == "launch") return launch(rounds), 0;
    if (path == "exit") return end_of_life(rounds), 0;
    if (path == "change") return change(rounds), 0;
    if (path == "commit") return commit(rounds), 0;
    if (path == "status") return write_status(rounds), 0;
    if (path == "log") return write_log(rounds), 0;
    std::cerr << "usage: hot_paths launch|exit|change|commit|status|log ROUNDS\n";
    return 64;
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
    try {
        return reeve::run(argc > 1 ? argv[1] : "", argc > 2 ? std::atoi(argv[2]) : 1);
    } catch (const std::exception& problem) {
        std::cerr << "hot_paths: " << problem.what() << "\n";
        return 1;
    }
}
