#include "reeve/model/fingerprint.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace reeve {
namespace {

SessionConfig some_session() {
    SessionConfig session;
    session.command = {"serve", "--port", "80"};
    return session;
}

// A change of what is launched is never taken for the same; nor are two changes for one another.
TEST(Fingerprint, IsAnotherForEverythingThatIsLaunched) {
    const std::function<void(SessionConfig&)> changes[] = {
        [](SessionConfig&) {},
        [](SessionConfig& s) {
            s.command = {"serve", "--port 80"};
        },
        [](SessionConfig& s) {
            s.command = {"serve", "--port", "8", "0"};
        },
        [](SessionConfig& s) {
            s.command = {"serve", "--port", "80", ""};
        },
        [](SessionConfig& s) { s.image = "serve"; },
        [](SessionConfig& s) { s.cwd = "/srv"; },
        [](SessionConfig& s) { s.env["A"] = "1"; },
        [](SessionConfig& s) { s.env["A"] = "2"; },
        [](SessionConfig& s) { s.env_file = {"A"}; },
        [](SessionConfig& s) { s.options = {"A"}; },
        [](SessionConfig& s) { s.args = {"A"}; },
        [](SessionConfig& s) { s.limits.emplace().nofile = 1; },
        [](SessionConfig& s) { s.limits.emplace().nproc = 1; },
        [](SessionConfig& s) { s.limits.emplace().as = 1; },
        [](SessionConfig& s) { s.limits.emplace().core = 1; },
        [](SessionConfig& s) { s.limits.emplace().data = 1; },
        [](SessionConfig& s) { s.limits.emplace().fsize = 1; },
        [](SessionConfig& s) { s.limits.emplace().memlock = 1; },
        [](SessionConfig& s) { s.limits.emplace().stack = 1; },
        [](SessionConfig& s) { s.limits.emplace().cpu = std::chrono::seconds(1); },
        [](SessionConfig& s) { s.limits.emplace().nice = 1; }};
    std::set<std::string> seen;
    for (const auto& change : changes) {
        SessionConfig session = some_session();
        change(session);
        EXPECT_TRUE(seen.insert(fingerprint_of(session)).second) << seen.size();
    }
}

TEST(Fingerprint, IsTheSameHoweverItIsKept) {
    SessionConfig session = some_session();
    session.restart = RestartPolicy::always;
    session.stop.signal = 2;
    session.log.keep = 1;
    session.autostart = false;
    session.after = {SessionName{"db"}};
    session.written_command = {"${SERVE}"};
    EXPECT_EQ(fingerprint_of(session), fingerprint_of(some_session()));
}

// It is on file: another version must find the same.
TEST(Fingerprint, OfATextIsThatOfFnv1a) {
    EXPECT_EQ(stable_hash(""), "cbf29ce484222325");
    EXPECT_EQ(stable_hash("a"), "af63dc4c8601ec8c");
}

}  // namespace
}  // namespace reeve
