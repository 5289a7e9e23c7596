// Taking and releasing the store's lock, beside the floor: the same bytes written to a temporary file, synced
// and renamed, which is what anything costs that is to be whole after a power cut.
#include "reeve/base/scope_exit.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/store/lifecycle_lock.hpp"
#include "support/temp_dir.hpp"

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>

namespace reeve {
namespace {

Host here() {
    Result<Host> host = this_host();
    if (host.ok()) return *host;
    std::cerr << host.error().message() << "\n";
    std::exit(1);
}

LockPayload payload_of_ours() {
    const Result<ProcessIdentity> self = identify(::getpid(), here());
    LockPayload payload;
    payload.pid = self->pid;
    payload.hostname = here().hostname;
    payload.started_at = now_rfc3339();
    payload.start_time = self->start_time;
    payload.boot_id = self->boot_id;
    payload.machine_id = self->machine_id;
    payload.pid_ns = self->pid_ns;
    payload.pidfs_inode = self->pidfs_inode;
    payload.instance_id.value = "11111111-2222-4333-8444-555555555555";
    return payload;
}

void acquire_and_release(benchmark::State& state) {
    const test::TempDir folder;
    const Host host = here();
    const LockPayload mine = payload_of_ours();
    for (auto _ : state) {
        std::vector<std::string> warnings;
        auto taken = LifecycleLock::acquire(folder / ".locked", mine, host, warnings);
        auto* lock = taken.ok() ? std::get_if<LifecycleLock>(&*taken) : nullptr;
        if (lock == nullptr || !lock->release().ok()) return state.SkipWithError("the lock was not ours");
    }
}

enum class Folder { as_it_is, synced };

bool write_and_rename(const test::TempDir& folder, const std::string& bytes, Folder after) {
    const std::string temporary = folder / "temporary";
    const UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const auto length = static_cast<ssize_t>(bytes.size());
    if (!file || ::write(file.get(), bytes.data(), bytes.size()) != length || ::fsync(file.get()) != 0 ||
        ::rename(temporary.c_str(), (folder / "file").c_str()) != 0) {
        return false;
    }
    if (after == Folder::as_it_is) return true;
    const UniqueFd open_folder(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return open_folder && ::fsync(open_folder.get()) == 0;
}

void floor_of(benchmark::State& state, Folder after) {
    const test::TempDir folder;
    const std::string bytes = to_json(payload_of_ours());
    for (auto _ : state) {
        if (!write_and_rename(folder, bytes, after)) return state.SkipWithError("writing failed");
    }
}

// Shows what the console shows, and keeps the medians for the ratios below it.
class RatioReporter final : public benchmark::ConsoleReporter {
  public:
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.error_occurred) failed = true;
            if (run.aggregate_name == "median")
                medians[run.run_name.function_name] = run.GetAdjustedRealTime();
        }
        ConsoleReporter::ReportRuns(runs);
    }
    std::map<std::string, double> medians;
    bool failed = false;
};

int run(int argc, char** argv) {
    benchmark::RegisterBenchmark("lock: acquire and release", acquire_and_release)->UseRealTime();
    benchmark::RegisterBenchmark("floor: temporary file, fsync, rename", floor_of, Folder::as_it_is)
        ->UseRealTime();
    benchmark::RegisterBenchmark("floor, and fsync of the folder", floor_of, Folder::synced)->UseRealTime();
    benchmark::Initialize(&argc, argv);
    RatioReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    const double lock = reporter.medians["lock: acquire and release"];
    for (const auto& [name, median] : reporter.medians) {
        if (name.starts_with("floor")) std::printf("lock / %s: %.2f\n", name.c_str(), lock / median);
    }
    return reporter.failed ? 1 : 0;
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) { return reeve::run(argc, argv); }
