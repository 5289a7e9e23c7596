#include "reeve/core/container_runner.hpp"

#include "reeve/base/time_text.hpp"
#include "reeve/core/env_files.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>

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
    record.engine = service_.engine().name();
    record.endpoint = service_.engine().endpoint();
    record.engine_id = service_.engine_id();
    record.container = container_name_;
    record.container_id = id_;
    record.image = session.config().image;
    record.started_at = now_rfc3339();
    return record;
}

Task<Life> ContainerRunner::live(Session& session) {
    Life life;
    id_ = {};
    last_seen_.reset();
    last_output_.clear();
    hurried_ = false;
    auto variables = read_env_files(session.config().env_file);
    if (!variables.ok()) {
        life.problem = variables.error().message();
        life.exit = LastExit{125, std::nullopt, now_rfc3339()};
        co_return life;
    }
    variables_ = std::move(*variables);
    for (const auto& [key, value] : session.config().env) variables_[key] = value;
    const Status there = co_await service_.probe();
    if (!there.ok()) {
        life.engine_missing = true;
        life.problem = there.error().message();
        co_return life;
    }
    service_.need_events();
    // Unique for each instance: a container that an earlier one could not remove must not block this one by
    // its name.
    container_name_ = "reeve-" + session.name().value + "-" + around_.instance.value.substr(0, 8);
    const auto created = co_await create(session);
    if (!created.ok()) {
        const Error problem = created.error();
        life = co_await end(session);
        life.problem = problem.message();
        life.engine_missing = engine_is_missing(problem);
        life.exit =
            LastExit{125, std::nullopt, now_rfc3339()};  // what `docker run` exits with when it could not run
        co_return life;
    }
    if (!session.must_end()) {
        const Status started = co_await service_.engine().start_container(id_);
        if (!started.ok()) {
            life = co_await end(session);
            life.problem = started.error().message();
            life.exit = LastExit{125, std::nullopt, now_rfc3339()};
            co_return life;
        }
        session.mark_started(now_rfc3339());
        session.set_state(SessionState::running);
        co_await wait_for_end(session);
        life.started = true;
    }
    const bool started = life.started;
    life = co_await end(session);
    life.started = started;
    co_return life;
}

// The record names the container before it exists; its id follows before anything in it runs.
Task<Result<ContainerId>> ContainerRunner::create(Session& session) {
    SessionRecord record = record_for(session);
    CO_CHECK(co_await host_.record(session.name(), record));
    const ContainerSpec spec = spec_for(session);
    CO_TRY(id_, co_await service_.engine().create_container(spec));
    record = record_for(session);
    CO_CHECK(co_await host_.record(session.name(), record));
    co_return id_;
}

Task<void> ContainerRunner::wait_for_end(Session& session) {
    service_.watch(id_, [this, &session] {
        look_again_ = true;
        session.changed().notify();
    });
    look_again_ = true;  // it may have ended before we listened
    while (!session.must_end()) {
        if (look_again_) {
            look_again_ = false;
            std::vector<std::string> ids{id_.value};
            const auto seen = co_await service_.engine().inspect_containers(std::move(ids));
            if (seen.ok() && seen->empty()) break;  // somebody removed it
            if (seen.ok()) {
                last_seen_ = seen->front();
                seen_.notify();
                if (!last_seen_->running) break;
            }
            // An engine that does not answer says nothing about the container: wait for it to come back.
            continue;
        }
        co_await session.changed().wait();
    }
    service_.unwatch(id_);
}

// Stops what runs, notes how it ended, removes it, and looks whether it is gone. By name, because a create
// that failed or timed out may have left a container whose id we never saw; by label, because a name proves
// nothing.
Task<Life> ContainerRunner::end(Session& session) {
    session.set_state(SessionState::stopping);
    Life life;
    std::vector<std::string> names{container_name_};
    auto seen = co_await service_.engine().inspect_containers(names);
    const Labels mine = labels_for(around_.store, around_.instance, session.name());
    if (seen.ok() && !seen->empty()) {
        ContainerInfo info = seen->front();
        const bool ours = std::all_of(mine.begin(), mine.end(), [&info](const auto& label) {
            const auto it = info.labels.find(label.first);
            return it != info.labels.end() && it->second == label.second;
        });
        if (!ours) {  // somebody else's container of that name: never touched
            host_.forget(session.name());
            co_return life;
        }
        std::vector<ContainerId> ids{info.id};
        if (info.running && !hurried_) {
            // In a task of its own, because hurry() ends only this: the engine then kills what it removes.
            auto stop = service_.engine().stop_containers(ids, whole_seconds(session.config().stop.grace));
            auto token = asio::bind_cancellation_slot(end_of_grace_.slot(), asio::use_awaitable);
            const Status stopped = co_await asio::co_spawn(executor_, std::move(stop), token);
            if (!hurried_) service_.note(stopped);
            const auto again = co_await service_.engine().inspect_containers(names);
            if (again.ok() && !again->empty()) info = again->front();
        }
        if (!info.running) {
            life.exit = LastExit{info.exit_code, std::nullopt, now_rfc3339()};
            life.clean = info.exit_code == 0;
        }
        co_await note_output(session, info);
        const Status removed = co_await service_.engine().remove_containers(ids);
        service_.note(removed);
        seen = co_await service_.engine().inspect_containers(names);
    }
    if (seen.ok() && seen->empty()) {
        host_.forget(session.name());
        id_ = {};
        co_return life;
    }
    // Not seen gone. The record stays, and the reaper goes on trying once this instance is over.
    const std::string why = seen.ok() ? "not removed yet" : seen.error().message();
    life.left = {"container " + container_name_ + " (" + why + ")"};
    co_return life;
}

void ContainerRunner::describe(SessionStatus& status) const {
    if (id_.empty()) return;
    status.container_id = id_.value;
    status.containment = "container";
    if (last_seen_ && last_seen_->pid > 0 && last_seen_->running) status.pid = last_seen_->pid;
}

void ContainerRunner::hurry() {
    hurried_ = true;
    end_of_grace_.emit(asio::cancellation_type::terminal);
}

std::vector<std::string> ContainerRunner::waiting_for() const {
    if (id_.empty()) return {};
    return {"container " + container_name_};
}

}  // namespace reeve
