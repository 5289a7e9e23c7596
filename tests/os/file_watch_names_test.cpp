// A watched folder in which only some names matter. Linux: macOS does not tell names.
#include "reeve/os/file_watch.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace reeve::test {
namespace {

class WatchedNames : public testing::Test {
  protected:
    WatchedNames() {
        auto made = watch_directory(folder.path());
        if (!made) throw std::runtime_error(made.error().message());
        watch = std::move(*made);
    }
    void touch(const std::string& name) { std::ofstream(folder.path() / name) << "x"; }
    bool news() {
        return drain_watch(watch.get(), [](std::string_view name) { return !name.starts_with('.'); });
    }

    TempDir folder;
    UniqueFd watch;
};

TEST_F(WatchedNames, AreNewsWhenTheyMatter) {
    touch("one");
    EXPECT_TRUE(news());
    EXPECT_FALSE(news()) << "what was taken comes again";
}

TEST_F(WatchedNames, AreNoNewsWhenTheyDoNot) {
    touch(".draft");
    EXPECT_FALSE(news());
}

TEST_F(WatchedNames, OneThatMattersIsFoundAmongManyThatDoNot) {
    for (int number = 0; number < 200; ++number) touch(".draft-" + std::to_string(number));
    touch("one");
    for (int number = 200; number < 400; ++number) touch(".draft-" + std::to_string(number));
    EXPECT_TRUE(news());
}

TEST_F(WatchedNames, ADraftThatIsRenamedIsNews) {
    touch(".draft");
    EXPECT_FALSE(news());
    std::filesystem::rename(folder.path() / ".draft", folder.path() / "one");
    EXPECT_TRUE(news());
}

}  // namespace
}  // namespace reeve::test
