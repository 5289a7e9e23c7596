// Clients of the control socket that are slow, broken or hostile: they cost the others nothing.
#include "support/private_daemon.hpp"
#include "support/raw_client.hpp"
#include "support/sanitized.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <list>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;

constexpr long mebibyte = 1024 * 1024;

class HostileClients : public testing::Test {
  protected:
    HostileClients() {
        daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
        daemon.start();
        path = daemon.status()["control"].get<std::string>();
        (void)daemon.noted("api");
    }
    ~HostileClients() override {
        EXPECT_FALSE(daemon.exited());
        EXPECT_TRUE(daemon.noted("api").running());
        EXPECT_THAT(daemon.printed(), testing::Not(testing::HasSubstr("bug")));
        daemon.stop_if_it_runs();
    }
    // What another client gets: an answer, and the work done.
    void others_are_served() {
        EXPECT_EQ(daemon.reeve({"status", "--json"}).code, 0);
        for (int round = 0; round < 2; ++round) {
            daemon.forget_note("api");
            const Ended restarted = daemon.reeve({"restart", "api"});
            EXPECT_EQ(restarted.code, 0) << restarted.err;
            EXPECT_TRUE(daemon.noted("api").running());
        }
    }
    // The address sanitizer keeps what was freed for a while: what is held then says nothing.
    static void expect_less_than(long bound, long held) {
        if (!sanitized) {
            EXPECT_LT(held, bound);
        }
    }
    // Bytes of memory that the supervisor holds.
    long resident() const {
        std::istringstream text(read_text("/proc/" + std::to_string(daemon.pid()) + "/statm"));
        long all = 0;
        long held = 0;
        text >> all >> held;
        return held * 4096;
    }

    PrivateDaemon daemon;
    std::string path;
};

TEST_F(HostileClients, ThatSendHalfALineAreCutOffAndHoldNobodyUp) {
    RawClient half(path);
    half.send(R"({"jsonrpc":"2.0","id":1,)");
    others_are_served();
    EXPECT_TRUE(half.cut_off(40s)) << "a line that never ends has a deadline";
}

TEST_F(HostileClients, ThatSendByteByByteAreHeldToTheSameDeadline) {
    RawClient slow(path);
    const bool cut = wait_until([&] { return slow.send("x", 1s) < 0 || slow.cut_off(1ms); }, 40s);
    EXPECT_TRUE(cut);
}

TEST_F(HostileClients, ThatSayNothingAreNotCutOff) {
    RawClient quiet(path);
    others_are_served();
    EXPECT_FALSE(quiet.cut_off(12s)) << "a line has a deadline, a pause has none";
    EXPECT_EQ(quiet.call("dance")["error"]["code"], -32601);
}

TEST_F(HostileClients, ThatSendAHugeLineAreToldAndCutOff) {
    const long before = resident();
    RawClient huge(path);
    const std::string part(std::size_t{4} * mebibyte, 'x');
    long sent = 0;
    for (int i = 0; i < 25; ++i) {
        const long now = huge.send(part, 5s);
        if (now < 0) break;
        sent += now;
    }
    EXPECT_LT(sent, 5 * mebibyte) << "most of it was never taken";
    EXPECT_TRUE(huge.cut_off());
    expect_less_than(16 * mebibyte, resident() - before);
    RawClient just_too_long(path);
    just_too_long.send(std::string(1025 * 1024, 'x') + "\n");
    const Json answer = just_too_long.answer();
    ASSERT_TRUE(answer.is_object());
    EXPECT_EQ(answer["error"]["code"], -32600);
    EXPECT_TRUE(just_too_long.cut_off());
    others_are_served();
}

TEST_F(HostileClients, ThatAreAThousandCostOnlyEachOther) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const long before = resident();
    std::list<RawClient> crowd;
    for (int i = 0; i < 1000; ++i) {
        crowd.emplace_back(path);
        if (i % 2 == 0) crowd.back().send("{\"half\":" + std::string(1000, ' '));
        if (i % 100 == 99) {
            EXPECT_EQ(daemon.reeve({"stop", "nobody"}).code, 1) << i;
        }
    }
    others_are_served();
    expect_less_than(32 * mebibyte, resident() - before);
    // The last that came are still listened to.
    EXPECT_EQ(crowd.back().call("status")["result"]["pid"], daemon.pid());
    EXPECT_TRUE(crowd.front().cut_off());
}

TEST_F(HostileClients, ThatHoldMegabytesEachAreBoundedTogether) {
    const long before = resident();
    std::list<RawClient> crowd;
    const std::string most_of_a_line(1000 * 1024, ' ');
    for (int i = 0; i < 100; ++i) {
        crowd.emplace_back(path);
        crowd.back().send(most_of_a_line, 200ms);
    }
    expect_less_than(80 * mebibyte, resident() - before);
    others_are_served();
}

TEST_F(HostileClients, ThatDoNotReadTheirAnswersAreCutOff) {
    const long before = resident();
    RawClient deaf(path);
    const std::string request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n";
    std::string many;
    for (int i = 0; i < 20'000; ++i) many += request;
    deaf.send(many, 1s);
    others_are_served();
    expect_less_than(16 * mebibyte, resident() - before);
    // Cut off: sending fails, although nothing was read.
    EXPECT_TRUE(wait_until([&] { return deaf.send(request, 10ms) < 0; }, 40s));
}

TEST_F(HostileClients, ThatLeaveBeforeTheAnswerLeaveTheWorkToBeDone) {
    const auto& before = daemon.noted("api");
    {
        RawClient hasty(path);
        hasty.send_request("stop", {{"names", {"api"}}});
    }
    EXPECT_TRUE(before.gone_within(20s));
    EXPECT_TRUE(daemon.wait_for_state("api", "stopped"));
    daemon.forget_note("api");
    EXPECT_EQ(daemon.reeve({"start", "api"}).code, 0);
    others_are_served();
}

// Each of these would wait for ever: for a session that cannot start.
TEST_F(HostileClients, ThatAskAndLeaveAThousandTimesUseUpNothing) {
    RawClient(path).call("add", {{"name", "never"},
                                 {"session",
                                  {{"command", {"no-such-program"}},
                                   {"autostart", false},
                                   {"backoff", {{"initial", "1h"}, {"max", "1h"}}}}}});
    RawClient(path).call(
        "add", {{"name", "waits"},
                {"session", {{"command", {"sleep", "1000"}}, {"autostart", false}, {"after", {"never"}}}}});
    for (int i = 0; i < 1000; ++i) {
        RawClient hasty(path);
        hasty.send_request("start", {{"names", {"waits"}}});
    }
    others_are_served();
    EXPECT_EQ(daemon.reeve({"rm", "waits", "never"}).code, 0);
}

// --- events ---

TEST_F(HostileClients, ThatDoNotReadTheirEventsAreToldHowManyTheyLost) {
    RawClient deaf(path);
    deaf.call("events");
    RawClient good(path);
    good.call("events");
    const long before = resident();
    // Sessions that end all the time: enough to fill the socket's buffer and the queue behind it.
    std::vector<std::string> names;
    for (int i = 0; i < 8; ++i) {
        names.push_back("restless" + std::to_string(i));
        const Json session{{"command", {"/bin/false"}},
                           {"autostart", false},
                           {"backoff", {{"initial", "1ms"}, {"max", "2ms"}}},
                           {"give_up_after", {{"restarts", 1'000'000}, {"within", "1h"}}}};
        ASSERT_TRUE(
            RawClient(path).call("add", {{"name", names.back()}, {"session", session}}).contains("result"));
    }
    RawClient starts(path);
    starts.send_request("start", {{"names", names}});
    for (int heard = 0; heard < 1600; ++heard) {
        const Json event = good.answer();
        ASSERT_TRUE(event.is_object()) << heard;
        ASSERT_NE(event["params"]["event"], "dropped") << "who reads loses nothing";
    }
    EXPECT_TRUE(RawClient(path).call("stop", {{"names", names}}).contains("result"));
    expect_less_than(16 * mebibyte, resident() - before);
    const Json dropped = deaf.event("dropped", [](const Json&) { return true; });
    ASSERT_TRUE(dropped.is_object());
    EXPECT_GT(dropped["count"], 0);
    // And hears again from then on.
    daemon.forget_note("api");
    EXPECT_EQ(daemon.reeve({"restart", "api"}).code, 0);
    EXPECT_TRUE(deaf.event("session", [](const Json& e) { return e["state"] == "running"; }).is_object());
}

TEST_F(HostileClients, ThatListenAndSleepMakeRoomForThoseWhoListen) {
    std::list<RawClient> sleepers;
    for (int i = 0; i < 64; ++i) {
        sleepers.emplace_back(path);
        ASSERT_TRUE(sleepers.back().call("events").contains("result")) << i;
    }
    EXPECT_EQ(RawClient(path).call("events")["error"]["code"], -32001) << "all of them read so far";
    sleepers.pop_back();
    EXPECT_TRUE(wait_until([&] { return RawClient(path).call("events").contains("result"); }));
    others_are_served();
}

}  // namespace
}  // namespace reeve::test
