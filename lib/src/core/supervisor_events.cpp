// What listeners of the control socket are told. Nothing here is computed while nobody listens.
#include "model/json_text.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/supervisor.hpp"

namespace reeve {
namespace {

OrderedJson event(const char* kind) { return {{"event", kind}, {"at", now_rfc3339()}}; }

OrderedJson list_of(const std::vector<SessionName>& names) {
    OrderedJson list = OrderedJson::array();
    for (const SessionName& name : names) list.push_back(name.value);
    return list;
}

}  // namespace

// What a new listener is told first is the status as it is now: changes count from here.
void Supervisor::remember_states() {
    told_state_ = state_;
    told_attention_ = snapshot().attention;
    told_sessions_.clear();
    for (const auto& [name, session] : sessions_) {
        told_sessions_[name] = {session->state(), session->ready()};
    }
}

// Called at every change of a state, so that none is missed, however short.
void Supervisor::tell_changes() {
    if (!events_.has_listeners()) return;
    if (state_ != told_state_) {
        OrderedJson line = event("supervisor");
        line["state"] = to_string(state_);
        line["was"] = to_string(told_state_);
        told_state_ = state_;
        events_.publish(dump_json(line));
    }
    for (const auto& [name, session] : sessions_) {
        const auto [known, is_new] = told_sessions_.try_emplace(name, SessionState::stopped, false);
        const std::pair<SessionState, bool> now{session->state(), session->ready()};
        if (known->second == now) continue;
        OrderedJson line = event("session");
        line["session"] = name.value;
        line["state"] = to_string(now.first);
        line["was"] = to_string(known->second.first);
        line["status"] = OrderedJson::parse(to_json(session_status(*session)), nullptr, false);
        known->second = now;
        events_.publish(dump_json(line));
    }
    std::erase_if(told_sessions_, [this](const auto& told) { return !sessions_.contains(told.first); });
}

void Supervisor::tell_attention() {
    if (!events_.has_listeners()) return;
    auto now = snapshot().attention;
    if (now == told_attention_) return;
    told_attention_ = std::move(now);
    OrderedJson line = event("attention");
    line["attention"] = told_attention_;
    events_.publish(dump_json(line));
}

void Supervisor::tell_reap(const LastReap& reap) {
    if (!events_.has_listeners() || reap.counts == ReapCounts{}) return;
    OrderedJson line = event("reap");
    line.update(OrderedJson::parse(to_json(reap), nullptr, false));
    events_.publish(dump_json(line));
}

void Supervisor::tell_receipt(const std::string& receipt) {
    if (!events_.has_listeners()) return;
    OrderedJson line = event("receipt");
    line["receipt"] = OrderedJson::parse(receipt, nullptr, false);
    events_.publish(dump_json(line));
}

void Supervisor::tell_sessions(const std::vector<SessionName>& added, const std::vector<SessionName>& changed,
                               const std::vector<SessionName>& removed) {
    if (!events_.has_listeners()) return;
    OrderedJson line = event("sessions");
    line["added"] = list_of(added);
    line["changed"] = list_of(changed);
    line["removed"] = list_of(removed);
    events_.publish(dump_json(line));
}

}  // namespace reeve
