// What can be asked of a running supervisor, and how a new configuration is applied.
#include "model/json_text.hpp"
#include "reeve/base/text.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/engine/docker_cli.hpp"
#include "reeve/model/config_parse.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace reeve {
namespace {

// What a session that is wanted up still waits for, for people; empty: for nothing.
std::vector<std::string> start_waits_for(const Session& session, const SessionHost& host) {
    std::vector<std::string> names;
    switch (session.state()) {
        case SessionState::waiting:
            for (const SessionName& before : session.config().after) {
                if (!host.is_ready(before)) names.push_back("session \"" + before.value + "\"");
            }
            if (names.empty() && !session.config().image.empty()) names.emplace_back("the engine");
            break;
        case SessionState::starting:
            if (session.config().image.empty()) break;
            names.push_back(session.status().container_id ? "the engine (start)" : "the engine (create)");
            break;
        case SessionState::running:
            if (!session.ready()) names.emplace_back("its readiness");
            break;
        default:
            break;
    }
    return names;
}

}  // namespace

ControlSettings Supervisor::control_settings() {
    using Member = Task<Result<std::string>> (Supervisor::*)(std::string, Caller);
    const auto verb = [this](Member member) -> ControlVerb {
        return [this, member](std::string params, Caller caller) {
            return (this->*member)(std::move(params), std::move(caller));
        };
    };
    const auto changing = [this, verb](Member member) -> ControlVerb {
        return [this, work = verb(member)](std::string params, Caller caller) {
            return change(work, std::move(params), std::move(caller));
        };
    };
    ControlSettings settings;
    settings.verbs = {{"status", verb(&Supervisor::verb_status)},
                      {"start", verb(&Supervisor::verb_start)},
                      {"stop", verb(&Supervisor::verb_stop)},
                      {"restart", verb(&Supervisor::verb_restart)},
                      {"add", changing(&Supervisor::verb_add)},
                      {"rm", changing(&Supervisor::verb_rm)},
                      {"reload", changing(&Supervisor::verb_reload)},
                      {"reap", verb(&Supervisor::verb_reap)},
                      {"waiting", verb(&Supervisor::verb_waiting)},
                      {"shutdown", verb(&Supervisor::verb_shutdown)},
                      {"upgrade", verb(&Supervisor::verb_upgrade)},
                      {"instance.register", changing(&Supervisor::verb_instance_register)},
                      {"instance.track", changing(&Supervisor::verb_instance_track)},
                      {"instance.untrack", changing(&Supervisor::verb_instance_untrack)},
                      {"instance.unregister", changing(&Supervisor::verb_instance_unregister)}};
    settings.events = &events_;
    settings.caller_gone = [this] { changed_.notify(); };
    return settings;
}

// {"names": ["api", ...]}, each once.
Result<std::vector<SessionName>> Supervisor::names_in(const std::string& params) const {
    const std::string doing = "reading the request";
    TRY(const Json object, parse_json(params, doing));
    const Json* names = array_field(object, "names");
    if (names == nullptr || names->empty()) {
        return Error(Errc::invalid_data, doing, "\"names\" is missing", "name at least one session");
    }
    std::set<SessionName> known;
    std::vector<SessionName> found;
    for (const Json& item : *names) {
        if (!item.is_string()) return Error(Errc::invalid_data, doing, "a name is a text");
        SessionName name{item.get<std::string>()};
        if (known.insert(name).second) found.push_back(std::move(name));
    }
    return found;
}

// All of them must exist before anything is done to one.
Result<Supervisor::Sessions> Supervisor::sessions_named(const std::string& params) {
    TRY(const auto names, names_in(params));
    Sessions found;
    for (const SessionName& name : names) {
        const auto it = sessions_.find(name);
        if (it == sessions_.end()) {
            return Error(Errc::not_found, "finding session " + shortened(name.value),
                         "there is no such session", "see: reeve status");
        }
        found.push_back(it->second);
    }
    return found;
}

Task<Result<std::string>> Supervisor::verb_status(std::string params, Caller caller) {
    (void)params;
    (void)caller;
    co_await measure();
    co_return to_json(snapshot());
}

// A session starts only when what it comes after is ready, so asking for it asks for those too.
Supervisor::Sessions Supervisor::with_what_they_come_after(Sessions chosen) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const std::shared_ptr<Session> session = chosen[i];  // the list grows while we read
        for (const SessionName& name : session->config().after) {
            const auto found = sessions_.find(name);
            if (found == sessions_.end()) continue;  // it is being removed
            const std::shared_ptr<Session>& before = found->second;
            if (std::find(chosen.begin(), chosen.end(), before) == chosen.end()) chosen.push_back(before);
        }
    }
    return chosen;
}

// Like Session::wait_started, and no longer than somebody wants to know.
Task<Status> Supervisor::wait_started(std::shared_ptr<Session> session, Caller caller) {
    while (!caller->gone && session->beginning()) co_await changed_.wait();
    if (caller->gone) co_return Error(Errc::cancelled, "starting " + session->name().value);
    co_return co_await session->wait_started();
}

// Until the first reap is over no session is kept yet: what was asked for would be overtaken by the start
// itself.
Task<void> Supervisor::start_is_over() {
    while (state_ == SupervisorState::starting && !stop_asked_) co_await changed_.wait();
}

Task<Result<std::string>> Supervisor::verb_start(std::string params, Caller caller) {
    co_await start_is_over();
    CO_TRY(const auto chosen, sessions_named(params));
    if (state_ == SupervisorState::stopping) {
        co_return Error(Errc::failed, "starting sessions", "the supervisor is stopping");
    }
    for (const auto& session : with_what_they_come_after(chosen)) {
        session->start();
        // Also of those that nobody waits for: who was started by name is not stopped by hand any more.
        if (session->unsaved()) tasks_.spawn(save_memory_of(session));
    }
    for (const auto& session : chosen) {
        CO_CHECK(co_await wait_started(session, caller));
    }
    co_return std::string("{}");
}

Task<Result<std::string>> Supervisor::verb_stop(std::string params, Caller caller) {
    (void)caller;
    co_await start_is_over();
    CO_TRY(const auto chosen, sessions_named(params));
    for (const auto& session : chosen) session->ask_stop(Session::By::hand);  // all at once; then wait
    for (const auto& session : chosen) {
        CO_CHECK(co_await session->stop());
    }
    co_return std::string("{}");
}

// What keeps those waiting that are stopping or starting right now.
Task<Result<std::string>> Supervisor::verb_waiting(std::string params, Caller caller) {
    (void)caller;
    CO_TRY(const auto chosen, sessions_named(params));
    OrderedJson sessions = OrderedJson::object();
    for (const auto& session : chosen) {
        const bool stops = session->state() == SessionState::stopping;
        const auto names = stops ? session->waiting_for() : start_waits_for(*session, *this);
        if (!stops && names.empty()) continue;
        OrderedJson one{
            {"doing", stops ? "stopping" : "starting"}, {"waiting_for", names}, {"killed_in_ms", nullptr}};
        if (const auto left = session->killed_in(); stops && left) one["killed_in_ms"] = left->count();
        sessions[session->name().value] = std::move(one);
    }
    co_return dump_json(OrderedJson{{"sessions", std::move(sessions)}});
}

Task<Result<std::string>> Supervisor::verb_restart(std::string params, Caller caller) {
    CO_CHECK(co_await verb_stop(params, caller));
    co_return co_await verb_start(params, caller);
}

Task<Result<std::string>> Supervisor::verb_shutdown(std::string params, Caller caller) {
    (void)params;
    (void)caller;
    ask_stop("asked over the control socket");
    co_return std::string("{}");
}

Task<Result<std::string>> Supervisor::verb_reap(std::string params, Caller caller) {
    (void)params;
    // One that begins after the question: what is under way may have looked before something died.
    const std::uint64_t wanted = reaps_begun_ + 1;
    reap_everywhere_ = true;
    reap_soon();
    while (!closing_ && !caller->gone && reaps_done_ < wanted) co_await changed_.wait();
    co_return to_json(snapshot());
}

// What a configuration would change. Added sessions are no part of it.
struct Supervisor::Plan {
    std::vector<SessionName> added, changed, removed;
    std::map<SessionName, std::vector<std::string>> keys;  // of the changed ones
    std::vector<std::string> settings;                     // keys beside "sessions"
    std::string json(bool dry_run) const;
};

std::string Supervisor::Plan::json(bool dry_run) const {
    const auto names_of = [](const std::vector<SessionName>& names) {
        OrderedJson list = OrderedJson::array();
        for (const auto& name : names) list.push_back(name.value);
        return list;
    };
    OrderedJson differing = OrderedJson::object();
    for (const auto& [name, list] : keys) differing[name.value] = list;
    return dump_json(OrderedJson{{"dry_run", dry_run},
                                 {"added", names_of(added)},
                                 {"changed", names_of(changed)},
                                 {"removed", names_of(removed)},
                                 {"keys", differing},
                                 {"settings", settings}});
}

Supervisor::Plan Supervisor::plan_for(const Config& next) const {
    Plan plan;
    // Another engine is a change of every container session: its container is made anew in that one.
    const bool other_engine =
        next.engine.command != config_.engine.command || next.engine.endpoint != config_.engine.endpoint;
    for (const auto& [name, session] : sessions_) {
        if (added_.contains(name) && !aside_.contains(name)) {
            if (other_engine && !session->config().image.empty()) plan.changed.push_back(name);
            continue;
        }
        const auto it = next.sessions.find(name);
        if (it == next.sessions.end()) {
            plan.removed.push_back(name);
        } else if (!(it->second == session->config()) || (other_engine && !it->second.image.empty())) {
            plan.changed.push_back(name);
            plan.keys[name] = changed_keys(session->config(), it->second);
        }
    }
    for (const auto& [name, config] : next.sessions) {
        if (!sessions_.contains(name)) plan.added.push_back(name);
    }
    plan.settings = changed_settings(config_, next);
    return plan;
}

// {"dry_run": true} only tells.
Task<Result<std::string>> Supervisor::verb_reload(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "reading the request";
    CO_TRY(const Json object, parse_json(params, doing));
    const auto asked = object.find("dry_run");
    if (asked != object.end() && !asked->is_boolean()) {
        co_return Error(Errc::invalid_data, doing, "\"dry_run\" is true or false");
    }
    const bool dry_run = asked != object.end() && asked->get<bool>();
    // One at a time: two would both wait for the same sessions to end, and both put new ones in their place.
    while (reloading_) co_await changed_.wait();
    if (state_ != SupervisorState::running && state_ != SupervisorState::safe) {
        co_return Error(Errc::failed, "reloading", "the supervisor is not running yet, or stopping");
    }
    if (dry_run) {
        CO_TRY(const LoadedConfig next, settings_.load_config());
        if (const auto objection = objection_to_config(next.config)) co_return *objection;
        co_return plan_for(next.config).json(true);
    }
    tell_manager("RELOADING=1");
    auto next = settings_.load_config();
    const auto objection = next.ok() ? objection_to_config(next->config) : std::optional<Error>(next.error());
    if (objection) {
        tell_manager("READY=1\nSTATUS=the new configuration has a mistake and was not applied");
        co_return *objection;
    }
    reloading_ = true;
    auto applied = co_await apply(std::move(*next));
    reloading_ = false;
    changed_.notify();
    if (!stop_asked_) tell_manager("READY=1");  // not after STOPPING=1
    co_return applied;
}

// Touches only what changed. A configuration that cannot be used never gets here, so nothing is half applied.
// Another engine is a change of every container session: its container is made anew in that one.
Task<Result<std::string>> Supervisor::apply(LoadedConfig loaded) {
    Config& next = loaded.config;
    const Plan plan = plan_for(next);
    const bool other_engine = next.engine != config_.engine;
    const bool other_registries = config_.foreign_registries != next.foreign_registries;
    std::map<SessionName, SessionConfig> wanted = std::exchange(next.sessions, {});
    config_ = std::move(next);
    configured_.clear();
    for (const auto& [name, session] : wanted) configured_.push_back(name);
    config_text_ = ConfigText(std::move(loaded.text), store_.paths().root);
    config_path_ = std::move(loaded.path);
    output_->set_total(config_.logs.max_total);
    if (other_registries) {
        foreign_watch_->watch(config_.foreign_registries);
        reap_soon();
    }
    for (const auto& list : {plan.removed, plan.changed}) {
        for (const SessionName& name : list) sessions_.at(name)->ask_stop();
    }
    std::vector<SessionName> wanted_up = plan.added;
    for (const SessionName& name : plan.changed) wanted_up.push_back(name);
    Status dropped = done;
    for (const auto& list : {plan.removed, plan.changed}) {
        for (const SessionName& name : list) {
            const Status one = co_await drop_session(name);
            if (!one.ok()) dropped = one;
        }
    }
    if (other_engine) use_engine(config_.engine);
    if (stop_asked_) {  // it came while we waited: nothing is started any more
        co_return Error(Errc::failed, "reloading", "the supervisor is stopping");
    }
    for (const SessionName& name : wanted_up) {
        const auto it = wanted.find(name);
        if (it == wanted.end() || sessions_.contains(name)) continue;
        add_session(name, std::move(it->second));
        Session& session = *sessions_.at(name);
        if (session.config().autostart) session.start();
        session.keep();
    }
    run_added_sessions();
    log_.info("configuration applied", {{"added", static_cast<long long>(plan.added.size())},
                                        {"changed", static_cast<long long>(plan.changed.size())},
                                        {"removed", static_cast<long long>(plan.removed.size())}});
    tell_sessions(plan.added, plan.changed, plan.removed);
    status_changed();
    if (!dropped.ok()) {
        co_return Error(dropped.error().code(), "reloading",
                        "not everything could be replaced: " + dropped.error().message(),
                        "when that is mended: reeve reload");
    }
    co_return plan.json(false);
}

void Supervisor::use_engine(const EngineConfig& config) {
    engine_->replace(make_engine(config));
    container_around_.patience = config.timeout;
    log_.info("another engine is used", {{"engine", config.command}, {"endpoint", config.endpoint}});
    listen_to(instance_watch_->engines());  // the former one may still hold something of ours
    reap_everywhere_ = true;
    reap_soon();
}

Task<Status> Supervisor::drop_session(SessionName name) {
    Session& session = *sessions_.at(name);
    const Status stopped = co_await session.stop();
    if (!stopped.ok()) {
        // What is left of it stays visible, and no second copy is started beside it.
        log_.error("session not dropped", {{"session", name.value}, {"why", stopped.error().message()}});
        co_return stopped;
    }
    session.close();
    while (session.keeping()) co_await changed_.wait();
    sessions_.erase(name);
    followers_.erase(name);
    SessionMemory nothing;  // what was of the old configuration says nothing of a new one
    co_await remember(name, std::move(nothing));
    co_return done;
}

}  // namespace reeve
