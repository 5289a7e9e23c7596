// A watch tells when it should and never after its end, loses nothing to a mistake in another one's call, and
// keeps the loop only for as long as it may still tell.
#include "reeve/core/ready_watch.hpp"

#include "reeve/base/unique_fd.hpp"
#include "reeve/os/descriptors.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

namespace reeve {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr auto deadline = 30s;  // of what comes at once

class ReadyWatchTest : public testing::Test {
  protected:
    Pipe& pipe(int number) {
        auto& found = pipes[number];
        if (!found.read) {
            auto made = make_pipe();
            if (!made.ok()) throw std::runtime_error(made.error().message());
            found = std::move(*made);
        }
        return found;
    }
    void write(int number) { ASSERT_EQ(::write(pipe(number).write.get(), "x", 1), 1); }
    void read(int number) {
        char byte = 0;
        ASSERT_EQ(::read(pipe(number).read.get(), &byte, 1), 1);
    }
    void watch(int number, std::function<void()> then = {},
               ReadyWatch::Tells tells = ReadyWatch::Tells::once) {
        auto ready = [this, number, then = std::move(then)] {
            told.push_back(number);
            if (then) then();
        };
        watches[number] =
            std::make_unique<ReadyWatch>(loop.get_executor(), pipe(number).read.get(), ready, tells);
        ASSERT_FALSE(watches[number]->failed()) << watches[number]->failed().message();
    }
    void end(int number) { watches[number].reset(); }
    // True when nothing is left to wait for.
    bool run_out() {
        loop.restart();
        loop.run_for(deadline);
        return loop.stopped();
    }
    // What is due now, and no more.
    void run_due() {
        loop.restart();
        while (loop.poll() > 0) {
        }
    }

    std::map<int, Pipe> pipes;
    asio::io_context loop{1};
    std::map<int, std::unique_ptr<ReadyWatch>> watches;
    std::vector<int> told;
};

TEST_F(ReadyWatchTest, TellsOfWhatIsReadableOnceAndOfNothingElse) {
    watch(1);
    watch(2);
    run_due();
    EXPECT_THAT(told, IsEmpty());
    write(2);
    run_due();
    run_due();  // still readable
    EXPECT_THAT(told, ElementsAre(2));
}

TEST_F(ReadyWatchTest, TellsOfWhatWasReadableBefore) {
    write(1);
    watch(1);
    EXPECT_TRUE(run_out());
    EXPECT_THAT(told, ElementsAre(1));
}

TEST_F(ReadyWatchTest, TellsThatTheOtherEndIsGone) {
    watch(1);
    watch(
        2, [this] { end(2); }, ReadyWatch::Tells::as_long_as_it_is);
    pipe(1).write.reset();
    pipe(2).write.reset();
    EXPECT_TRUE(run_out());
    EXPECT_THAT(told, UnorderedElementsAre(1, 2));
}

TEST_F(ReadyWatchTest, TellsAgainAsLongAsItIsReadable) {
    int left = 3;
    watch(
        1,
        [&] {
            read(1);
            if (--left == 0) end(1);
        },
        ReadyWatch::Tells::as_long_as_it_is);
    write(1);
    write(1);
    run_due();
    EXPECT_THAT(told, ElementsAre(1, 1));
    run_due();
    EXPECT_THAT(told, ElementsAre(1, 1));  // read empty
    write(1);
    EXPECT_TRUE(run_out());
    EXPECT_THAT(told, ElementsAre(1, 1, 1));
}

TEST_F(ReadyWatchTest, KeepsTheLoopOnlyForAsLongAsItMayTell) {
    watch(1);
    loop.restart();
    loop.run_for(1ms);
    EXPECT_FALSE(loop.stopped());
    end(1);
    EXPECT_TRUE(run_out());
    watch(1);
    write(1);
    EXPECT_TRUE(run_out());  // it has told, and is there still
    watch(2);
    write(2);
    EXPECT_TRUE(run_out());
    EXPECT_THAT(told, ElementsAre(1, 2));
}

TEST_F(ReadyWatchTest, NobodyIsToldAfterHisEnd) {
    // Whoever is told first ends the other one, and itself.
    for (int number = 1; number <= 2; ++number) {
        watch(number, [this] {
            end(1);
            end(2);
        });
        write(number);
    }
    EXPECT_TRUE(run_out());
    EXPECT_EQ(told.size(), 1u);
    // One that was due when it ended.
    told.clear();
    watch(3);
    write(3);
    asio::post(loop, [this] { end(3); });
    EXPECT_TRUE(run_out());
    EXPECT_THAT(told, IsEmpty());
}

TEST_F(ReadyWatchTest, AnotherOneInItsPlaceIsToldOfItsOwn) {
    watch(1, [this] { watch(1); });
    write(1);
    EXPECT_TRUE(run_out());
    EXPECT_THAT(told, ElementsAre(1, 1));
}

TEST_F(ReadyWatchTest, AMistakeInACallCostsNobodyElseHisTurn) {
    for (int number = 1; number <= 3; ++number) {
        watch(number, [] { throw std::runtime_error("a mistake"); });
        write(number);
    }
    loop.restart();
    int mistakes = 0;
    while (!loop.stopped()) {
        try {
            loop.run_for(deadline);
            break;
        } catch (const std::runtime_error&) {
            ++mistakes;
        }
    }
    EXPECT_TRUE(loop.stopped());
    EXPECT_EQ(mistakes, 3);
    EXPECT_THAT(told, UnorderedElementsAre(1, 2, 3));
}

TEST_F(ReadyWatchTest, ManyAtATimeLeaveTheRestOfTheLoopItsTurn) {
    constexpr std::size_t many = 200;
    std::size_t before = 0;
    const auto first_posts = [&] {
        if (told.size() == 1) asio::post(loop, [&] { before = told.size(); });
    };
    for (std::size_t number = 0; number < many; ++number) {
        watch(static_cast<int>(number), first_posts);
        write(static_cast<int>(number));
    }
    EXPECT_TRUE(run_out());
    EXPECT_EQ(told.size(), many);
    EXPECT_LT(before, many);
    EXPECT_GT(before, 0u);
}

TEST_F(ReadyWatchTest, SaysWhyTheSystemDoesNotWatch) {
    const UniqueFd none;
    watches[1] = std::make_unique<ReadyWatch>(loop.get_executor(), none.get(), [] {});
    EXPECT_EQ(watches[1]->failed(), std::errc::bad_file_descriptor);
    EXPECT_TRUE(run_out());
}

// What reads much does not hold up what was posted meanwhile.
TEST_F(ReadyWatchTest, OneThatStaysReadableLeavesTheRestOfTheLoopItsTurn) {
    int calls = 0, calls_before = 0;
    watch(
        1,
        [&] {
            if (++calls == 1) asio::post(loop, [&] { calls_before = calls; });
            if (calls == 50) end(1);
        },
        ReadyWatch::Tells::as_long_as_it_is);
    write(1);
    EXPECT_TRUE(run_out());
    EXPECT_EQ(calls, 50);
    EXPECT_EQ(calls_before, 1);
}

TEST_F(ReadyWatchTest, OneThatIsThereAtTheEndOfTheLoopHarmsNobody) {
    auto ending = std::make_unique<asio::io_context>();
    Pipe& told_by = pipe(1);
    auto kept = std::make_shared<ReadyWatch>(ending->get_executor(), told_by.read.get(), [] { FAIL(); });
    asio::post(*ending, [kept = std::move(kept)] {});  // goes with the loop, which does not run
    write(1);
    ending.reset();
}

}  // namespace
}  // namespace reeve
