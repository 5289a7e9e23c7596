// Sessions that are not in the configuration: `add`, `rm`, and how they live beside those that are.
#include "model/json_text.hpp"
#include "reeve/base/text.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/model/config_parse.hpp"

#include <algorithm>

namespace reeve {
namespace {

struct Wanted {
    SessionName name;
    AddedSessions::Entry entry;
};

// {"name": "api", "session": {the keys of a session of the configuration}}
Result<Wanted> read_wanted(const std::string& params) {
    const std::string doing = "adding a session";
    TRY(const Json object, parse_json(params, doing));
    const auto name = string_field(object, "name");
    const Json* session = object_field(object, "session");
    if (!name || session == nullptr) {
        return Error(Errc::invalid_data, doing, "\"name\" and \"session\" are needed");
    }
    if (!is_session_name(*name)) {
        return Error(Errc::invalid_data, doing, in_quotes(*name) + " is not a name for a session",
                     "use a letter or digit, then up to 62 letters, digits, '_', '.' or '-'");
    }
    if (*name == reserved_session_name) {
        return Error(Errc::invalid_data, doing, "\"reeve\" is the name of the supervisor's own log",
                     "choose another name");
    }
    Wanted wanted;
    wanted.name.value = *name;
    wanted.entry.text = dump_json(*session);
    ParsedSession parsed = parse_session(wanted.entry.text);
    if (!parsed.problems.empty()) {
        const ConfigProblem& first = parsed.problems.front();
        return Error(Errc::bad_config, "adding " + *name,
                     (first.pointer.empty() ? "" : first.pointer + ": ") + first.what, first.fix);
    }
    wanted.entry.config = std::move(parsed.config);
    return wanted;
}

}  // namespace

// Names that are taken: configured, added, or of a session that has not ended yet.
std::size_t Supervisor::names_taken() const {
    std::size_t count = configured_.size();
    for (const auto& [name, entry] : added_.all()) count += is_configured(name) ? 0 : 1;
    for (const auto& [name, session] : sessions_) {
        count += is_configured(name) || added_.contains(name) ? 0 : 1;
    }
    return count;
}

// Why it cannot run beside what there is; nothing when it can.
std::optional<Error> Supervisor::objection_to(const SessionName& name, const SessionConfig& session) const {
    const std::string doing = "adding " + name.value;
    if (sessions_.contains(name) || is_configured(name)) {
        return Error(Errc::failed, doing, "there is a session of that name already",
                     "choose another name, or see: reeve status " + name.value);
    }
    for (const SessionName& before : session.after) {
        if (!sessions_.contains(before)) {
            return Error(Errc::not_found, doing, "it comes after " + before.value + ", which does not exist",
                         "see: reeve status");
        }
    }
    return std::nullopt;
}

void Supervisor::run_session(const SessionName& name, const SessionConfig& config) {
    add_session(name, config);
    Session& session = *sessions_.at(name);
    const bool begun = state_ == SupervisorState::running || state_ == SupervisorState::safe;
    if (!begun) return;  // starting: it comes with all others
    if (config.autostart && state_ == SupervisorState::running) session.start();
    session.keep();
}

// The added sessions that are not there yet: at the start, and when a reload made room. Those that cannot be
// run are kept, and said.
void Supervisor::run_added_sessions() {
    std::map<SessionName, std::string> aside;
    for (bool again = true; again;) {
        again = false;
        aside.clear();
        for (const auto& [name, entry] : added_.all()) {
            const bool theirs = sessions_.contains(name) && !is_configured(name);
            if (theirs || being_added_.contains(name) || being_removed_.contains(name)) continue;
            if (const auto objection = objection_to(name, entry.config)) {
                aside[name] = objection->why();
            } else {
                run_session(name, entry.config);
                again = true;  // another may come after it
            }
        }
    }
    aside_ = std::move(aside);
}

Task<Result<std::string>> Supervisor::verb_add(std::string params, Caller caller) {
    co_await start_is_over();
    CO_TRY(const Wanted wanted, read_wanted(params));
    const SessionName name = wanted.name;
    if (stop_asked_) co_return Error(Errc::failed, "adding " + name.value, "the supervisor is stopping");
    if (added_.contains(name)) {
        co_return Error(Errc::failed, "adding " + name.value, "a session of that name was added already",
                        "choose another name, or remove it first: reeve rm " + name.value);
    }
    if (const auto objection = objection_to(name, wanted.entry.config)) co_return *objection;
    if (names_taken() >= static_cast<std::size_t>(config_.max_sessions)) {
        co_return Error(Errc::failed, "adding " + name.value,
                        "there are " + std::to_string(config_.max_sessions) + " sessions already",
                        "remove one, or raise \"max_sessions\" in the configuration");
    }
    // From here on the name is taken: nobody else gets it, or the place, while the file is written.
    added_.put(name, wanted.entry);
    being_added_.insert(name);
    const Status kept = co_await added_.commit();
    being_added_.erase(name);
    if (!kept.ok()) {
        added_.erase(name);
        co_return kept.error().while_doing("adding " + name.value);
    }
    if (stop_asked_) co_return std::string("{}");  // it starts with the next supervisor
    log_.info("session added", {{"session", name.value}});
    tell_sessions({name}, {}, {});
    run_session(name, wanted.entry.config);
    status_changed();
    const std::shared_ptr<Session> session = sessions_.at(name);
    if (!wanted.entry.config.autostart || state_ == SupervisorState::safe) co_return std::string("{}");
    const Status started = co_await wait_started(session, caller);
    if (!started.ok()) {
        co_return Error(started.error().code(), started.error().what(), started.error().why(),
                        "it stays added; see: reeve status " + name.value + ", or: reeve rm " + name.value);
    }
    co_return std::string("{}");
}

// Stops, sees empty, forgets: in this order, so that what is still there is never unheard of.
Task<Result<std::string>> Supervisor::verb_rm(std::string params, Caller caller) {
    (void)caller;
    CO_TRY(const std::vector<SessionName> names, names_in(params));
    for (const SessionName& name : names) {
        const auto objection = objection_to_removing(name, names);
        if (objection) co_return *objection;
    }
    for (const SessionName& name : names) being_removed_.insert(name);
    std::vector<std::shared_ptr<Session>> chosen;
    for (const SessionName& name : names) {
        const auto it = sessions_.find(name);
        if (it != sessions_.end() && !is_configured(name)) chosen.push_back(it->second);
    }
    for (const auto& session : chosen) session->ask_stop();
    Status stopped = done;
    for (const auto& session : chosen) {
        const Status one = co_await session->stop();
        if (!one.ok()) stopped = one;
    }
    if (stopped.ok()) {
        for (const auto& session : chosen) {
            const Status one = co_await drop_session(session->name());
            if (!one.ok()) stopped = one;
        }
    }
    if (stopped.ok()) {
        for (const SessionName& name : names) added_.erase(name), aside_.erase(name);
        stopped = co_await added_.commit();
    }
    for (const SessionName& name : names) being_removed_.erase(name);
    if (!stopped.ok()) co_return stopped.error();
    for (const SessionName& name : names) log_.info("session removed", {{"session", name.value}});
    tell_sessions({}, {}, names);
    status_changed();
    co_return std::string("{}");
}

std::optional<Error> Supervisor::objection_to_removing(const SessionName& name,
                                                       const std::vector<SessionName>& with) const {
    const std::string doing = "removing " + name.value;
    if (!added_.contains(name)) {
        if (is_configured(name)) {
            return Error(Errc::failed, doing, "it is in the configuration",
                         "take it out there, then: reeve reload");
        }
        return Error(Errc::not_found, doing, "there is no such session", "see: reeve status");
    }
    if (being_added_.contains(name) || being_removed_.contains(name)) {
        return Error(Errc::failed, doing, "it is being added or removed right now", "see: reeve status");
    }
    if (is_configured(name)) return std::nullopt;  // put aside: nothing runs
    for (const auto& [other, session] : sessions_) {
        const auto& after = session->config().after;
        const bool needs = std::find(after.begin(), after.end(), name) != after.end();
        if (needs && std::find(with.begin(), with.end(), other) == with.end()) {
            return Error(Errc::failed, doing, other.value + " comes after it",
                         "remove that first, or both at once: reeve rm " + other.value + " " + name.value);
        }
    }
    return std::nullopt;
}

// A reload leaves added sessions alone, so it must not take their name, or what they come after.
std::optional<Error> Supervisor::objection_to_config(const Config& next) const {
    const std::string doing = "reloading";
    for (const auto& [name, entry] : added_.all()) {
        if (aside_.contains(name)) continue;
        if (next.sessions.contains(name)) {
            return Error(Errc::bad_config, doing,
                         "session " + name.value + " was added by reeve add, and is in the configuration now",
                         "remove it first: reeve rm " + name.value + ", or give one of them another name");
        }
        for (const SessionName& before : entry.config.after) {
            if (next.sessions.contains(before) || added_.contains(before)) continue;
            return Error(Errc::bad_config, doing,
                         "session " + before.value + " would go, and " + name.value +
                             ", which was added, comes after it",
                         "remove that first: reeve rm " + name.value);
        }
    }
    std::size_t count = next.sessions.size();
    for (const auto& [name, entry] : added_.all()) count += next.sessions.contains(name) ? 0 : 1;
    if (count > static_cast<std::size_t>(next.max_sessions)) {
        return Error(Errc::bad_config, doing,
                     std::to_string(count) + " sessions, with those that were added, are more than " +
                         std::to_string(next.max_sessions),
                     "raise \"max_sessions\", or remove some");
    }
    return std::nullopt;
}

}  // namespace reeve
