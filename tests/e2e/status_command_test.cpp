// reeve status and status.json: what they say, and that a reader can tell whether it is still true.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::set<std::string> keys_of(const Json& object) {
    std::set<std::string> keys;
    for (const auto& [key, value] : object.items()) keys.insert(key);
    return keys;
}

class StatusCommand : public testing::Test {
  protected:
    ~StatusCommand() override { daemon.stop_if_it_runs(); }
    Json shown(std::vector<std::string> more = {}) const {
        std::vector<std::string> words{"status", "--json"};
        words.insert(words.end(), more.begin(), more.end());
        return Json::parse(daemon.reeve(words).out, nullptr, false);
    }

    PrivateDaemon daemon;
};

TEST_F(StatusCommand, HasTheFieldsOfItsContract) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    for (Json status : {daemon.status(), shown()}) {
        status.erase("alive");
        EXPECT_EQ(
            keys_of(status),
            (std::set<std::string>{"schema_version", "version", "seq", "updated_at", "state", "instance_id",
                                   "pid", "anchor_pid", "hostname", "started_at", "upgrades", "control",
                                   "sessions", "reaper", "engines", "instances", "attention"}));
        EXPECT_EQ(status["schema_version"], 1);
        EXPECT_EQ(status["pid"], daemon.pid());
        EXPECT_EQ(keys_of(status["sessions"]["api"]),
                  (std::set<std::string>{"kind", "state", "pid", "container_id", "ready", "restarts",
                                         "started_at", "containment", "memory_bytes", "cpu_seconds", "added",
                                         "adopted", "last_exit", "attention", "message", "last_output"}));
        EXPECT_EQ(keys_of(status["reaper"]), (std::set<std::string>{"last_run", "pending", "totals"}));
        EXPECT_EQ(
            keys_of(status["reaper"]["last_run"]),
            (std::set<std::string>{"started_at", "duration_ms", "instances", "processes_killed",
                                   "containers_removed", "networks_removed", "volumes_removed", "failed"}));
        EXPECT_EQ(keys_of(status["instances"]),
                  (std::set<std::string>{"alive", "dead", "foreign", "quarantined"}));
        EXPECT_EQ(status["instances"]["alive"], 1);
    }
    EXPECT_TRUE(std::filesystem::is_socket(daemon.status()["control"].get<std::string>()));
}

TEST_F(StatusCommand, ShowsTheSessionsThatAreNamedAndRefusesOthers) {
    daemon.session("api") = shell("exec sleep 1000");
    daemon.session("db") = shell("exec sleep 1000");
    daemon.start();
    EXPECT_EQ(keys_of(shown({"db"})["sessions"]), std::set<std::string>{"db"});
    const Ended table = daemon.reeve({"status"});
    EXPECT_THAT(table.out, HasSubstr("supervisor running, pid " + std::to_string(daemon.pid())));
    EXPECT_THAT(table.out, HasSubstr("\napi "));
    EXPECT_THAT(table.out, Not(HasSubstr("\033"))) << "colour is for terminals";
    const Ended unknown = daemon.reeve({"status", "nobody"});
    EXPECT_EQ(unknown.code, 1);
    EXPECT_THAT(unknown.err, HasSubstr("nobody: there is no such session"));
}

TEST_F(StatusCommand, Exits3WhereNoSupervisorLivesAndSaysWhy) {
    const Ended never = daemon.reeve({"status"});
    EXPECT_EQ(never.code, 3);
    EXPECT_THAT(never.out, HasSubstr("never started here"));
    EXPECT_FALSE(std::filesystem::exists(daemon.store())) << "asking makes nothing";

    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    const Ended stopped = daemon.reeve({"status"});
    EXPECT_EQ(stopped.code, 3);
    EXPECT_THAT(stopped.out, HasSubstr("not running: stopped"));
    EXPECT_THAT(stopped.out, HasSubstr("was stopped"));
    EXPECT_EQ(shown()["alive"], false);

    daemon.start();
    daemon.kill();
    const Ended killed = daemon.reeve({"status"});
    EXPECT_EQ(killed.code, 3);
    EXPECT_THAT(killed.out, HasSubstr("is gone without having stopped"));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
}

TEST_F(StatusCommand, Exits65ForAFileThatItCannotUnderstand) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    for (const std::string& text : {std::string("{"), std::string(""), std::string("[]"), std::string("{}"),
                                    std::string(R"({"state": "wonderful"})"), std::string(100'000, '['),
                                    std::string("\xff\xfe\x00", 3)}) {
        write_text(daemon.store() / "status.json", text);
        const Ended ended = daemon.reeve({"status"});
        EXPECT_EQ(ended.code, 65) << text.substr(0, 20);
        EXPECT_THAT(ended.err, HasSubstr("status.json"));
    }
}

// Wrong types are no reason to say nothing; what can be understood is shown.
TEST_F(StatusCommand, SurvivesFieldsOfTheWrongType) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    Json status = daemon.status();
    const Json good = status;
    const std::vector<Json> wrong{nullptr, -1, "text", Json::array({1}), Json::object({{"x", 1}})};
    const auto expect_it_is_survived = [&](const std::string& which) {
        write_text(daemon.store() / "status.json", status.dump());
        const Ended ended = daemon.reeve({"status", "--json"});
        EXPECT_THAT(ended.code, testing::AnyOf(3, 65)) << which << ": " << ended.err;
    };
    std::size_t turn = 0;
    for (const auto& [key, value] : good.items()) {
        status = good;
        status[key] = wrong[turn++ % wrong.size()];
        expect_it_is_survived(key);
    }
    // All but the state at once: without one it is no status.
    for (const Json& each : wrong) {
        for (const auto& [key, value] : good.items()) status[key] = key == "state" ? value : each;
        expect_it_is_survived(each.dump());
    }
}

// A reader that took the lock for a moment could turn a starting supervisor away.
TEST_F(StatusCommand, ReadersNeverKeepASupervisorFromStarting) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    std::atomic<bool> enough = false;
    auto reader = std::async(std::launch::async, [&] {
        while (!enough) (void)daemon.reeve({"status"}), (void)daemon.reeve({"lock"});
    });
    for (int i = 0; i < 5; ++i) {
        daemon.start();
        EXPECT_EQ(daemon.stop(), 0) << daemon.printed();
    }
    enough = true;
    reader.get();
}

TEST_F(StatusCommand, IsNotWrittenWhileNothingChanges) {
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    // The write of the last change may still be under way.
    Json seq;
    ASSERT_TRUE(wait_until([&] {
        seq = daemon.status()["seq"];
        return stays([&] { return daemon.status()["seq"] == seq; }, 300ms);
    }));
    EXPECT_TRUE(stays([&] { return daemon.status()["seq"] == seq; }, 1500ms));
}

TEST_F(StatusCommand, IsAlwaysAWholeFile) {
    for (int i = 0; i < 5; ++i) {
        Json& session = daemon.session("s" + std::to_string(i));
        session = shell("exit 1");
        session["backoff"] = {{"initial", "1ms"}, {"max", "5ms"}};
        session["give_up_after"] = {{"restarts", 1000}, {"within", "1m"}};
    }
    daemon.start();
    const auto began = std::chrono::steady_clock::now();
    const auto so_far = [&] { return std::chrono::steady_clock::now() - began; };
    int different = 0;
    bool whole = true;
    Json before;
    // For a second, or as long as it takes to see some on a busy machine.
    EXPECT_TRUE(wait_until([&] {
        const std::string text = read_text(daemon.store() / "status.json");
        const Json status = Json::parse(text, nullptr, false);
        whole = whole && status.is_object();
        different += whole && status["seq"] != before ? 1 : 0;
        if (whole) before = status["seq"];
        return !whole || (different >= 5 && so_far() >= 1s);
    }));
    EXPECT_TRUE(whole);
    EXPECT_LE(different, 10 * (so_far() / 1s + 1) + 4) << "ten writes a second";
}

// --- ps, which reads the registry ---

TEST_F(StatusCommand, PsShowsEveryInstanceWithItsTree) {
    daemon.session("api") = shell(daemon.note("api") + "sleep 1000 & wait");
    daemon.start();
    const auto& api = daemon.noted("api");
    ASSERT_TRUE(wait_until([&] { return daemon.marks().size() == 2; }));
    Json list = Json::parse(daemon.reeve({"ps", "--json"}).out);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]["state"], "alive");
    EXPECT_EQ(list[0]["sessions"]["api"]["processes"].size(), 2U);
    EXPECT_THAT(daemon.reeve({"ps"}).out, HasSubstr(std::to_string(api.pid())));
    daemon.kill();
    list = Json::parse(daemon.reeve({"ps", "--json"}).out);
    EXPECT_EQ(list[0]["state"], "dead");
    EXPECT_EQ(list[0]["sessions"]["api"]["processes"].size(), 2U) << "what it left is shown";
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_EQ(daemon.reeve({"ps"}).out, "no instances\n");
}

}  // namespace
}  // namespace reeve::test
