#include "reeve/engine/tool.hpp"
#include "support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace reeve {
namespace {

using testing::HasSubstr;

class FindProgram : public testing::Test {
  protected:
    void SetUp() override { before_ = std::getenv("PATH"); }
    void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }
    std::filesystem::path make(const std::string& name, mode_t mode) {
        const auto path = dir_ / name;
        std::ofstream(path) << "#!/bin/sh\n";
        ::chmod(path.c_str(), mode);
        return path;
    }
    test::TempDir dir_;
    std::string before_;
};

TEST_F(FindProgram, TakesTheFirstExecutableFileOnPath) {
    const auto second = dir_ / "second";
    std::filesystem::create_directory(second);
    make("tool", 0600);
    const auto tool = make("second/tool", 0700);
    std::filesystem::create_directory(dir_ / "folder");
    ::setenv("PATH", (dir_.path().string() + ":" + second.string()).c_str(), 1);
    EXPECT_EQ(*find_program("tool"), tool);
    const auto folder = find_program("folder");
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code(), Errc::not_found);
    EXPECT_THAT(folder.error().message(), HasSubstr(second.string()));
}

TEST_F(FindProgram, NeverSearchesTheCurrentDirectory) {
    make("tool", 0700);
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(dir_.path());
    ::setenv("PATH", ":.:", 1);
    const auto found = find_program("tool");
    std::filesystem::current_path(before);
    EXPECT_FALSE(found);
}

TEST_F(FindProgram, ChecksANamedPathAndMakesItAbsolute) {
    EXPECT_EQ(*find_program(make("tool", 0700).string()), dir_ / "tool");
    EXPECT_EQ(find_program(make("plain", 0600).string()).error().code(), std::errc::permission_denied);
    EXPECT_EQ(find_program((dir_ / "none").string()).error().code(), Errc::not_found);
    EXPECT_FALSE(find_program(""));
}

}  // namespace
}  // namespace reeve
