#include "config_order.hpp"

#include "reeve/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace reeve {
namespace {

using Sessions = std::map<SessionName, SessionConfig>;

// Sessions that were not put in an order yet. Taking out whatever waits for nothing leaves only circles, and
// what waits for a circle. Each wait is looked at once, so a long file costs no more than its length.
class Unordered {
  public:
    explicit Unordered(const Sessions& sessions) {
        for (const auto& [name, session] : sessions) {
            for (const SessionName& earlier : session.after) {
                if (sessions.contains(earlier)) waits_for_[name].insert(earlier);
            }
        }
        std::vector<SessionName> free;
        for (const auto& [name, session] : sessions) {
            if (!waits_for_.contains(name)) free.push_back(name);
        }
        for (const auto& [name, earlier] : waits_for_) {
            for (const SessionName& each : earlier) waited_for_by_[each].push_back(name);
        }
        take_out(std::move(free));
    }

    // Each session waits for the next, and the last for the first; empty when there is no circle left.
    std::vector<SessionName> next_circle() const {
        if (waits_for_.empty()) return {};
        std::vector<SessionName> way{waits_for_.begin()->first};
        std::map<SessionName, std::size_t> visited{{way.front(), 0}};
        for (;;) {
            const SessionName next = *waits_for_.at(way.back()).begin();
            const auto [seen, is_new] = visited.emplace(next, way.size());
            if (!is_new) return {way.begin() + static_cast<std::ptrdiff_t>(seen->second), way.end()};
            way.push_back(next);
        }
    }

    // Nobody waits for these any more; who waited for nothing else is taken out too.
    void take_out(std::vector<SessionName> names) {
        for (const SessionName& name : names) waits_for_.erase(name);
        while (!names.empty()) {
            const SessionName name = std::move(names.back());
            names.pop_back();
            for (const SessionName& later : waited_for_by_[name]) {
                const auto left = waits_for_.find(later);
                if (left == waits_for_.end()) continue;
                left->second.erase(name);
                if (!left->second.empty()) continue;
                waits_for_.erase(left);
                names.push_back(later);
            }
        }
    }

  private:
    std::map<SessionName, std::set<SessionName>> waits_for_;  // of those that are left; never an empty set
    std::map<SessionName, std::vector<SessionName>> waited_for_by_;
};

std::string spelled_out(std::vector<SessionName> circle) {
    constexpr std::size_t shown = 10;
    const std::size_t length = circle.size();
    if (length > shown) circle.resize(shown);
    std::vector<std::string> names;
    for (const SessionName& name : circle) names.push_back(name.value);
    if (length > shown) names.push_back("(" + std::to_string(length - shown) + " more)");
    names.push_back(circle.front().value);
    return joined(names, " -> ");
}

void check_names(const Place& after, const Sessions& sessions, const std::vector<std::string>& known) {
    if (after.node().kind != JsonNode::Kind::array) return;
    for (std::size_t i = 0; i < after.node().children.size(); ++i) {
        const Place place = after.element(i);
        const std::string& name = place.node().string;
        if (!is_session_name(name) || sessions.contains({name})) continue;
        const auto meant = nearest(name, known);
        place.refuse(
            "no session is named " + in_quotes(name),
            meant ? "did you mean " + in_quotes(*meant) + "?" : "name a session of this file, or remove it");
    }
}

}  // namespace

void check_order(const Place& place, const Sessions& sessions) {
    std::vector<std::string> known;
    for (const auto& [name, session] : sessions) known.push_back(name.value);
    std::map<SessionName, const JsonNode*> nodes;
    for (const JsonNode& node : place.node().children) {
        nodes[{node.key}] = &node;
        const Place session = place.member(node);
        if (const JsonNode* after = node.find("after")) check_names(session.member(*after), sessions, known);
    }
    Unordered unordered(sessions);
    for (auto circle = unordered.next_circle(); !circle.empty(); circle = unordered.next_circle()) {
        // Told from the session that stands first in the text: there a reader meets the circle.
        const auto first = std::min_element(circle.begin(), circle.end(), [&](const auto& a, const auto& b) {
            return nodes.at(a)->offset < nodes.at(b)->offset;
        });
        std::rotate(circle.begin(), first, circle.end());
        const JsonNode& node = *nodes.at(circle.front());
        const Place session = place.member(node);
        session.member(*node.find("after"))
            .refuse("sessions wait for each other in a circle: " + spelled_out(circle),
                    "remove one of these from an \"after\"");
        unordered.take_out(circle);
    }
}

}  // namespace reeve
