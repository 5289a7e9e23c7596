// A session by itself, with a runner and a host of the test's.
#include "reeve/core/session.hpp"

#include "reeve/base/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace reeve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What it runs, runs until somebody says that it has ended.
struct Runner final : SessionRunner {
    explicit Runner(Semaphore& starts) : starts_(starts) {}
    const char* kind() const override { return "process"; }
    Semaphore* starts() const override { return &starts_; }
    Task<bool> begin(Session& session, Life&) override {
        if (throws) throw std::runtime_error("a bug of ours");
        ++lives;
        session.mark_started(std::chrono::system_clock::now());
        session.set_state(SessionState::running);
        co_return true;
    }
    Task<bool> ended(Session&) override {
        ++looks;
        if (on_look) on_look();
        co_return over;
    }
    Task<void> end(Session& session, Life& life) override {
        session.set_state(SessionState::stopping);
        life.exit = LastExit{};
        life.clean = true;
        over = false;
        co_return;
    }
    std::optional<HandedProcess> hand_over() override { return std::nullopt; }
    void take_over(Session&, const SessionRecord&, const std::optional<HandedProcess>&) override {}
    void describe(SessionStatus&) const override {}
    void hurry() override {}
    std::vector<std::string> waiting_for() const override { return {}; }
    std::optional<std::chrono::milliseconds> killed_in() const override { return std::nullopt; }
    Result<std::unique_ptr<Probe>> make_probe(Session&, const ProbeTarget&, Question) override {
        return Error(Errc::failed, "no probes here");
    }
    std::string last_output(const Session&) const override { return {}; }

    Semaphore& starts_;
    bool throws = false, over = false;
    int lives = 0, looks = 0;
    std::function<void()> on_look;
};

class SessionTest : public testing::Test, public SessionHost {
  protected:
    SessionTest() {
        SessionConfig config;
        config.command = {"x"};
        config.restart = RestartPolicy::never;
        auto made = std::make_unique<Runner>(starts);
        runner = made.get();
        session =
            std::make_unique<Session>(loop.get_executor(), SessionName{"a"}, config, *this, std::move(made));
    }
    void act_soon(Session& which) override {
        asio::post(loop, [this, &which] { tasks.spawn(which.act()); });
    }
    Task<Status> record(SessionName, SessionRecord) override { co_return done; }
    void forget(const SessionName&) override {}
    Task<void> remember(SessionName, SessionMemory) override { co_return; }
    void remember_soon(const SessionName&, SessionMemory) override {}
    void note(const SessionName&, const std::string& what, const std::string& why) override {
        notes.push_back(what + ": " + why);
    }
    void status_changed() override {}
    bool is_ready(const SessionName&) const override { return true; }
    bool held() const override { return is_held; }

    // With a deadline, for what would wait for ever.
    void run() {
        loop.restart();
        loop.run_for(std::chrono::seconds(5));
    }
    // Until the loop has nothing more to do; nothing when it still waits then.
    std::optional<Status> outcome_of(Task<Status> task) {
        std::optional<Status> outcome;
        const auto keep_outcome = [&outcome](const std::exception_ptr&, Status status) {
            outcome = std::move(status);
        };
        asio::co_spawn(loop, std::move(task), keep_outcome);
        run();
        return outcome;
    }
    std::optional<Status> stop() { return outcome_of(session->stop()); }

    asio::io_context loop;
    TaskGroup tasks{loop.get_executor(), [](const std::string& bug) { ADD_FAILURE() << bug; }};
    Semaphore starts{1};
    std::unique_ptr<Session> session;
    Runner* runner = nullptr;
    std::vector<std::string> notes;
    bool is_held = false;
};

TEST_F(SessionTest, RestsWithoutATaskAndActsWhenItIsWoken) {
    session->keep();
    run();
    EXPECT_EQ(tasks.size(), 0u);
    session->start();
    EXPECT_EQ(runner->lives, 0) << "within the call that has woken it";
    run();
    EXPECT_EQ(session->state(), SessionState::running);
    EXPECT_EQ(tasks.size(), 0u);
    runner->over = true;
    session->wake();
    run();
    EXPECT_EQ(session->state(), SessionState::exited);
    EXPECT_EQ(tasks.size(), 0u);
    session->close();
    run();
    EXPECT_FALSE(session->keeping());
}

TEST_F(SessionTest, LooksOnceMoreWhenItIsWokenWhileItLooks) {
    session->keep();
    session->start();
    run();
    runner->on_look = [this] {
        runner->on_look = nullptr;
        session->wake();
    };
    const int before = runner->looks;
    session->wake();
    run();
    EXPECT_EQ(runner->looks, before + 2);
    EXPECT_EQ(stop()->ok(), true);
}

TEST_F(SessionTest, WaitsForItsTurnAndGivesItBack) {
    auto other = std::make_unique<Semaphore::Turn>(starts, [] {});
    session->keep();
    session->start();
    run();
    EXPECT_EQ(session->state(), SessionState::waiting);
    // One that is not wanted any more keeps nobody waiting.
    const auto stopped = stop();
    ASSERT_TRUE(stopped.has_value());
    EXPECT_TRUE(stopped->ok());
    EXPECT_EQ(session->state(), SessionState::stopped);
    other.reset();
    EXPECT_TRUE(Semaphore::Turn(starts, [] {}).has_come());
    // Nor does one that must not start any more, though its turn has come.
    other = std::make_unique<Semaphore::Turn>(starts, [] {});
    session->start();
    run();
    is_held = true;
    other.reset();
    run();
    EXPECT_EQ(session->state(), SessionState::waiting);
    EXPECT_TRUE(Semaphore::Turn(starts, [] {}).has_come());
    is_held = false;
    session->wake();
    run();
    EXPECT_EQ(session->state(), SessionState::running);
    EXPECT_TRUE(Semaphore::Turn(starts, [] {}).has_come());
    EXPECT_EQ(stop()->ok(), true);
}

TEST_F(SessionTest, AMistakeInItsTaskCostsThatSessionAloneAndIsSaid) {
    runner->throws = true;
    session->keep();
    session->start();
    run();
    EXPECT_FALSE(session->keeping()) << "or nobody could ever stop";
    EXPECT_TRUE(Semaphore::Turn(starts, [] {}).has_come()) << "or nobody else could begin";
    EXPECT_THAT(notes, ElementsAre("bug in a session's task: a bug of ours"));
    EXPECT_THAT(session->status().attention.value_or(""), HasSubstr("a bug of ours"));
    const auto stopped = stop();
    ASSERT_TRUE(stopped.has_value()) << "it waits for ever";
    ASSERT_FALSE(stopped->ok());
    EXPECT_THAT(stopped->error().message(), HasSubstr("a bug of ours"));
    session->start();
    const auto started = outcome_of(session->wait_started());
    ASSERT_TRUE(started.has_value()) << "it waits for ever";
    ASSERT_FALSE(started->ok());
    EXPECT_THAT(started->error().message(), HasSubstr("a bug of ours"));
    EXPECT_FALSE(session->beginning());
}

}  // namespace
}  // namespace reeve
