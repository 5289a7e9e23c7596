// When a session that ended is started again, and what of that a later supervisor knows.
#include "reeve/model/restart.hpp"

#include "reeve/model/session_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using namespace std::chrono_literals;
using What = RestartBudget::Decision::What;
using testing::HasSubstr;

const RestartBudget::Time start{std::chrono::hours(100)};

SessionConfig config() {
    SessionConfig config;
    config.restart = RestartPolicy::on_failure;
    config.backoff = {100ms, 1s, 10s};
    config.give_up_after = {3, 60s};
    return config;
}

TEST(RestartBudget, EachPolicyDecidesOnCleanAndFailedEnds) {
    const auto after = [](RestartPolicy policy, bool clean) {
        SessionConfig with = config();
        with.restart = policy;
        return RestartBudget().ended(with, clean, 0s, start, 0).what;
    };
    EXPECT_EQ(after(RestartPolicy::never, false), What::leave);
    EXPECT_EQ(after(RestartPolicy::on_failure, true), What::leave);
    EXPECT_EQ(after(RestartPolicy::on_failure, false), What::restart);
    for (const auto policy : {RestartPolicy::always, RestartPolicy::unless_stopped}) {
        EXPECT_EQ(after(policy, true), What::restart);
        EXPECT_EQ(after(policy, false), What::restart);
    }
}

TEST(RestartBudget, PausesDoubleUpToTheLongest) {
    SessionConfig with = config();
    with.give_up_after.restarts = 100;
    RestartBudget budget;
    std::vector<std::chrono::milliseconds> delays;
    for (int i = 0; i < 6; ++i) delays.push_back(budget.ended(with, false, 1s, start, 0).delay);
    EXPECT_THAT(delays, testing::ElementsAre(100ms, 200ms, 400ms, 800ms, 1s, 1s));
}

TEST(RestartBudget, WithoutAFirstPauseThereIsNoneAtAllUntilItIsGivenUp) {
    SessionConfig with = config();
    with.backoff.initial = 0ms;
    RestartBudget budget;
    for (int i = 0; i < 3; ++i) {
        const auto decision = budget.ended(with, false, 0s, start, 0.5);
        EXPECT_EQ(decision.what, What::restart);
        EXPECT_EQ(decision.delay, 0ms);
    }
    EXPECT_EQ(budget.ended(with, false, 0s, start, 0.5).what, What::give_up);
}

TEST(RestartBudget, AStableLifeBringsTheFirstPauseBack) {
    SessionConfig with = config();
    with.give_up_after.restarts = 100;
    RestartBudget budget;
    for (int i = 0; i < 5; ++i) (void)budget.ended(with, false, 1s, start, 0);
    EXPECT_EQ(budget.ended(with, false, 10s, start, 0).delay, 100ms);
    EXPECT_EQ(budget.ended(with, false, 9999ms, start, 0).delay, 200ms);
}

TEST(RestartBudget, JitterShortensByUpToATenth) {
    for (const double jitter : {0.0, 0.5, 0.999}) {
        const auto delay = RestartBudget().ended(config(), false, 1s, start, jitter).delay;
        EXPECT_LE(delay, 100ms);
        EXPECT_GE(delay, 90ms);
    }
    EXPECT_LT(RestartBudget().ended(config(), false, 1s, start, 0.9).delay, 100ms);
}

TEST(RestartBudget, GivesUpWhenTheWindowIsFullAndNotWhenItHasMovedOn) {
    RestartBudget budget;
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(budget.ended(config(), false, 1s, start + i * 10s, 0).what, What::restart);
    RestartBudget later = budget;
    EXPECT_EQ(later.ended(config(), false, 1s, start + 60s + 1ms, 0).what, What::restart)
        << "the first of the three is too long ago";
    const auto decision = budget.ended(config(), false, 1s, start + 30s, 0);
    EXPECT_EQ(decision.what, What::give_up);
    EXPECT_THAT(decision.why, HasSubstr("3 times within 1m"));
    EXPECT_TRUE(budget.still_given_up(config().give_up_after, start + 90s));
    EXPECT_FALSE(budget.still_given_up(config().give_up_after, start + 90s + 1ms));
    budget.forgive();
    EXPECT_FALSE(budget.still_given_up(config().give_up_after, start + 31s));
}

// --- over a restart of the supervisor ---

const Moment then{"boot-1", start, std::chrono::system_clock::time_point(std::chrono::hours(500'000))};

SessionMemories spent() {
    RestartBudget budget;
    for (int i = 3; i > 0; --i) (void)budget.ended(config(), false, 1s, start - i * 10s, 0);
    return {{{"api"}, {true, budget.state()}}};
}

SessionMemory read_at(const Moment& now, const std::string& text = to_json(spent(), then)) {
    const auto read = session_memories_from_json(text, now);
    EXPECT_TRUE(read.ok());
    return read.ok() && read->contains({"api"}) ? read->at({"api"}) : SessionMemory{};
}

What next_decision(const SessionMemory& memory, RestartBudget::Time now) {
    RestartBudget budget;
    budget.recall(memory.budget);
    return budget.ended(config(), false, 1s, now, 0).what;
}

TEST(SessionMemory, IsTheSameAfterASupervisorsRestart) {
    Moment now = then;
    now.steady += 5s;
    now.wall += 5s;
    EXPECT_EQ(read_at(now), spent().at({"api"}));
    EXPECT_EQ(next_decision(read_at(now), now.steady), What::give_up);
}

TEST(SessionMemory, AWallClockThatJumpsChangesNothingWithinOneBoot) {
    for (const auto jump : {-10'000h, -1h, 1h, 10'000h}) {
        Moment now = then;
        now.steady += 5s;
        now.wall += jump;
        EXPECT_EQ(next_decision(read_at(now), now.steady), What::give_up);
    }
}

TEST(SessionMemory, TimeGoesOnWhileNoSupervisorRuns) {
    Moment now = then;
    now.steady += 2min;
    EXPECT_EQ(next_decision(read_at(now), now.steady), What::restart);
}

TEST(SessionMemory, AfterARebootTheWallClockCounts) {
    Moment now{"boot-2", RestartBudget::Time(20s), then.wall + 5s};
    EXPECT_EQ(next_decision(read_at(now), now.steady), What::give_up);
    now.wall = then.wall + 2min;
    EXPECT_EQ(next_decision(read_at(now), now.steady), What::restart);
}

TEST(SessionMemory, AfterARebootAClockThatWentBackwardsCountsForOneWindowAtMost) {
    const Moment now{"boot-2", RestartBudget::Time(20s), then.wall - 10'000h};
    const SessionMemory memory = read_at(now);
    EXPECT_EQ(next_decision(memory, now.steady), What::give_up);
    EXPECT_EQ(next_decision(memory, now.steady + 60s + 1ms), What::restart);
}

TEST(SessionMemory, LeavesOutWhoHasNothingToTell) {
    const std::string text = to_json({{{"quiet"}, {}}}, then);
    EXPECT_THAT(text, testing::Not(HasSubstr("quiet")));
}

TEST(SessionMemory, ReadsAnyBytesWithoutHarm) {
    for (const char* text : {"", "[]", "{}", "{\"sessions\": []}", "nul", "\xff"})
        EXPECT_FALSE(session_memories_from_json(text, then).ok()) << text;
    for (const char* inside :
         {"1", "{}", "{\"restarts\": 5}", "{\"restarts\": [1, null, {\"at\": 5}, {\"uptime_ms\": -1}]}",
          "{\"in_a_row\": -5, \"gave_up\": {}}", "{\"stopped_by_hand\": \"yes\"}",
          "{\"in_a_row\": 9223372036854775807, \"restarts\": [{\"uptime_ms\": 9223372036854775807}]}"}) {
        for (const char* boot : {"boot-1", "boot-2"}) {
            const std::string text = std::string("{\"boot_id\": \"") + boot +
                                     "\", \"sessions\": {\"api\": " + inside + ", \"no name!\": {}}}";
            const SessionMemory memory = read_at(then, text);
            EXPECT_FALSE(memory.stopped_by_hand);
            EXPECT_EQ(next_decision(memory, start), What::restart);
        }
    }
}

}  // namespace
}  // namespace reeve
