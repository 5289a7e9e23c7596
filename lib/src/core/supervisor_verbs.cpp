// What can be asked of a running supervisor, and how a new configuration is applied.
#include "model/json_text.hpp"
#include "reeve/core/supervisor.hpp"

#include <algorithm>

namespace reeve {

ControlVerbs Supervisor::verbs() {
    const auto verb = [this](Task<Result<std::string>> (Supervisor::*member)(std::string)) -> ControlVerb {
        return [this, member](std::string params) { return (this->*member)(std::move(params)); };
    };
    return {{"status", verb(&Supervisor::verb_status)}, {"start", verb(&Supervisor::verb_start)},
            {"stop", verb(&Supervisor::verb_stop)},     {"restart", verb(&Supervisor::verb_restart)},
            {"reload", verb(&Supervisor::verb_reload)}, {"reap", verb(&Supervisor::verb_reap)}};
}

// {"names": ["api", ...]}: all of them must exist before anything is done to one.
Result<Supervisor::Sessions> Supervisor::sessions_named(const std::string& params) {
    TRY(const Json object, parse_json(params, "the parameters"));
    const Json* names = array_field(object, "names");
    if (names == nullptr || names->empty()) {
        return Error(Errc::invalid_data, "reading the request", "\"names\" is missing",
                     "name at least one session");
    }
    Sessions found;
    for (const Json& item : *names) {
        const std::string name = item.is_string() ? item.get<std::string>() : dump_json(item);
        const auto it = sessions_.find({name});
        if (it == sessions_.end()) {
            return Error(Errc::not_found, "finding session " + name, "there is no such session",
                         "see: reeve status");
        }
        found.push_back(it->second);
    }
    return found;
}

Task<Result<std::string>> Supervisor::verb_status(std::string params) {
    (void)params;
    co_return to_json(snapshot());
}

// A session starts only when what it comes after is ready, so asking for it asks for those too.
Supervisor::Sessions Supervisor::with_what_they_come_after(Sessions chosen) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const std::shared_ptr<Session> session = chosen[i];  // the list grows while we read
        for (const SessionName& name : session->config().after) {
            const std::shared_ptr<Session>& before = sessions_.at(name);
            if (std::find(chosen.begin(), chosen.end(), before) == chosen.end()) chosen.push_back(before);
        }
    }
    return chosen;
}

Task<Result<std::string>> Supervisor::verb_start(std::string params) {
    CO_TRY(const auto chosen, sessions_named(params));
    if (state_ == SupervisorState::stopping) {
        co_return Error(Errc::failed, "starting sessions", "the supervisor is stopping");
    }
    for (const auto& session : with_what_they_come_after(chosen)) session->start();
    for (const auto& session : chosen) {
        CO_CHECK(co_await session->wait_started());
    }
    co_return std::string("{}");
}

Task<Result<std::string>> Supervisor::verb_stop(std::string params) {
    CO_TRY(const auto chosen, sessions_named(params));
    for (const auto& session : chosen) session->ask_stop();  // all at once; then wait for each
    for (const auto& session : chosen) {
        CO_CHECK(co_await session->stop());
    }
    co_return std::string("{}");
}

Task<Result<std::string>> Supervisor::verb_restart(std::string params) {
    CO_CHECK(co_await verb_stop(params));
    co_return co_await verb_start(params);
}

Task<Result<std::string>> Supervisor::verb_reap(std::string params) {
    (void)params;
    const auto before = last_reap_ ? last_reap_->started_at : std::string();
    reap_everywhere_ = true;
    reap_soon();
    while (!closing_ && (reap_now_ || (last_reap_ ? last_reap_->started_at : std::string()) == before)) {
        co_await changed_.wait();
    }
    co_return to_json(snapshot());
}

Task<Result<std::string>> Supervisor::verb_reload(std::string params) {
    (void)params;
    // One at a time: two would both wait for the same sessions to end, and both put new ones in their place.
    while (reloading_) co_await changed_.wait();
    if (state_ != SupervisorState::running && state_ != SupervisorState::safe) {
        co_return Error(Errc::failed, "reloading", "the supervisor is not running yet, or stopping");
    }
    tell_manager("RELOADING=1");
    auto next = settings_.load_config();
    if (!next.ok()) {
        tell_manager("READY=1\nSTATUS=the new configuration has a mistake and was not applied");
        co_return next.error();
    }
    reloading_ = true;
    auto applied = co_await apply(std::move(*next));
    reloading_ = false;
    changed_.notify();
    if (!stop_asked_) tell_manager("READY=1");  // not after STOPPING=1
    co_return applied;
}

// Touches only what changed. A configuration that cannot be used never gets here, so nothing is half applied.
Task<Result<std::string>> Supervisor::apply(Config next) {
    std::vector<SessionName> removed;
    std::vector<SessionName> changed;
    std::vector<SessionName> added;
    for (const auto& [name, session] : sessions_) {
        const auto it = next.sessions.find(name);
        if (it == next.sessions.end())
            removed.push_back(name);
        else if (!(it->second == session->config()))
            changed.push_back(name);
    }
    for (const auto& [name, config] : next.sessions) {
        if (!sessions_.contains(name)) added.push_back(name);
    }
    config_ = std::move(next);
    for (const auto& list : {removed, changed}) {
        for (const SessionName& name : list) sessions_.at(name)->ask_stop();
    }
    std::vector<SessionName> wanted_up = added;
    for (const SessionName& name : changed) wanted_up.push_back(name);
    for (const SessionName& name : removed) co_await drop_session(name);
    for (const SessionName& name : changed) co_await drop_session(name);
    if (stop_asked_) {  // it came while we waited: nothing is started any more
        co_return Error(Errc::failed, "reloading", "the supervisor is stopping");
    }
    for (const SessionName& name : wanted_up) {
        const auto it = config_.sessions.find(name);
        if (it == config_.sessions.end() || sessions_.contains(name)) continue;
        add_session(name, it->second);
        Session& session = *sessions_.at(name);
        if (it->second.autostart) session.start();
        session_tasks_.spawn(session.keep());
    }
    const auto names_of = [](const std::vector<SessionName>& names) {
        OrderedJson list = OrderedJson::array();
        for (const auto& name : names) list.push_back(name.value);
        return list;
    };
    log_.info("configuration applied", {{"added", static_cast<long long>(added.size())},
                                        {"changed", static_cast<long long>(changed.size())},
                                        {"removed", static_cast<long long>(removed.size())}});
    status_changed();
    co_return dump_json(OrderedJson{
        {"added", names_of(added)}, {"changed", names_of(changed)}, {"removed", names_of(removed)}});
}

Task<void> Supervisor::drop_session(SessionName name) {
    Session& session = *sessions_.at(name);
    const Status stopped = co_await session.stop();
    if (!stopped.ok()) {
        // What is left of it stays visible, and no second copy is started beside it.
        log_.error("session not dropped", {{"session", name.value}, {"why", stopped.error().message()}});
        co_return;
    }
    session.close();
    while (session.keeping()) co_await changed_.wait();
    sessions_.erase(name);
}

}  // namespace reeve
