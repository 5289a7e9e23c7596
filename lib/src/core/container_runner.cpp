#include "reeve/core/container_runner.hpp"

#include "reeve/base/time_text.hpp"
#include "reeve/core/env_files.hpp"
#include "reeve/model/fingerprint.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <utility>

namespace reeve {
namespace {

bool engine_is_missing(const Error& error) {
    return error.code() == Errc::unreachable || error.code() == Errc::not_found ||
           error.code() == Errc::timed_out;
}

std::chrono::seconds whole_seconds(std::chrono::milliseconds duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration);
}

}  // namespace

ContainerSpec ContainerRunner::spec_for(const Session& session) const {
    ContainerSpec spec;
    spec.name = container_name_;
    spec.image = session.config().image;
    spec.options = session.config().options;
    spec.args = session.config().args;
    spec.env = variables_;
    spec.labels = labels_for(around_.store, around_.instance, session.name());
    return spec;
}

ContainerSessionRecord ContainerRunner::record_for(const Session& session) const {
    ContainerSessionRecord record;
    record.engine = engine().name();
    record.endpoint = engine().endpoint();
    record.engine_id = engine_id_;
    record.container = container_name_;
    record.container_id = id_;
    record.image = session.config().image;
    record.started_at = now_rfc3339();
    record.succession = succession_for(session.config());
    return record;
}

Task<bool> ContainerRunner::begin(Session& session, Life& life) {
    id_ = {};
    launched_by_ = around_.instance;
    last_seen_.reset();
    last_output_.clear();
    hurried_ = false;
    auto variables = variables_of(session.config());
    if (!variables.ok()) {
        life.problem = variables.error().message();
        life.exit = LastExit{125, std::nullopt, now_rfc3339()};
        co_return false;
    }
    variables_ = std::move(*variables);
    const Status there = co_await service_.probe();
    if (!there.ok()) {
        life.engine_missing = true;
        life.problem = there.error().message();
        co_return false;
    }
    // Whatever is configured meanwhile: who made a container is asked about it to the end.
    engine_ = &service_.engine();
    engine_id_ = service_.engine_id();
    service_.need_events();
    // Unique for each instance: a container that an earlier one could not remove must not block this one by
    // its name.
    container_name_ = "reeve-" + session.name().value + "-" + around_.instance.value.substr(0, 8);
    const auto created = co_await create(session);
    if (!created.ok()) {
        const Error& problem = created.error();
        co_await end(session, life);
        life.problem = problem.message();
        life.engine_missing = engine_is_missing(problem);
        life.exit =
            LastExit{125, std::nullopt, now_rfc3339()};  // what `docker run` exits with when it could not run
        co_return false;
    }
    if (session.must_end()) {
        co_await end(session, life);
        co_return false;
    }
    const Status started = co_await engine().start_container(id_);
    if (!started.ok()) {
        co_await end(session, life);
        life.problem = started.error().message();
        life.exit = LastExit{125, std::nullopt, now_rfc3339()};
        co_return false;
    }
    session.mark_started(std::chrono::system_clock::now());
    session.set_state(SessionState::running);
    co_return true;
}

void ContainerRunner::take_over(Session& session, const SessionRecord& record,
                                const std::optional<HandedProcess>& handed) {
    (void)handed;
    // What is masked where its output is shown. A file that has gone meanwhile takes its own names along.
    auto variables = variables_of(session.config());
    variables_ = variables.ok() ? std::move(*variables) : session.config().env;
    const auto* const container = std::get_if<ContainerSessionRecord>(&record);
    if (container == nullptr) return;
    container_name_ = container->container;
    id_ = container->container_id;
    engine_ = &service_.engine();
    engine_id_ = container->engine_id;
    const InstanceId& launcher = container->succession.or_default().launched_by;
    launched_by_ = launcher.empty() ? around_.instance : launcher;
    service_.need_events();
}

// The record names the container before it exists; its id follows before anything in it runs.
Task<Result<ContainerId>> ContainerRunner::create(Session& session) {
    SessionRecord record = record_for(session);
    CO_CHECK(co_await host_.record(session.name(), record));
    const ContainerSpec spec = spec_for(session);
    CO_TRY(id_, co_await engine().create_container(spec));
    record = record_for(session);
    CO_CHECK(co_await host_.record(session.name(), record));
    co_return id_;
}

Task<void> ContainerRunner::until_it_must_end(Session& session) {
    while (!session.must_end()) co_await session.changed().wait();
}

void ContainerRunner::watch(Session& session) {
    if (std::exchange(watched_, true)) return;
    service_.watch(id_, [this, &session] {
        look_again_ = true;
        session.wake();
    });
    look_again_ = true;  // it may have ended before we listened
}

Task<bool> ContainerRunner::ended(Session& session) {
    using asio::experimental::awaitable_operators::operator||;
    watch(session);
    while (look_again_ && !session.must_end()) {
        look_again_ = false;
        std::vector<std::string> ids{id_.value};
        // Whoever wants it stopped does not wait for an answer that may not come.
        auto first = co_await (engine().inspect_containers(std::move(ids)) || until_it_must_end(session));
        if (first.index() == 1) {
            look_again_ = true;  // if somebody wants it after all
            break;
        }
        const auto& seen = std::get<0>(first);
        if (seen.ok() && seen->empty()) {
            auto second = co_await (is_the_same_engine() || until_it_must_end(session));
            const Status* const same = std::get_if<Status>(&second);
            if (same == nullptr || same->ok()) co_return true;  // to be stopped, or somebody removed it
            service_.note(*same);
            continue;
        }
        if (seen.ok()) {
            last_seen_ = seen->front();
            seen_.notify();
            if (!last_seen_->running) co_return true;
        }
        // An engine that does not answer says nothing about the container: we hear when it comes back.
    }
    co_return false;
}

// What another engine does not have says nothing: `docker context use` is enough to be answered by one.
Task<Status> ContainerRunner::is_the_same_engine() {
    if (engine_id_.empty()) co_return done;
    CO_TRY(const EngineInfo info, co_await engine().info());
    if (info.engine_id.empty() || info.engine_id == engine_id_) co_return done;
    co_return Error(Errc::failed, "looking for container " + container_name_,
                    "another engine answers than the one that made it",
                    "make " + engine().name() + " reach that one again (docker context ls)");
}

// The calls of a whole end share one limit: an engine that hangs in each of them must not add them up.
Task<void> ContainerRunner::end(Session& session, Life& life) {
    session.set_state(SessionState::stopping);
    if (std::exchange(watched_, false)) service_.unwatch(id_);
    ending_ = true;
    out_of_time_ = false;
    limit_the_end(hurried_ ? around_.patience : session.config().stop.grace + around_.patience);
    auto token = asio::bind_cancellation_slot(end_of_calls_.slot(), as_result);
    auto work = stop_and_remove(session, life);
    const auto [bug] = co_await asio::co_spawn(executor_, std::move(work), token);
    ending_ = false;
    end_limit_.cancel();
    if (bug) std::rethrow_exception(bug);
    if (out_of_time_ && !life.left.empty()) {
        const Status late = Error(
            Errc::timed_out, "removing container " + container_name_,
            "the engine did not finish within " + format_duration(around_.patience) + " beyond the grace");
        service_.note(late);
        life.left = {"container " + container_name_ + " (" + late.error().why() + ")"};
    }
}

void ContainerRunner::limit_the_end(std::chrono::milliseconds left) {
    end_limit_.expires_after(left);
    end_limit_.async_wait([this](const boost::system::error_code& ec) {
        if (ec || !ending_) return;
        out_of_time_ = true;
        end_of_grace_.emit(asio::cancellation_type::terminal);
        end_of_calls_.emit(asio::cancellation_type::terminal);
    });
}

void ContainerRunner::write_receipt(const Session& session, const ContainerInfo& removed) const {
    if (!around_.on_removed) return;
    Receipt line;
    line.what = "container";
    line.name = removed.id.value;
    line.instance = around_.instance;
    line.session = session.name();
    line.evidence = "labels reeve.store, reeve.instance and reeve.session by inspect; this session's own";
    line.action = removed.running ? "stop and remove" : "remove";
    line.outcome = "gone";
    line.detail = removed.name + " " + removed.image;
    around_.on_removed(line);
}

// Stops what runs, notes how it ended, removes it, and looks whether it is gone. By name, because a create
// that failed or timed out may have left a container whose id we never saw; by label, because a name proves
// nothing.
Task<void> ContainerRunner::stop_and_remove(Session& session, Life& life) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::optional<ContainerInfo> removing;
    std::vector<std::string> names{container_name_};
    auto seen = co_await engine().inspect_containers(names);
    const Labels mine = labels_for(around_.store, launched_by_, session.name());
    if (seen.ok() && !seen->empty()) {
        ContainerInfo info = seen->front();
        const bool ours = std::all_of(mine.begin(), mine.end(), [&info](const auto& label) {
            const auto it = info.labels.find(label.first);
            return it != info.labels.end() && it->second == label.second;
        });
        if (!ours) {  // somebody else's container of that name: never touched
            host_.forget(session.name());
            co_return;
        }
        removing = info;
        std::vector<ContainerId> ids{info.id};
        if (info.running && !hurried_) {
            // In a task of its own, because hurry() ends only this: the engine then kills what it removes.
            auto stop = engine().stop_containers(ids, whole_seconds(session.config().stop.grace));
            auto token = asio::bind_cancellation_slot(end_of_grace_.slot(), asio::use_awaitable);
            const Status stopped = co_await asio::co_spawn(executor_, std::move(stop), token);
            if (!hurried_) service_.note(stopped);
            const auto again = co_await engine().inspect_containers(names);
            if (again.ok() && !again->empty()) info = again->front();
        }
        if (!info.running) {
            life.exit = LastExit{info.exit_code, std::nullopt, now_rfc3339()};
            life.clean = info.exit_code == 0;
        }
        co_await note_output(session, info);
        const Status removed = co_await engine().remove_containers(ids);
        service_.note(removed);
        seen = co_await engine().inspect_containers(names);
    }
    if (seen.ok() && seen->empty() && !removing) {
        const Status same = co_await is_the_same_engine();
        if (!same.ok()) {
            life.left = {"container " + container_name_ + " (" + same.error().message() + ")"};
            co_return;
        }
    }
    if (seen.ok() && seen->empty()) {
        if (removing) write_receipt(session, *removing);
        host_.forget(session.name());
        id_ = {};
        co_return;
    }
    // Not seen gone. The record stays, and the reaper goes on trying once this instance is over.
    const std::string why = seen.ok() ? "not removed yet" : seen.error().message();
    life.left = {"container " + container_name_ + " (" + why + ")"};
}

void ContainerRunner::describe(SessionStatus& status) const {
    if (id_.empty()) return;
    status.container_id = id_.value;
    status.containment = "container";
    status.adopted = launched_by_ != around_.instance;
    if (last_seen_ && last_seen_->pid > 0 && last_seen_->running) status.pid = last_seen_->pid;
}

void ContainerRunner::hurry() {
    hurried_ = true;
    end_of_grace_.emit(asio::cancellation_type::terminal);
    // What was left of the grace is not to be waited for any more.
    if (ending_ && end_limit_.expiry() > std::chrono::steady_clock::now() + around_.patience)
        limit_the_end(around_.patience);
}

std::vector<std::string> ContainerRunner::waiting_for() const {
    if (id_.empty()) return {};
    return {"container " + container_name_};
}

}  // namespace reeve
