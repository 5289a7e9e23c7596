// Many processes that want one lock at the same moment.
//
// The witness is independent of the lock: a file that whoever is inside makes with O_EXCL and removes before
// it leaves. The kernel lets it be made once, so a second holder cannot hide.
#include "reeve/store/lifecycle_lock.hpp"
#include "support/payloads.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <vector>

namespace reeve {
namespace {

using namespace test;

constexpr int racers = 16;

// What a racer reports of one try.
constexpr char won = 'w';
constexpr char refused = 'r';
constexpr char left = 'l';
constexpr char two_holders = '!';
constexpr char failed = 'e';

class Witness {
  public:
    explicit Witness(std::filesystem::path path) : path_(std::move(path)) {}
    bool enter() const {
        return UniqueFd(::open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600)).get() >= 0;
    }
    bool leave() const { return ::unlink(path_.c_str()) == 0; }

  private:
    std::filesystem::path path_;
};

struct Track {
    TempDir store;
    std::filesystem::path lock = store / ".locked";
    Witness witness{store / "witness"};
};

std::optional<LifecycleLock> try_once(const Track& track, const LockPayload& mine, const Host& host,
                                      char& report) {
    std::vector<std::string> warnings;
    auto answer = LifecycleLock::acquire(track.lock, mine, host, warnings);
    report = failed;
    if (!answer.ok()) return std::nullopt;
    report = refused;
    auto* lock = std::get_if<LifecycleLock>(&*answer);
    if (lock == nullptr) return std::nullopt;
    report = track.witness.enter() ? won : two_holders;
    return std::move(*lock);
}

char leave(const Track& track, LifecycleLock& lock) {
    const bool alone = track.witness.leave();
    if (!lock.release().ok()) return failed;
    return alone ? left : two_holders;
}

// Processes that stand at a line. All read one pipe, so that one write sets all of them off; every second
// start comes through the other pipe, so that a fast one cannot take a slow one's start.
class Field {
  public:
    // `run` is one racer's life: it calls `line()` for every start, which says false at the end.
    template <class Run>
    Field(int count, Run run) : count_(count) {
        for (int i = 0; i < count; ++i) {
            runners_.push_back(std::make_unique<Forked>([&, i](const Forked::Test&) {
                for (auto& gate : gates_) gate.writer.reset();
                int start = 0;
                const auto line = [&] {
                    char byte = 0;
                    return ::read(gates_.at(static_cast<std::size_t>(start++ % 2)).reader.get(), &byte, 1) ==
                           1;
                };
                const auto report = [&](char byte) { return ::write(reports_.writer.get(), &byte, 1) == 1; };
                run(i, line, report);
            }));
        }
    }
    // Sets all off and counts what they report.
    std::map<char, int> start() {
        const std::string starts(static_cast<std::size_t>(count_), 's');
        const int gate = gates_.at(static_cast<std::size_t>(starts_++ % 2)).writer.get();
        EXPECT_EQ(::write(gate, starts.data(), starts.size()), static_cast<ssize_t>(starts.size()));
        std::map<char, int> seen;
        for (int i = 0; i < count_; ++i) ++seen[read_byte(reports_.reader.get())];
        return seen;
    }

  private:
    int count_;
    int starts_ = 0;
    std::array<Pipe, 2> gates_;
    Pipe reports_;
    std::vector<std::unique_ptr<Forked>> runners_;
};

// Each racer tries at the first start, and whoever has won leaves at the second.
template <class Prepare>
void race(int rounds, Prepare prepare) {
    Track track;
    Field field(racers, [&](int, const auto& line, const auto& report) {
        const Host host = here();
        const auto mine = payload_of_ours();
        while (line()) {
            char outcome = failed;
            auto lock = try_once(track, mine, host, outcome);
            report(outcome);
            if (!line()) return;
            report(lock ? leave(track, *lock) : refused);
        }
    });
    for (int round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
        prepare(track.lock);
        auto tried = field.start();
        EXPECT_EQ(tried[won], 1) << "round " << round;
        EXPECT_EQ(tried[refused], racers - 1) << "round " << round;
        EXPECT_EQ(lock_payload_from_json(read_text(track.lock)).ok(), true) << "round " << round;
        auto ended = field.start();
        EXPECT_EQ(ended[left], 1) << "round " << round;
        EXPECT_TRUE(names_in(track.store.path()).empty()) << "round " << round;
    }
}

TEST(LockRace, HasExactlyOneWinnerWhenThereIsNoFile) {
    race(200, [](const std::filesystem::path&) {});
}

TEST(LockRace, HasExactlyOneWinnerOverAStaleFile) {
    const std::string stale = to_json(payload_of_a_dead_process());
    race(200, [&](const std::filesystem::path& lock) { write_text(lock, stale); });
}

TEST(LockRace, HasExactlyOneWinnerOverACorruptFile) {
    race(50, [&](const std::filesystem::path& lock) { write_text(lock, "not-valid-json{{{"); });
}

// Everybody takes and leaves as fast as it can, so that nearly every try meets a lock that is just being
// released: where a lock on a file that has lost its name makes two holders.
TEST(LockRace, NeverHasTwoHoldersWhileTheLockIsBeingReleased) {
    constexpr int tries = 300;
    Track track;
    Field field(racers, [&](int, const auto& line, const auto& report) {
        const Host host = here();
        const auto mine = payload_of_ours();
        if (!line()) return;
        char worst = left;
        for (int i = 0; i < tries; ++i) {
            char outcome = failed;
            auto lock = try_once(track, mine, host, outcome);
            if (lock && leave(track, *lock) != left) outcome = two_holders;
            if (outcome != won && outcome != refused) worst = outcome;
        }
        report(worst);
    });
    const auto seen = field.start();
    EXPECT_EQ(seen, (std::map<char, int>{{left, racers}}));
    EXPECT_TRUE(names_in(track.store.path()).empty());
}

// One leaves while the others arrive: somebody may get it or nobody, but never two.
TEST(LockRace, NeverHasTwoHoldersWhenOneLeavesAsTheOthersArrive) {
    Track track;
    Field field(racers, [&](int number, const auto& line, const auto& report) {
        const Host host = here();
        const auto mine = payload_of_ours();
        std::optional<LifecycleLock> lock;
        while (line()) {  // the first of them takes it
            char outcome = refused;
            if (number == 0) lock = try_once(track, mine, host, outcome);
            report(outcome);
            if (!line()) return;  // it leaves, and all others try
            const bool leaves = lock.has_value();
            if (leaves) outcome = leave(track, *lock);
            lock.reset();
            if (!leaves) lock = try_once(track, mine, host, outcome);
            report(outcome);
            if (!line()) return;  // who has it leaves
            report(lock ? leave(track, *lock) : refused);
            lock.reset();
        }
    });
    for (int round = 0; round < 150 && !::testing::Test::HasFailure(); ++round) {
        EXPECT_EQ(field.start()[won], 1) << "round " << round;
        auto passed = field.start();
        EXPECT_EQ(passed[left], 1) << "round " << round;
        EXPECT_LE(passed[won], 1) << "round " << round;
        EXPECT_EQ(passed[two_holders] + passed[failed] + passed[0], 0) << "round " << round;
        auto ended = field.start();
        EXPECT_EQ(ended[left], passed[won]) << "round " << round;
    }
}

}  // namespace
}  // namespace reeve
