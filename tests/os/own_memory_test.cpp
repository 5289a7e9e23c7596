// What a program gives back of its own memory, as the kernel counts it.
#include "reeve/os/own_memory.hpp"

#include "reeve/os/own_program.hpp"
#include "support/sanitized.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace reeve {
namespace {

// Resident kB of the mappings whose line in /proc/self/smaps, proc(5), has all of these words.
long resident(const std::vector<std::string>& words) {
    std::ifstream smaps("/proc/self/smaps");
    bool counts = false;
    long sum = 0;
    for (std::string line; std::getline(smaps, line);) {
        const bool begins = line.find('-') < line.find(' ');
        if (begins) {
            counts = true;
            for (const std::string& word : words) counts = counts && line.find(word) != std::string::npos;
        } else if (counts && line.starts_with("Rss:")) {
            sum += std::stol(line.substr(4));
        }
    }
    return sum;
}

TEST(OwnMemory, CodeThatIsGivenBackComesBackWhenItIsUsed) {
    const auto program = own_program();
    ASSERT_TRUE(program.ok());
    const std::vector<std::string> code{"r-xp", program->string()};
    const long before = resident(code);
    give_back_code();
    const long after = resident(code);
    EXPECT_GT(before, 0);
    EXPECT_LT(after, before);
    std::ostringstream used;  // this very code, too
    used << before << after;
    EXPECT_FALSE(used.str().empty());
}

TEST(OwnMemory, TheHeapGivesBackWhatIsFreeBetweenWhatIsNot) {
    // The sanitizer has a heap of its own, and musl's gives back by itself.
#ifdef __GLIBC__
    const bool ours = !test::sanitized;
#else
    const bool ours = false;
#endif
    constexpr std::size_t size = 16'000;
    constexpr std::size_t count = 1000;
    std::vector<std::unique_ptr<char[]>> blocks;
    for (std::size_t i = 0; i < count; ++i) {
        blocks.emplace_back(new char[size]);
        std::fill_n(blocks.back().get(), size, 'x');
    }
    for (std::size_t i = 0; i < count; i += 2) blocks[i].reset();
    const long before = resident({"[heap]"});
    give_back_heap();
    const long after = resident({"[heap]"});
    if (ours) {
        EXPECT_LT(after, before - 4'000) << "half of 16 MB is free";
    }
    for (std::size_t i = 1; i < count; i += 2) EXPECT_EQ(blocks[i][size - 1], 'x');
}

}  // namespace
}  // namespace reeve
