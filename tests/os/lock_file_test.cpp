// What may lie where the lock file should be.
#include "lifecycle_lock_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>

namespace reeve {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LockFileTest : public LifecycleLockTest {};

TEST_F(LockFileTest, TakesOverAnEmptyFileWithoutAWord) {
    write_text(path, "");
    EXPECT_TRUE(can_acquire());
    EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(LockFileTest, TakesOverCorruptFilesAndSaysSo) {
    const std::string ours = std::to_string(::getppid());
    const std::string rest =
        R"(, "hostname": "box", "started_at": "2026-01-01T00:00:00Z", "schema_version": 1})";
    for (const std::string& text :
         {std::string("not-valid-json{{{"), std::string("\xff\xfe\x00 binary", 11), std::string("[]"),
          std::string("5"), std::string("null"), std::string(100'000, '['),
          R"({"pid": )" + std::string(5000, '9') + rest, R"({"pid": 2147483648)" + rest,
          R"({"pid": 1e30)" + rest, R"({"pid": true)" + rest, R"({"pid": 0)" + rest, R"({"pid": -1)" + rest,
          R"({"pid": ")" + ours + "\"" + rest, R"({"pid": )" + ours + R"(, "hostname": "box"})"}) {
        write_text(path, text);
        EXPECT_TRUE(can_acquire()) << text.substr(0, 80);
        EXPECT_THAT(warnings, ElementsAre(HasSubstr("could not be read"))) << text.substr(0, 80);
    }
}

TEST_F(LockFileTest, TakesOverAHugeFileWithoutReadingIt) {
    write_text(path, "{");
    std::filesystem::resize_file(path, std::uintmax_t{64} << 30);
    EXPECT_TRUE(can_acquire());
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("larger than")));
    EXPECT_LT(std::filesystem::file_size(path), 4096u);
}

TEST_F(LockFileTest, NeverFollowsALink) {
    for (const bool dangling : {false, true}) {
        const auto target = store / "precious";
        if (!dangling) write_text(target, "precious");
        std::filesystem::create_symlink(dangling ? store / "nowhere" : target, path);
        const auto answer = acquire();
        ASSERT_FALSE(answer.ok());
        EXPECT_EQ(answer.error().code(), Errc::refused);
        EXPECT_THAT(answer.error().message(), HasSubstr("symbolic link"));
        EXPECT_THAT(answer.error().fix(), HasSubstr("rm "));
        EXPECT_EQ(read_text(target), "precious");
        EXPECT_FALSE(std::filesystem::exists(store / "nowhere"));
        std::filesystem::remove(path);
    }
}

TEST_F(LockFileTest, RefusesAFifoADirectoryASocketAndADeviceAtOnce) {
    const auto refuses = [&](const char* kind) {
        const auto answer = acquire();
        ASSERT_FALSE(answer.ok()) << kind;
        EXPECT_EQ(answer.error().code(), Errc::refused);
        EXPECT_THAT(answer.error().message(), HasSubstr(kind));
        EXPECT_FALSE(answer.error().fix().empty());
        EXPECT_EQ(inspect_lock(path, here()).state, LockReport::State::unreadable);
        EXPECT_FALSE(force_unlock(path, here(), true).ok());
        EXPECT_TRUE(std::filesystem::exists(std::filesystem::symlink_status(path)));
        std::filesystem::remove(path);
    };
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    refuses("FIFO");
    std::filesystem::create_directory(path);
    refuses("directory");
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    refuses("socket");
    if (::mknod(path.c_str(), S_IFCHR | 0600, (1 << 8) | 3) == 0) refuses("device");
}

TEST_F(LockFileTest, TreatsALockThatItMayNotReadAsAnErrorNotAsAbsent) {
    write_text(path, plain_payload(1, here().hostname, now_rfc3339()));
    const std::string before = read_text(path);
    std::filesystem::permissions(path, std::filesystem::perms::none);
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(store.path().c_str(), 65534, 65534), 0);
    }
    Forked other([this](const Forked::Test& test) {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(1);
        const auto answer = acquire();
        test.tell(!answer.ok() && answer.error().code() == std::errc::permission_denied ? 'y' : 'n');
    });
    EXPECT_EQ(other.hear(), 'y');
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    EXPECT_EQ(read_text(path), before);
}

TEST_F(LockFileTest, SaysWhatIsMissingWhenTheStoreIsNotThere) {
    path = store / "missing" / ".locked";
    const auto answer = acquire();
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code(), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace reeve
