#include "supervise.hpp"

#include "anchor_program.hpp"
#include "exit_code.hpp"
#include "in_place.hpp"
#include "open_files.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/execute.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "service_notify.hpp"
#include "version.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <variant>

namespace reeve {
namespace {

Result<LoadedConfig> load_config(const Options& options) {
    TRY(ConfigFile file, read_config_file(options.config));
    return loaded(std::move(file));
}

InstanceRecord record_of_this_life(const ProcessIdentity& self, const Host& here) {
    InstanceRecord record;
    record.instance_id.value = new_uuid();
    record.kind = InstanceKind::supervisor;
    record.owner = self;
    record.hostname = here.hostname;
    record.started_at = now_rfc3339();
    return record;
}

LockPayload payload_for(const InstanceRecord& record) {
    LockPayload payload;
    payload.pid = record.owner.pid;
    payload.hostname = record.hostname;
    payload.started_at = record.started_at;
    payload.start_time = record.owner.start_time;
    payload.boot_id = record.owner.boot_id;
    payload.machine_id = record.owner.machine_id;
    payload.pid_ns = record.owner.pid_ns;
    payload.pidfs_inode = record.owner.pidfs_inode;
    payload.instance_id = record.instance_id;
    return payload;
}

// The anchor notes a line for every crash, keeps only the recent ones, and gives up at the fifth.
bool crash_loop_noted(const std::filesystem::path& file) {
    constexpr auto limit = 5;
    const auto text = read_file(file, 4096);
    return text.ok() && std::count(text->begin(), text->end(), '\n') >= limit;
}

// Signals that ask for something; each arms itself again.
class Signals {
  public:
    // The second wish to stop ends every grace. Who stops a scope sends everybody a signal, and the anchor
    // passes on its own: within `together` the two are one wish.
    Signals(Supervisor& supervisor, asio::signal_set& signals, std::chrono::milliseconds together)
        : supervisor_(supervisor), signals_(signals), together_(together) {}
    void listen() {
        signals_.async_wait([this](const boost::system::error_code& ec, int number) {
            if (ec) return;
            if (number == SIGHUP)
                supervisor_.ask_reload();
            else if (number == SIGUSR2)
                supervisor_.ask_upgrade();
            else if (std::chrono::steady_clock::now() >= same_wish_until_)
                ask_stop(number);
            listen();
        });
    }

  private:
    void ask_stop(int number) {
        if (!asked_) same_wish_until_ = std::chrono::steady_clock::now() + together_;
        asked_ = true;
        supervisor_.ask_stop("signal " + std::to_string(number));
    }
    Supervisor& supervisor_;
    asio::signal_set& signals_;
    std::chrono::milliseconds together_;
    std::chrono::steady_clock::time_point same_wish_until_;
    bool asked_ = false;
};

// From the loop itself: one that does not turn is silent, and the service manager starts us again.
void keep_awake(asio::steady_timer& timer, std::chrono::microseconds interval, const bool& over) {
    notify_service_manager("WATCHDOG=1");
    timer.expires_after(interval);
    timer.async_wait([&timer, interval, &over](const boost::system::error_code& ec) {
        if (!ec && !over) keep_awake(timer, interval, over);
    });
}

// What a supervisor begins with: its own place, or the one of the program that this process executed before.
struct Beginning {
    LoadedConfig config;
    InstanceRecord record;
    std::optional<LifecycleLock> lock;
    std::optional<Handover> handover;
    std::vector<std::string> warnings;
};

Result<Beginning> begin_anew(const Store& store, LoadedConfig config, const ProcessIdentity& self,
                             const Host& here) {
    Beginning begun;
    begun.config = std::move(config);
    begun.record = record_of_this_life(self, here);
    const auto path = store.paths().lock();
    TRY(auto taken, LifecycleLock::acquire(path, payload_for(begun.record), here, begun.warnings));
    if (const auto* held = std::get_if<LifecycleLock::HeldBy>(&taken))
        return Error(Errc::held, "taking the store " + store.paths().root.string(), held->message());
    begun.lock = std::move(std::get<LifecycleLock>(taken));
    std::error_code ignored;
    std::filesystem::remove(store.paths().handover(), ignored);  // of one that was killed in the middle
    // Made when the record is durable: a group that no record names would be nobody's to remove.
    begun.record.cgroup = instance_cgroup(begun.record.instance_id.value).value_or("");
    return begun;
}

Result<Beginning> go_on(const Store& store, const ProcessIdentity& self) {
    TRY(TakenOver taken, take_handover(store.paths(), self));
    Beginning begun;
    for (const int fd : taken.handover.descriptors()) {
        if (!take_descriptor(fd))
            begun.warnings.push_back("descriptor " + std::to_string(fd) +
                                     " did not come through the upgrade");
    }
    TRY(begun.lock, LifecycleLock::take_over(store.paths().lock(), UniqueFd(taken.handover.lock)));
    begun.config = std::move(taken.config);
    begun.record = taken.handover.record;
    begun.handover = std::move(taken.handover);
    return begun;
}

Status supervise(const Options& options) {
    ::umask(0077);  // every file of ours is for this user alone; sessions set their own
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context loop(1);
    // Before the lock: a signal that comes while we start leads to an orderly stop, not to a lock left
    // behind.
    asio::signal_set signals(loop, SIGTERM, SIGINT, SIGHUP);
    signals.add(SIGUSR2);
    let_signals_come();  // a former program held them back for us

    TRY(const Host here, this_host());
    TRY(const ProcessIdentity self, identify(::getpid(), here));
    TRY(const std::filesystem::path root, find_store(options.store));
    std::optional<LoadedConfig> config;
    if (!options.go_on) {
        TRY(config, load_config(options));
    }
    TRY(Store store, Store::open_or_create(root));
    TRY(Beginning begun,
        options.go_on ? go_on(store, self) : begin_anew(store, std::move(*config), self, here));
    CHECK(store.prepare_control());
    EventLog log = EventLog::open(store.paths().own_log(), true);
    for (const auto& warning : begun.warnings) log.warn(warning);
    if (!options.scope.empty()) log.info("in a scope of systemd", {{"scope", options.scope}});
    if (!options.no_scope.empty()) log.info("no scope of systemd", {{"why", options.no_scope}});
    SupervisorSettings settings;
    settings.version = version;
    settings.here = here;
    settings.record = begun.record;
    // Each session costs a descriptor or two. Sessions get the old limit back.
    settings.open_files = raise_open_files();
    if (options.anchor > 0) settings.anchor_pid = options.anchor;
    // Tests switch it off, to see what the records alone can do.
    const auto anchor = find_anchor();
    if (anchor.ok() && environment_value("REEVE_SUBREAPER") != "off")
        settings.session_anchor = anchor->string();
    settings.safe_mode = crash_loop_noted(store.paths().crashes());
    settings.load_config = [options] { return load_config(options); };
    TRY(settings.upgrade, upgrade_settings(options, store.paths()));
    settings.notify_manager = notify_service_manager;
    if (begun.handover) {
        const Handover& left = *begun.handover;
        settings.safe_mode = left.status.state == SupervisorState::safe;
        if (left.open_files_soft && left.open_files_hard)
            settings.open_files = rlimit{*left.open_files_soft, *left.open_files_hard};
        settings.handover = left;
    }
    Supervisor supervisor(loop.get_executor(), std::move(store), std::move(*begun.lock),
                          std::move(begun.config), std::move(settings), std::move(log));
    Signals wishes(supervisor, signals, std::chrono::seconds(options.scope.empty() ? 0 : 1));
    wishes.listen();
    asio::steady_timer watchdog(loop);
    bool over = false;
    if (const auto interval = watchdog_interval()) keep_awake(watchdog, *interval, over);

    Status outcome;
    asio::co_spawn(loop, supervisor.run(), [&](const std::exception_ptr& bug, Status result) {
        signals.cancel();
        over = true;
        watchdog.cancel();
        outcome = std::move(result);
        if (bug) std::rethrow_exception(bug);  // a mistake of ours: main says so, and the next start reaps
    });
    loop.run();
    return outcome;
}

}  // namespace

int run_supervise(const Options& options) {
    if (options.try_out) return run_try_out(options);
    return exit_code::after(supervise(options));
}

}  // namespace reeve
