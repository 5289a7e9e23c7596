#include "reeve/core/supervisor.hpp"

#include "reeve/model/metrics_text.hpp"
#include "reeve/os/brief_file.hpp"
#include "reeve/os/cgroup.hpp"

#include <boost/asio/post.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds first_word_after{1};  // of who keeps a stop waiting; then every ten

// Of a stop, beyond its deadline: kills, containers, the record.
constexpr std::chrono::seconds spare_time{30};

// Enough for many of them to share one durable record. All of a thousand at once would each hold six
// descriptors and an environment, and leave holes of that size in the heap.
constexpr std::size_t starts_at_a_time = 32;

}  // namespace

Supervisor::Supervisor(Executor executor, Store store, LifecycleLock lock, LoadedConfig config,
                       SupervisorSettings settings, EventLog log)
    : executor_(executor),
      store_(std::move(store)),
      lock_(std::move(lock)),
      config_(std::move(config.config)),
      config_text_(std::move(config.text), store_.paths().root),
      config_path_(std::move(config.path)),
      settings_(std::move(settings)),
      log_(std::move(log)),
      session_tasks_(executor,
                     [this](const std::string& bug) {
                         log_.error("bug in a session's task", {{"what", bug}});
                     }),
      tasks_(executor,
             [this](const std::string& bug) {
                 log_.error("bug in a task", {{"what", bug}});
             }),
      record_(settings_.record),
      added_(worker_, store_.paths().added()),
      registry_(store_.paths()),
      receipts_(store_.paths().receipts()) {
    record_file_ = std::make_unique<DurableFile>(
        record_worker_, [this] { return to_json(record_); },
        [path = store_.paths().instance(record_.instance_id)](const std::string& text) {
            return replace_file(path, text);
        });
    status_file_ = std::make_unique<DurableFile>(
        worker_,
        [this] {
            ++seq_;
            return to_json(snapshot());
        },
        [path = store_.paths().status()](const std::string& text) { return replace_file(path, text); });
    output_ = std::make_unique<OutputWriter>(
        executor_, store_.paths().logs(), config_.logs.max_total,
        [this](const SessionName& name, const std::string& problem) { note_output(name, problem); });
    process_around_.executor = executor_;
    process_around_.output = output_.get();
    memory_file_ = std::make_unique<DurableFile>(
        worker_, [this] { return to_json(memories_, now()); },
        [path = store_.paths().memory()](const std::string& text) { return replace_file(path, text); });
    metrics_file_ = std::make_unique<DurableFile>(
        worker_, [this] { return to_metrics(snapshot()); },
        // The next status makes it anew, so it may be lost with the power.
        [path = store_.paths().metrics()](const std::string& text) {
            return replace_brief_file(path, text);
        });
    adoptable_file_ = std::make_unique<DurableFile>(
        worker_, [this] { return adoptable_processes(); },
        [path = store_.paths().adoptable()](const std::string& text) -> Status {
            std::error_code ignored;
            if (!text.empty()) return replace_file(path, text);
            std::filesystem::remove(path, ignored);
            return done;
        });
    events_.on_subscribe([this] { remember_states(); });
    receipts_.on_write([this](const std::string& line) { tell_receipt(line); });
    process_around_.paths = store_.paths();
    process_around_.instance = record_.instance_id;
    process_around_.here = settings_.here;
    process_around_.cgroup = record_.cgroup;
    process_around_.anchor.program = settings_.session_anchor;
    process_around_.anchor.arguments = {"grace-ms=" + std::to_string(config_.reap_grace.count())};
    if (settings_.anchor_pid)
        process_around_.anchor.arguments.push_back("guard=" + std::to_string(*settings_.anchor_pid));
    process_around_.scans = std::make_unique<ProcessScans>(executor_, settings_.here);
    process_around_.starts = std::make_unique<Semaphore>(starts_at_a_time);
    process_around_.open_files = settings_.open_files;
    process_around_.on_signal = [this](const SessionName& name, const ProvenProcess& process, int signal) {
        Receipt line;
        line.what = "process";
        line.name = std::to_string(process.handle.pid());
        line.instance = record_.instance_id;
        line.session = name;
        line.evidence = to_string(process.member.evidence);
        line.action = signal == SIGKILL ? "SIGKILL" : "signal " + std::to_string(signal);
        line.outcome = "signalled";
        line.detail = process.name;
        receipts_.write(line);
    };
    container_around_.store = store_.id();
    container_around_.instance = record_.instance_id;
    container_around_.patience = config_.engine.timeout;
    container_around_.on_removed = [this](const Receipt& line) { receipts_.write(line); };
    engine_ = make_engine_service(config_.engine);
    foreign_watch_ = std::make_unique<ForeignWatch>(executor_, [this] { reap_soon(); });
    instance_watch_ = std::make_unique<InstanceWatch>(
        executor_, store_.paths(), settings_.here, record_.instance_id, worker_, [this] { reap_soon(); },
        [this] {
            listen_to(instance_watch_->engines());
            instances_.alive = instance_watch_->counts().alive;
            instances_.foreign = instance_watch_->counts().foreign;
            status_changed();
        });
}

Supervisor::~Supervisor() = default;

void Supervisor::ask_stop(std::string why) {
    if (stop_asked_) {
        log_.info("asked again to stop: no more grace", {{"by", why}});
        for (auto& [name, session] : sessions_) session->hurry();
        for (Reaper* reaper : reapers_) reaper->hurry();
        stop_deadline_ = Clock::now();
    } else {
        log_.info("stopping", {{"why", why}});
    }
    stop_asked_ = true;
    // Seen at once, also by those who want something started.
    if (state_ != SupervisorState::stopped) state_ = SupervisorState::stopping;
    status_changed();
}

void Supervisor::ask_reload() { tasks_.spawn(reload()); }

Task<void> Supervisor::reload() {
    co_await asio::this_coro::throw_if_cancelled(false);
    // A signal cannot be told to come later: what it asks for is done as soon as it can be.
    while (state_ == SupervisorState::starting) co_await changed_.wait();
    const auto outcome = co_await verb_reload("{}", std::make_shared<ControlCaller>());
    if (!outcome.ok()) log_.error("configuration not applied", {{"why", outcome.error().message()}});
}

Task<Status> Supervisor::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    outcome_ = co_await begin();
    if (outcome_.ok()) {
        if (settings_.handover) go_on_with_sessions();
        if (settings_.safe_mode)
            stay_safe();
        else
            co_await reap_and_start();
        co_await serve_until_asked();
        co_await stop_everything();
    }
    co_await let_go();
    co_return outcome_;
}

// The record is durable before anything is launched; the status tells that we are here.
Task<Status> Supervisor::begin() {
    CO_CHECK(co_await record_file_->commit());
    const bool anew = !settings_.handover;
    if (anew && !record_.cgroup.empty() && !make_cgroup(record_.cgroup).ok()) {  // not ours to divide
        record_.cgroup.clear();
        process_around_.cgroup.clear();
        CO_CHECK(co_await record_file_->commit());
    }
    const auto socket = store_.paths().control();
    auto control = anew ? ControlServer::listen(executor_, socket, control_settings())
                        : ControlServer::take_over(executor_, socket, control_settings(),
                                                   UniqueFd(settings_.handover->control));
    if (!control.ok()) co_return control.error();
    control_ = std::move(*control);
    read_memories();
    for (auto& [name, session] : config_.sessions) {
        configured_.push_back(name);
        add_session(name, std::move(session));
    }
    config_.sessions.clear();
    for (std::string& problem : added_.load()) attention_.push_back(std::move(problem));
    run_added_sessions();
    if (settings_.handover) take_over(*settings_.handover);
    tasks_.spawn(control_->serve());
    tasks_.spawn(watch_lock());
    if (settings_.anchor_pid) tasks_.spawn(watch_anchor());
    tasks_.spawn(engine_->keep());
    tasks_.spawn(keep_status());
    status_changed();
    const std::string weaker = settings_.session_anchor.empty() ? "session" : "subreaper";
    const std::string containment = record_.cgroup.empty() ? weaker : "cgroup";
    log_.info(anew ? "started" : "upgraded in place", {{"version", settings_.version},
                                                       {"instance", record_.instance_id.value},
                                                       {"pid", static_cast<long long>(record_.owner.pid)},
                                                       {"containment", containment},
                                                       {"store", store_.paths().root.string()}});
    co_return done;
}

// Dead processes go first, because a session's new copy must not meet the old one on its port. Containers
// take an engine's time; sessions do not wait for that.
Task<void> Supervisor::reap_and_start() {
    // After an upgrade requests are served all the while: what they have added or replaced is theirs to
    // start.
    const auto at_first = sessions_;
    const auto reaper = std::make_shared<Reaper>(executor_, reaper_settings(), worker_, log_);
    reapers_.insert(reaper.get());
    const Status claimed = co_await reaper->claim();
    if (!claimed.ok()) attention_.push_back(claimed.error().message());
    for (const auto& file : reaper->unreadable()) {
        attention_.push_back("a record could not be read and was put aside: " + file +
                             "; its containers are left alone until the file is removed");
    }
    if (!settings_.handover) co_await adopt_sessions(reaper);
    const Status ended = co_await reaper->processes();
    if (!settings_.handover) remove_unused_outputs();
    if (!ended.ok()) attention_.push_back(ended.error().message());
    instances_ = reaper->instances();
    if (stop_asked_) {  // meanwhile: nothing new is begun, and what was finished is noted
        const ReapReport report = co_await reaper->settle();
        reapers_.erase(reaper.get());
        take_report(report, true);
        co_return;
    }
    listen_to(reaper->engines());
    for (const auto& [name, session] : at_first) {
        const auto now = sessions_.find(name);
        if (now == sessions_.end() || now->second != session || session->taken_over()) continue;
        session->start_with_supervisor();
        session->keep();
    }
    state_ = SupervisorState::running;
    status_changed();
    tell_manager("READY=1\nSTATUS=running");
    // Last, because it forks for the engine's command: nobody waits for that to be told that we run.
    reaping_ = at_engines_ = true;
    tasks_.spawn(reap_containers_of_the_first(reaper));
    tasks_.spawn(keep_reaping());
    tasks_.spawn(watch_instances());
}

Task<void> Supervisor::serve_until_asked() {
    while (!stop_asked_) co_await changed_.wait();
}

Task<void> Supervisor::stop_everything() {
    state_ = SupervisorState::stopping;
    status_changed();
    // The service's own limit must not come before ours, or containers would be left. Source: sd_notify(3).
    const std::chrono::microseconds needed = config_.stop_deadline + spare_time;
    tell_manager("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(needed.count()));
    if (!stop_deadline_) stop_deadline_ = Clock::now() + config_.stop_deadline;
    co_await stop_sessions();
    for (auto& [name, session] : sessions_) session->close();
    const auto is_kept = [](const auto& each) { return each.second->keeping(); };
    while (std::any_of(sessions_.begin(), sessions_.end(), is_kept)) co_await changed_.wait();
    co_await session_tasks_.join();
}

// In reverse order of `after`: a session is asked when nobody that came after it is up any more.
Task<void> Supervisor::stop_sessions() {
    bool hurried = false;
    auto say_at = Clock::now() + first_word_after;
    for (;;) {
        const bool say = Clock::now() >= say_at;
        bool all_down = true;
        std::string waiting;
        std::set<SessionName> needed;  // by one that is still up
        for (const auto& [name, session] : followers_) {
            const auto& after = session->config().after;
            if (!session->down()) needed.insert(after.begin(), after.end());
        }
        for (auto& [name, session] : sessions_) {
            if (session->down() || session->left_behind() || !session->keeping()) continue;
            all_down = false;
            if (!needed.contains(name)) session->ask_stop();
            if (!say) continue;
            for (const auto& who : session->waiting_for())
                waiting += (waiting.empty() ? "" : ", ") + name.value + ": " + who;
        }
        if (all_down) co_return;
        if (hurried || Clock::now() >= *stop_deadline_) {
            for (auto& [name, session] : sessions_) session->ask_stop(), session->hurry();
            hurried = true;
        }
        if (say) {
            if (!waiting.empty()) log_.info("still stopping", {{"waiting_for", waiting}});
            say_at = Clock::now() + 10 * first_word_after;
        }
        if (hurried)
            co_await changed_.wait(say_at);
        else
            co_await changed_.wait(std::min(say_at, *stop_deadline_));
    }
}

// Everything beside the sessions ends; what is not finished stays in the record, for the next supervisor.
Task<void> Supervisor::let_go() {
    closing_ = true;
    if (control_) control_->close();
    engine_->close();
    for (auto& [address, engine] : other_engines_) engine->close();
    instance_watch_->close();
    foreign_watch_->close();
    if (anchor_watch_ != nullptr) anchor_watch_->notify();
    reap_wanted_.notify();
    status_dirty_.notify();
    tasks_.cancel();
    co_await tasks_.join();
    if (control_) co_await control_->closed();

    if (record_.sessions.empty()) {
        std::error_code ignored;
        std::filesystem::remove(store_.paths().adoptable(), ignored);
        if (!record_.cgroup.empty()) (void)remove_cgroup(record_.cgroup).ok();
        std::function<Status()> remove = [this] { return registry_.remove(record_.instance_id); };
        const Status removed = co_await worker_.run<Status>(std::move(remove));
        if (!removed.ok()) log_.warn("removing our record", {{"why", removed.error().message()}});
    } else {
        co_await commit_record();
    }
    state_ = SupervisorState::stopped;
    if (!lost_lock_) {
        const Status counted = co_await metrics_file_->commit();
        if (!counted.ok()) log_.warn("writing the metrics", {{"why", counted.error().message()}});
        const Status written = co_await status_file_->commit();
        if (!written.ok()) log_.warn("writing the status", {{"why", written.error().message()}});
        const Status released = lock_.release();
        if (!released.ok()) log_.warn("releasing the lock", {{"why", released.error().message()}});
    }
    log_.info("stopped", {});
    record_worker_.join();
    worker_.join();
}

// --- what sessions ask of us ---

// A session that acts is kept, so it is there until then.
void Supervisor::act_soon(Session& session) {
    asio::post(executor_, [this, &session] { session_tasks_.spawn(session.act()); });
}

void Supervisor::status_changed() {
    dirty_ = true;
    status_dirty_.notify();
    changed_.notify();
    tell_changes();
    for (const auto& [name, session] : followers_) {
        if (session->state() == SessionState::waiting) session->poke();
    }
}

bool Supervisor::is_ready(const SessionName& name) const {
    const auto it = sessions_.find(name);
    return it != sessions_.end() && it->second->ready();
}

void Supervisor::note_output(const SessionName& name, const std::string& problem) {
    if (problem.empty())
        output_problems_.erase(name);
    else
        output_problems_[name] = problem;
    log_.warn(problem.empty() ? "its output is written again" : problem, {{"session", name.value}});
    status_changed();
}

void Supervisor::add_session(const SessionName& name, SessionConfig config) {
    std::unique_ptr<SessionRunner> runner;
    if (config.image.empty())
        runner = std::make_unique<ProcessRunner>(process_around_, *this);
    else
        runner = std::make_unique<ContainerRunner>(executor_, container_around_, *this, *engine_);
    const bool follows = !config.after.empty();
    sessions_[name] = std::make_shared<Session>(executor_, name, std::move(config), *this, std::move(runner));
    followers_.erase(name);
    if (follows) followers_[name] = sessions_[name];
    if (const auto known = memories_.find(name); known != memories_.end())
        sessions_[name]->recall(known->second);
}

}  // namespace reeve
