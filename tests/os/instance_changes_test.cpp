// Many changes of records, few writes, and an answer of its own for each.
#include "reeve/core/instance_changes.hpp"

#include "support/records.hpp"
#include "support/run_to_end.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using namespace test;
using testing::HasSubstr;
using Outcome = InstanceChanges::Outcome;

Task<void> make(InstanceChanges& changes, InstanceId id, InstanceChanges::Change change,
                std::shared_ptr<Status> answer) {
    Status outcome = co_await changes.make(std::move(id), "changing", std::move(change));
    *answer = std::move(outcome);
}

class Changes : public testing::Test {
  protected:
    Changes() {
        std::filesystem::create_directory(store / "instances");
        save(an_id);
    }
    void save(const std::string& id, InstanceKind kind = InstanceKind::external) {
        InstanceRecord record = full_record();
        record.instance_id.value = id;
        record.kind = kind;
        record.sessions.clear();
        if (!registry.save(record).ok()) throw std::runtime_error("cannot save");
    }
    // Asks now; the answer is there when the loop has run.
    std::shared_ptr<Status> ask(const std::string& id, InstanceChanges::Change change) {
        auto answer = std::make_shared<Status>();
        asio::co_spawn(loop, make(changes, InstanceId{id}, std::move(change), answer), asio::detached);
        return answer;
    }
    std::shared_ptr<Status> add(const std::string& name, const std::string& id = an_id) {
        return ask(id, [name](InstanceRecord& record) {
            record.sessions[SessionName{name}] = full_record().sessions.at(SessionName{"api"});
            return Outcome::write;
        });
    }
    std::size_t sessions_of(const std::string& id) { return registry.load(InstanceId{id})->sessions.size(); }

    TempDir store;
    InstanceRegistry registry{StorePaths{store.path()}};
    Worker worker;
    asio::io_context loop;
    bool closing = false;
    InstanceChanges changes{loop.get_executor(), worker, registry, [this] { return closing; }};
};

TEST_F(Changes, ThatComeTogetherShareAWriteAndAreAllIn) {
    const std::string other = std::string(an_id).substr(0, 35) + "e";
    save(other);
    std::vector<std::shared_ptr<Status>> answers;
    for (int i = 0; i < 50; ++i) answers.push_back(add("s" + std::to_string(i), i % 2 == 0 ? an_id : other));
    loop.run();
    for (const auto& answer : answers) EXPECT_TRUE(answer->ok());
    EXPECT_EQ(sessions_of(an_id), 25U);
    EXPECT_EQ(sessions_of(other), 25U);
    EXPECT_LE(changes.commits(), 2U);
}

TEST_F(Changes, ThatAreRefusedLeaveTheOthersAlone) {
    const auto good = add("good");
    const auto bad = ask(an_id, [](InstanceRecord& record) -> Result<Outcome> {
        record.sessions.clear();
        return Error(Errc::failed, "changing", "no");
    });
    const auto also_good = add("also-good");
    loop.run();
    EXPECT_TRUE(good->ok());
    EXPECT_THAT(bad->error().message(), HasSubstr("no"));
    EXPECT_TRUE(also_good->ok());
    EXPECT_EQ(sessions_of(an_id), 2U);
}

TEST_F(Changes, OfARecordThatGoesFindNothingAfterwards) {
    const auto gone = ask(an_id, [](InstanceRecord&) { return Outcome::forget; });
    const auto late = add("late");
    loop.run();
    EXPECT_TRUE(gone->ok());
    EXPECT_EQ(late->error().code(), Errc::not_found);
    EXPECT_FALSE(registry.has(InstanceId{an_id}));
}

TEST_F(Changes, OfSomebodyElsesRecordAreRefused) {
    const std::string other = std::string(an_id).substr(0, 35) + "e";
    save(other, InstanceKind::supervisor);
    const auto refused = add("x", other);
    const auto unknown = add("x", std::string(an_id).substr(0, 35) + "0");
    const auto no_id = add("x", "../../etc/passwd");
    loop.run();
    EXPECT_EQ(refused->error().code(), Errc::refused);
    EXPECT_EQ(unknown->error().code(), Errc::not_found);
    EXPECT_FALSE(no_id->ok());
    EXPECT_EQ(sessions_of(other), 0U);
}

TEST_F(Changes, WaitForWhoeverHoldsTheRecord) {
    auto held = registry.claim(InstanceId{an_id});
    ASSERT_TRUE(held.ok() && held->has_value());
    const auto answer = add("x");
    asio::steady_timer later(loop, std::chrono::milliseconds(50));
    later.async_wait([&held](const boost::system::error_code&) { held->reset(); });
    loop.run();
    EXPECT_TRUE(answer->ok());
    EXPECT_GE(changes.commits(), 2U);
    EXPECT_EQ(sessions_of(an_id), 1U);
}

TEST_F(Changes, WaitForNobodyOnceTheSupervisorCloses) {
    auto held = registry.claim(InstanceId{an_id});
    ASSERT_TRUE(held.ok() && held->has_value());
    closing = true;
    const auto answer = add("x");
    loop.run();
    EXPECT_EQ(answer->error().code(), Errc::not_found);
    EXPECT_EQ(changes.commits(), 1U);
}

TEST_F(Changes, ThatCannotBeWrittenAreNotReportedAsDone) {
    const auto unwritten = ask(an_id, [this](InstanceRecord& record) {
        std::filesystem::remove(store / "instances" / (std::string(an_id) + ".json"));  // under our claim
        record.sessions[SessionName{"x"}] = full_record().sessions.at(SessionName{"api"});
        return Outcome::write;
    });
    const auto with_it = add("y");
    loop.run();
    EXPECT_FALSE(unwritten->ok());
    EXPECT_FALSE(with_it->ok());
}

}  // namespace
}  // namespace reeve
