// So many at a time, the others in the order in which they came, and no permit is lost.
#include "reeve/core/semaphore.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace reeve {
namespace {

using testing::ElementsAre;

struct Seen {
    int inside = 0, most = 0;
    std::vector<int> order;
};

Task<void> pass(Semaphore& semaphore, Seen& seen, int number, int turns) {
    const Semaphore::Permit permit = co_await semaphore.acquire();
    seen.most = std::max(seen.most, ++seen.inside);
    seen.order.push_back(number);
    const auto executor = co_await asio::this_coro::executor;
    for (int turn = 0; turn < turns; ++turn) co_await asio::post(executor, asio::use_awaitable);
    --seen.inside;
}

class SemaphoreTest : public testing::Test {
  protected:
    void come(int number, int turns = 1) {
        asio::co_spawn(loop, pass(semaphore, seen, number, turns), asio::detached);
    }
    asio::io_context loop;
    Semaphore semaphore{loop.get_executor(), 2};
    Seen seen;
};

TEST_F(SemaphoreTest, LetsInAsManyAsItHasAndTheOthersAsTheyCame) {
    come(1, 5);
    for (int number = 2; number <= 6; ++number) come(number);
    loop.run();
    EXPECT_EQ(seen.most, 2);
    EXPECT_THAT(seen.order, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(SemaphoreTest, HasAllItsPermitsAgainWhenNobodyWaits) {
    for (int number = 1; number <= 5; ++number) come(number);
    loop.run();
    loop.restart();
    seen = {};
    for (int number = 1; number <= 4; ++number) come(number, 3);
    loop.run();
    EXPECT_EQ(seen.most, 2);
    EXPECT_EQ(seen.inside, 0);
    EXPECT_THAT(seen.order, ElementsAre(1, 2, 3, 4));
}

Task<void> pass_twice(Semaphore& semaphore, Seen& seen, int first, int second) {
    co_await pass(semaphore, seen, first, 1);
    co_await pass(semaphore, seen, second, 1);
}

// A permit on its way to one who waits is not there for whoever asks before that one has woken.
TEST_F(SemaphoreTest, NobodyOvertakes) {
    asio::co_spawn(loop, pass_twice(semaphore, seen, 1, 4), asio::detached);
    come(2, 5);
    come(3);
    loop.run();
    EXPECT_EQ(seen.most, 2);
    EXPECT_THAT(seen.order, ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace reeve
