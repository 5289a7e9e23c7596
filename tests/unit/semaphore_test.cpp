// So many at a time, the others in the order in which they came, and no permit is lost.
#include "reeve/core/semaphore.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

namespace reeve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SemaphoreTest : public testing::Test {
  protected:
    // Whether its turn came at once.
    bool come(int number) {
        auto& turn = turns[number];
        turn = std::make_unique<Semaphore::Turn>(semaphore, [this, number] { told.push_back(number); });
        return turn->has_come();
    }
    void leave(int number) { turns.erase(number); }

    Semaphore semaphore{2};
    std::map<int, std::unique_ptr<Semaphore::Turn>> turns;
    std::vector<int> told;
};

TEST_F(SemaphoreTest, LetsInAsManyAsItHasAndTheOthersAsTheyCame) {
    EXPECT_TRUE(come(1));
    EXPECT_TRUE(come(2));
    EXPECT_FALSE(come(3));
    EXPECT_FALSE(come(4));
    EXPECT_THAT(told, IsEmpty());
    leave(2);
    EXPECT_THAT(told, ElementsAre(3));
    EXPECT_TRUE(turns[3]->has_come());
    EXPECT_FALSE(turns[4]->has_come());
    leave(3);
    EXPECT_THAT(told, ElementsAre(3, 4));
}

TEST_F(SemaphoreTest, HasAllItsPermitsAgainWhenNobodyWaits) {
    for (int number = 1; number <= 5; ++number) come(number);
    for (int number = 1; number <= 5; ++number) leave(number);
    EXPECT_TRUE(come(1));
    EXPECT_TRUE(come(2));
    EXPECT_FALSE(come(3));
}

// A permit on its way to one who waits is not there for whoever asks before that one has looked.
TEST_F(SemaphoreTest, NobodyOvertakes) {
    for (int number = 1; number <= 3; ++number) come(number);
    leave(1);
    EXPECT_FALSE(come(4));
    EXPECT_THAT(told, ElementsAre(3));
}

// Nobody waits for one who does not want it any more, and no permit goes with it.
TEST_F(SemaphoreTest, WhoeverGivesUpItsPlaceIsPassedOver) {
    for (int number = 1; number <= 4; ++number) come(number);
    leave(3);
    leave(1);
    EXPECT_THAT(told, ElementsAre(4));
    leave(4);
    leave(2);
    EXPECT_TRUE(come(5));
    EXPECT_TRUE(come(6));
}

// Whoever is told may ask at once for another, or leave.
TEST_F(SemaphoreTest, MayBeAskedByWhoeverIsTold) {
    come(1);
    come(2);
    turns[3] = std::make_unique<Semaphore::Turn>(semaphore, [this] {
        told.push_back(3);
        come(5);
    });
    come(4);
    leave(1);
    EXPECT_THAT(told, ElementsAre(3));
    leave(2);
    leave(3);
    EXPECT_THAT(told, ElementsAre(3, 4, 5));
}

}  // namespace
}  // namespace reeve
