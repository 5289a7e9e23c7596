// The text comes back as it was, wherever it lies, and leaves no name behind.
#include "reeve/core/config_text.hpp"

#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace reeve {
namespace {

using test::TempDir;

const std::string brief = R"({"sessions":{}})";
const std::string lengthy(100'000, 'x');

TEST(ConfigText, ComesBackAsItWas) {
    const TempDir directory;
    for (const auto& text : {std::optional<std::string>(), std::optional(std::string()), std::optional(brief),
                             std::optional(lengthy)}) {
        const ConfigText kept(text, directory.path());
        for (int time = 0; time < 2; ++time) {
            const auto read = kept.read();
            ASSERT_TRUE(read.ok()) << read.error().message();
            EXPECT_EQ(*read, text);
        }
        EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
    }
}

#ifdef __linux__
std::size_t open_files_in(const std::filesystem::path& directory) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
        if (target.starts_with(directory.string())) ++count;
    }
    return count;
}

TEST(ConfigText, IsNotInMemoryWhenItIsLong) {
    const TempDir directory;
    const ConfigText kept(lengthy, directory.path());
    EXPECT_EQ(open_files_in(directory.path()), 1u);
    const TempDir other;
    const ConfigText short_one(brief, other.path());
    EXPECT_EQ(open_files_in(other.path()), 0u);
}
#endif

TEST(ConfigText, AnotherOneTakesItsPlace) {
    const TempDir directory;
    ConfigText kept(lengthy, directory.path());
    kept = ConfigText(brief, directory.path());
    EXPECT_EQ(kept.read().value(), brief);
    kept = ConfigText(lengthy + lengthy, directory.path());
    EXPECT_EQ(kept.read().value(), lengthy + lengthy);
}

TEST(ConfigText, IsKeptWhereThereIsNoRoomForAFile) {
    const TempDir directory;
    const ConfigText kept(lengthy, directory.path() / "missing");
    EXPECT_EQ(kept.read().value(), lengthy);
}

}  // namespace
}  // namespace reeve
