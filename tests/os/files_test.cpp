#include "reeve/os/files.hpp"

#include "reeve/model/ids.hpp"
#include "reeve/os/random.hpp"
#include "support/forked.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/file.h>
#include <sys/resource.h>

#include <memory>
#include <set>

namespace reeve {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReadFile, GivesTheBytesAsTheyAre) {
    const TempDir dir;
    const std::string bytes("a\0b\xff\n", 5);
    write_text(dir / "file", bytes);
    EXPECT_EQ(*read_file(dir / "file"), bytes);
    write_text(dir / "empty", "");
    EXPECT_EQ(*read_file(dir / "empty"), "");
}

TEST(ReadFile, TellsAFileThatIsNotThere) {
    const TempDir dir;
    EXPECT_EQ(read_file(dir / "missing").error().code(), std::errc::no_such_file_or_directory);
}

TEST(ReadFile, RefusesAFileOverTheLimitAndTakesOneOfExactlyTheLimit) {
    const TempDir dir;
    write_text(dir / "file", "12345");
    EXPECT_EQ(*read_file(dir / "file", 5), "12345");
    EXPECT_EQ(read_file(dir / "file", 4).error().code(), Errc::too_large);
    EXPECT_EQ(*read_start(dir / "file", 4), "1234");
    std::filesystem::resize_file(dir / "file", std::uintmax_t{1} << 40);
    EXPECT_EQ(read_file(dir / "file").error().code(), Errc::too_large);
}

TEST(ReadFile, RefusesAFileThatIsLargerThanItSays) {
    const std::filesystem::path grows = "/proc/self/status";  // says 0, and has more
    if (!std::filesystem::exists(grows)) GTEST_SKIP() << "this system has no such file";
    EXPECT_EQ(read_file(grows, 10).error().code(), Errc::too_large);
}

TEST(ReadFile, ReadsAnOpenFileFromItsBeginningEachTime) {
    const TempDir dir;
    write_text(dir / "file", "12345");
    const UniqueFd file(::open((dir / "file").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(*read_fd(file.get(), "reading"), "12345");
    EXPECT_EQ(*read_fd(file.get(), "reading"), "12345");
}

TEST(ReadFile, RefusesWhatIsNoRegularFile) {
    const TempDir dir;
    ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
    std::filesystem::create_directory(dir / "directory");
    write_text(dir / "file", "precious");
    std::filesystem::create_symlink("file", dir / "link");
    for (const char* name : {"fifo", "directory", "link"}) {
        EXPECT_EQ(read_file(dir / name).error().code(), Errc::refused) << name;
    }
    EXPECT_EQ(read_file("/dev/null").error().code(), Errc::refused);
}

TEST(ReadFile, FollowsNoLinkThatTakesTheNameWhileItLooks) {
    const TempDir dir;
    write_text(dir / "precious", "precious");
    write_text(dir / "file", "plain");
    const Forked swapper([&](const Forked::Test& test) {
        test.tell('s');
        std::error_code failed;
        while (!failed) {
            std::filesystem::create_symlink("precious", dir / "next", failed);
            std::filesystem::rename(dir / "next", dir / "file", failed);
            write_text(dir / "next", "plain");
            std::filesystem::rename(dir / "next", dir / "file", failed);
        }
    });
    ASSERT_EQ(swapper.hear(), 's');
    int links = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto bytes = read_file(dir / "file");
        links += bytes.ok() ? 0 : 1;
        ASSERT_NE(bytes.ok() ? *bytes : "", "precious");
    }
    EXPECT_GT(links, 0);
}

TEST(ReplaceFile, WritesAPrivateFileWhateverTheUmask) {
    const TempDir dir;
    for (const mode_t mask : {0, 0777}) {
        const mode_t before = ::umask(mask);
        const auto written = replace_file(dir / "file", "text");
        ::umask(before);
        EXPECT_TRUE(written.ok());
        EXPECT_EQ(mode_of(dir / "file"), 0600);
    }
    EXPECT_EQ(read_text(dir / "file"), "text");
    EXPECT_THAT(names_in(dir.path()), ElementsAre("file"));
}

TEST(ReplaceFile, ReplacesALinkAndNotWhatItLeadsTo) {
    const TempDir dir;
    write_text(dir / "precious", "precious");
    std::filesystem::create_symlink("precious", dir / "file");
    EXPECT_TRUE(replace_file(dir / "file", "text").ok());
    EXPECT_EQ(read_text(dir / "precious"), "precious");
    EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(dir / "file")));
}

TEST(ReplaceFile, LeavesNothingBehindWhenItFails) {
    const TempDir dir;
    std::filesystem::create_directory(dir / "target");
    EXPECT_EQ(replace_file(dir / "target", "text").error().code(), std::errc::is_a_directory);
    EXPECT_THAT(names_in(dir.path()), ElementsAre("target"));
    EXPECT_FALSE(replace_file(dir / "missing" / "file", "text").ok());
}

TEST(ReplaceFile, KeepsTheOldFileWhenThereIsNoRoomForTheNew) {
    const TempDir dir;
    ASSERT_TRUE(replace_file(dir / "file", "old").ok());
    const Forked writer([&](const Forked::Test& test) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{4096, 4096};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto written = replace_file(dir / "file", std::string(100'000, 'x'));
        test.tell(!written.ok() && written.error().code() == std::errc::file_too_large ? 'y' : 'n');
    });
    EXPECT_EQ(writer.hear(), 'y');
    EXPECT_EQ(read_text(dir / "file"), "old");
    EXPECT_THAT(names_in(dir.path()), ElementsAre("file"));
}

TEST(CreateFile, LeavesAFileThatIsThereAlone) {
    const TempDir dir;
    EXPECT_EQ(*create_file(dir / "file", "first"), true);
    EXPECT_EQ(*create_file(dir / "file", "second"), false);
    EXPECT_EQ(read_text(dir / "file"), "first");
    EXPECT_THAT(names_in(dir.path()), ElementsAre("file"));
}

// A writer that has made its temporary file, and locked it as TemporaryFile does, and comes no further.
auto stuck_writer_of(const std::filesystem::path& path) {
    return [path](const Forked::Test& test) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        test.tell(::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 'y' : 'n');
        test.wait();
    };
}

TEST(RemoveLeftovers, RemovesThoseOfDeadWritersAndKeepsThoseOfLiveOnes) {
    const TempDir dir;
    Forked dead(stuck_writer_of(dir / ".tmp-1-dead"));
    const Forked live(stuck_writer_of(dir / ".tmp-2-live"));
    ASSERT_EQ(dead.hear(), 'y');
    ASSERT_EQ(live.hear(), 'y');
    dead.kill();
    EXPECT_TRUE(remove_leftovers(dir.path()).ok());
    EXPECT_THAT(names_in(dir.path()), ElementsAre(".tmp-2-live"));
}

TEST(RemoveLeftovers, TouchesNothingThatIsNoTemporaryFileOfOurs) {
    const TempDir dir;
    write_text(dir / "file", "text");
    write_text(dir / "x.tmp-1-a", "text");
    std::filesystem::create_directory(dir / ".tmp-directory");
    std::filesystem::create_symlink("file", dir / ".tmp-link");
    EXPECT_TRUE(remove_leftovers(dir.path()).ok());
    EXPECT_THAT(names_in(dir.path()), ElementsAre(".tmp-directory", ".tmp-link", "file", "x.tmp-1-a"));
    EXPECT_TRUE(remove_leftovers(dir / "missing").ok());
}

TEST(RemoveLeftovers, NeverTakesAFileFromAWriterAtWork) {
    const TempDir dir;
    std::vector<std::unique_ptr<Forked>> sweepers;
    for (int i = 0; i < 2; ++i) {
        sweepers.push_back(std::make_unique<Forked>([&](const Forked::Test& test) {
            test.tell('s');
            while (remove_leftovers(dir.path()).ok()) {
            }
        }));
        ASSERT_EQ(sweepers.back()->hear(), 's');
    }
    for (int i = 0; i < 300; ++i) {
        const auto written = replace_file(dir / "file", std::to_string(i));
        ASSERT_TRUE(written.ok()) << written.error().message();
        ASSERT_EQ(read_text(dir / "file"), std::to_string(i));
    }
    sweepers.clear();
    EXPECT_THAT(names_in(dir.path()), ElementsAre("file"));
}

TEST(LockedFile, IsClosedInAnExecutedProgram) {
    const TempDir dir;
    auto lock = LockedFile::try_lock(dir / "file", LockedFile::Missing::create);
    EXPECT_NE(::fcntl((*lock)->fd(), F_GETFD) & FD_CLOEXEC, 0);
    ASSERT_TRUE((*lock)->replace("new").ok());
    EXPECT_NE(::fcntl((*lock)->fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(LockedFile, IsHeldByOneAtATime) {
    const TempDir dir;
    auto first = LockedFile::try_lock(dir / "file", LockedFile::Missing::create);
    ASSERT_TRUE(first.ok() && *first);
    EXPECT_FALSE(LockedFile::try_lock(dir / "file", LockedFile::Missing::create).value());
    ASSERT_TRUE((*first)->remove().ok());
    EXPECT_TRUE(LockedFile::try_lock(dir / "file", LockedFile::Missing::create).value());
}

TEST(LockedFile, MakesNoFileWhenToldToLeaveAMissingOne) {
    const TempDir dir;
    const auto lock = LockedFile::try_lock(dir / "file", LockedFile::Missing::leave);
    ASSERT_TRUE(lock.ok());
    EXPECT_FALSE(*lock);
    EXPECT_TRUE(names_in(dir.path()).empty());
}

TEST(LockedFile, StaysLockedWhileItIsReplaced) {
    const TempDir dir;
    auto lock = LockedFile::try_lock(dir / "file", LockedFile::Missing::create);
    ASSERT_TRUE((*lock)->replace("new").ok());
    EXPECT_EQ(*(*lock)->read(), "new");
    EXPECT_TRUE((*lock)->still_there());
    EXPECT_FALSE(LockedFile::try_lock(dir / "file", LockedFile::Missing::leave).value());
}

TEST(LockedFile, TouchesNoFileThatTookItsName) {
    const TempDir dir;
    auto lock = LockedFile::try_lock(dir / "file", LockedFile::Missing::create);
    std::filesystem::remove(dir / "file");
    write_text(dir / "file", "another");
    EXPECT_FALSE((*lock)->still_there());
    EXPECT_EQ((*lock)->replace("ours").error().code(), Errc::held);
    EXPECT_TRUE((*lock)->remove().ok());
    EXPECT_EQ(read_text(dir / "file"), "another");
    EXPECT_THAT(names_in(dir.path()), ElementsAre("file"));
}

TEST(NewUuid, IsAVersionFourUuidThatNobodyElseHas) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = new_uuid();
        ASSERT_TRUE(is_uuid(id)) << id;
        ASSERT_EQ(id[14], '4');
        ASSERT_NE(std::string("89ab").find(id[19]), std::string::npos);
        ASSERT_TRUE(seen.insert(id).second);
    }
}

}  // namespace
}  // namespace reeve
