// Rotation: not a byte lost, no line split, nothing that is not ours touched.
#include "reeve/core/session_log.hpp"

#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <random>

namespace reeve::test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::SizeIs;

class SessionLogFile : public testing::Test {
  protected:
    SessionLog open(std::uint64_t max_size, int keep = 1000) {
        auto log = SessionLog::open(path, {max_size, keep});
        if (!log) throw std::runtime_error(log.error().message());
        return std::move(*log);
    }
    // Oldest first, as a reader of the whole log sees it.
    std::vector<std::string> files() const {
        std::vector<std::string> texts;
        for (int number = 1; std::filesystem::exists(old(number)); ++number)
            texts.insert(texts.begin(), read_text(old(number)));
        if (std::filesystem::exists(path)) texts.push_back(read_text(path));
        return texts;
    }
    std::string whole() const {
        std::string all;
        for (const auto& text : files()) all += text;
        return all;
    }
    std::filesystem::path old(int number) const { return path.string() + "." + std::to_string(number); }

    TempDir home;
    std::filesystem::path path = home / "api.log";
};

TEST_F(SessionLogFile, KeepsEveryByteInOrderHoweverItArrives) {
    std::mt19937 random(7);  // any seed must do
    std::string all;
    SessionLog log = open(4096);
    for (int call = 0; call < 400; ++call) {
        std::string bytes(std::uniform_int_distribution<std::size_t>(0, 3000)(random), 'x');
        for (char& c : bytes) c = random() % 40 == 0 ? '\n' : static_cast<char>('a' + random() % 26);
        ASSERT_TRUE(log.append(bytes).ok());
        all += bytes;
    }
    EXPECT_EQ(whole(), all);
    const auto texts = files();
    ASSERT_GT(texts.size(), 50U);
    for (std::size_t i = 0; i + 1 < texts.size(); ++i) {
        EXPECT_LE(texts[i].size(), 4096U + 1000U);
        EXPECT_THAT(texts[i], EndsWith("\n"));
    }
}

TEST_F(SessionLogFile, SplitsALineThatHasNoEnd) {
    SessionLog log = open(4096);
    const std::string endless(65'536, 'x');
    for (int call = 0; call < 40; ++call) ASSERT_TRUE(log.append(endless).ok());
    const auto texts = files();
    ASSERT_GE(texts.size(), 3U);
    for (const auto& text : texts) EXPECT_LE(text.size(), 4096U + (1u << 20));
    EXPECT_THAT(whole(), SizeIs(40U * 65'536U));
}

TEST_F(SessionLogFile, KeepsSoManyOldFilesAndNoMore) {
    SessionLog log = open(4096, 2);
    for (const char* line : {"1\n", "2\n", "3\n", "4\n"})
        ASSERT_TRUE(log.append(std::string(4000, 'x') + line).ok());
    ASSERT_THAT(files(), SizeIs(3));
    EXPECT_THAT(files().front(), EndsWith("x2\n"));
}

TEST_F(SessionLogFile, KeepsNoneWhenToldSo) {
    SessionLog log = open(4096, 0);
    for (const char* line : {"1\n", "2\n"}) ASSERT_TRUE(log.append(std::string(4000, 'x') + line).ok());
    EXPECT_THAT(names_in(home.path()), ElementsAre("api.log"));
    EXPECT_THAT(read_text(path), EndsWith("x2\n"));
}

TEST_F(SessionLogFile, GoesOnInANewFileWhenThisOneWasRemoved) {
    SessionLog log = open(4096);
    ASSERT_TRUE(log.append("one\n").ok());
    std::filesystem::remove(path);
    ASSERT_TRUE(log.look_again().ok());
    ASSERT_TRUE(log.append("two\n").ok());
    EXPECT_EQ(read_text(path), "two\n");
}

// A file that cannot be put aside goes on growing, loses nothing, and takes none of the older ones along.
TEST_F(SessionLogFile, GoesOnInTheSameFileWhereItCannotBeRotated) {
    std::filesystem::create_directory(old(1));
    write_text(old(1) / "in the way", "");
    SessionLog log = open(4096, 1);
    const std::string line = std::string(3000, 'x') + "\n";
    ASSERT_TRUE(log.append(line).ok());
    const Status second = log.append(line);
    ASSERT_FALSE(second.ok());
    EXPECT_TRUE(log.is_not_rotated());
    EXPECT_THAT(second.error().message(), testing::HasSubstr("rotating the log"));
    EXPECT_FALSE(log.append("more\n").ok());
    EXPECT_EQ(read_text(path), line + line + "more\n");
    std::filesystem::remove_all(old(1));
    for (int lines = 0; lines < 4; ++lines) (void)log.append(line).ok();
    EXPECT_FALSE(log.is_not_rotated());
    EXPECT_TRUE(std::filesystem::is_regular_file(old(1)));
}

TEST_F(SessionLogFile, RefusesWhatIsNoFile) {
    write_text(home / "precious", "mine");
    std::filesystem::create_symlink(home / "precious", path);
    EXPECT_FALSE(SessionLog::open(path, {4096, 5}).ok());
    std::filesystem::remove(path);
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_FALSE(SessionLog::open(path, {4096, 5}).ok());
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    EXPECT_FALSE(SessionLog::open(path, {4096, 5}).ok());
    EXPECT_EQ(read_text(home / "precious"), "mine");
}

TEST_F(SessionLogFile, LimitOfAllLogsTakesTheOldestRotatedOnesAndNothingElse) {
    const auto write = [&](const std::string& name, int age) {
        write_text(home / name, std::string(1000, 'x'));
        std::filesystem::last_write_time(
            home / name, std::filesystem::file_time_type::clock::now() - std::chrono::hours(age));
    };
    write("api.log", 9);
    write("api.log.1", 3);
    write("api.log.2", 8);
    write("db.log", 9);
    write("db.log.1", 5);
    write("notes.txt", 9);
    write("db.log.old", 9);
    EXPECT_TRUE(limit_logs(home.path(), 6000).ok());
    EXPECT_THAT(names_in(home.path()),
                ElementsAre("api.log", "api.log.1", "db.log", "db.log.1", "db.log.old", "notes.txt"));
    EXPECT_TRUE(limit_logs(home.path(), 1).ok());
    EXPECT_THAT(names_in(home.path()), ElementsAre("api.log", "db.log", "db.log.old", "notes.txt"));
}

TEST_F(SessionLogFile, PiecesAreTheYoungestFirstAndNoneTwice) {
    EXPECT_THAT(*open_log_pieces(path), IsEmpty());
    SessionLog log = open(4096);
    for (int line = 0; line < 3; ++line) ASSERT_TRUE(log.append(std::string(4095, 'x') + "\n").ok());
    ASSERT_TRUE(log.append("youngest\n").ok());
    const auto pieces = open_log_pieces(path);
    ASSERT_TRUE(pieces.ok());
    ASSERT_THAT(*pieces, SizeIs(4));
    EXPECT_EQ(pieces->front().size, 9U);
    // In the middle of a rotation one name stands for nothing.
    std::filesystem::rename(old(3), old(4));
    std::filesystem::rename(old(2), old(3));
    EXPECT_THAT(*open_log_pieces(path), SizeIs(4));
}

}  // namespace
}  // namespace reeve::test
