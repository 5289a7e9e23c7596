#include "reeve/store/instance_registry.hpp"

#include "support/forked.hpp"
#include "support/records.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class InstanceRegistryTest : public ::testing::Test {
  protected:
    InstanceRegistryTest() { std::filesystem::create_directory(instances); }

    static InstanceRecord record_of(const std::string& id) {
        auto record = full_record();
        record.instance_id.value = id;
        return record;
    }
    static std::string id_ending_in(char c) { return std::string(an_id).substr(0, 35) + c; }

    TempDir store;
    std::filesystem::path instances = store / "instances";
    InstanceRegistry registry{StorePaths{store.path()}};
    InstanceId id{an_id};
    std::filesystem::path file = instances / (std::string(an_id) + ".json");
};

TEST_F(InstanceRegistryTest, IsEmptyWithoutADirectoryAndWithAnEmptyOne) {
    EXPECT_TRUE(registry.list()->empty());
    std::filesystem::remove(instances);
    EXPECT_TRUE(registry.list()->empty());
    EXPECT_TRUE(registry.quarantined()->empty());
}

TEST_F(InstanceRegistryTest, GivesBackWhatWasSaved) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    EXPECT_EQ(*registry.load(id), full_record());
    EXPECT_EQ(mode_of(file), 0600);
    EXPECT_THAT(names_in(instances), ElementsAre(file.filename().string()));
}

TEST_F(InstanceRegistryTest, ShowsSessionsThatWereAddedAndTakenAway) {
    auto record = full_record();
    ProcessSessionRecord worker;
    worker.pid = 77;
    record.sessions.emplace(SessionName{"worker"}, worker);
    ASSERT_TRUE(registry.save(record).ok());
    EXPECT_EQ(registry.load(id)->sessions.size(), 3u);
    record.sessions.erase(SessionName{"worker"});
    ASSERT_TRUE(registry.save(record).ok());
    EXPECT_EQ(registry.load(id)->sessions.count(SessionName{"worker"}), 0u);
}

TEST_F(InstanceRegistryTest, TellsAMissingRecordFromADamagedOne) {
    EXPECT_EQ(registry.load(id).error().code(), Errc::not_found);
    write_text(file, "{");
    EXPECT_EQ(registry.load(id).error().code(), Errc::invalid_data);
}

TEST_F(InstanceRegistryTest, RemovesARecordAndForgivesThatThereIsNone) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    EXPECT_TRUE(registry.remove(id).ok());
    EXPECT_THAT(names_in(instances), IsEmpty());
    EXPECT_TRUE(registry.remove(id).ok());
}

TEST_F(InstanceRegistryTest, MakesNoPathOfWhatIsNoUuid) {
    const InstanceId hostile{"../store"};
    write_text(store / "store.json", "precious");
    EXPECT_FALSE(registry.load(hostile).ok());
    EXPECT_FALSE(registry.remove(hostile).ok());
    EXPECT_FALSE(registry.claim(hostile).ok());
    EXPECT_FALSE(registry.save(record_of("../store")).ok());
    EXPECT_EQ(read_text(store / "store.json"), "precious");
}

TEST_F(InstanceRegistryTest, ListsEveryFileInOrderAndDamagedOnesToo) {
    ASSERT_TRUE(registry.save(record_of(id_ending_in('2'))).ok());
    ASSERT_TRUE(registry.save(record_of(id_ending_in('1'))).ok());
    for (const char* text : {"", "{", "[]", R"({"instance_id": "x"})", R"({"pid": "5"})"}) {
        write_text(instances / (id_ending_in('3') + ".json"), text);
        std::filesystem::create_directories(instances / "quarantine");
        write_text(instances / ".tmp-1-a", "half");
        write_text(instances / "readme.txt", "not ours");
        const auto entries = registry.list();
        ASSERT_EQ(entries->size(), 3u);
        EXPECT_EQ((*entries)[0].record->instance_id.value, id_ending_in('1'));
        EXPECT_EQ((*entries)[1].record->instance_id.value, id_ending_in('2'));
        EXPECT_EQ((*entries)[2].record.error().code(), Errc::invalid_data) << text;
    }
}

TEST_F(InstanceRegistryTest, SurvivesAnythingThatLiesInItsDirectory) {
    ASSERT_EQ(::mkfifo((instances / "a.json").c_str(), 0600), 0);
    std::filesystem::create_directory(instances / "b.json");
    std::filesystem::create_symlink("/dev/zero", instances / "c.json");
    write_text(instances / "d.json", std::string(100'000, '['));
    write_text(instances / "e.json", "");
    std::filesystem::resize_file(instances / "e.json", std::uintmax_t{64} << 30);
    write_text(instances / "f.json", "\xff\xfe");
    const auto entries = registry.list();
    ASSERT_EQ(entries->size(), 6u);
    for (const auto& entry : *entries) {
        EXPECT_FALSE(entry.record.ok()) << entry.path;
        EXPECT_TRUE(registry.quarantine(entry.path).ok()) << entry.path;
    }
    EXPECT_TRUE(registry.list()->empty());
    EXPECT_EQ(registry.quarantined()->size(), 6u);
    EXPECT_TRUE(std::filesystem::is_symlink(registry.quarantined()->at(2))) << "moved, not followed";
}

TEST_F(InstanceRegistryTest, DoesNotBelieveARecordUnderTheNameOfAnother) {
    write_text(file, to_json(record_of(id_ending_in('0'))));
    EXPECT_EQ(registry.load(id).error().code(), Errc::invalid_data);
    EXPECT_FALSE(registry.list()->at(0).record.ok());
    EXPECT_FALSE(registry.claim(id).ok());
}

TEST_F(InstanceRegistryTest, KeepsTheBytesOfWhatItQuarantinesUnderAFreeName) {
    for (const char* text : {"first {", "second {"}) {
        write_text(file, text);
        const auto moved = registry.quarantine(file);
        ASSERT_TRUE(moved.ok()) << moved.error().message();
        EXPECT_EQ(read_text(*moved), text);
        EXPECT_THAT(moved->filename().string(), StartsWith(file.filename().string()));
        EXPECT_FALSE(std::filesystem::exists(file));
    }
    EXPECT_EQ(registry.quarantined()->size(), 2u);
    EXPECT_EQ(mode_of(instances / "quarantine"), 0700);
}

TEST_F(InstanceRegistryTest, QuarantinesNeitherReadableRecordsNorOtherFiles) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    EXPECT_EQ(registry.quarantine(file).error().code(), Errc::refused);
    write_text(store / "store.json", "{");
    EXPECT_FALSE(registry.quarantine(store / "store.json").ok());
    EXPECT_FALSE(registry.quarantine(instances / "../store.json").ok());
    EXPECT_EQ(registry.quarantine(instances / "gone.json").error().code(),
              std::errc::no_such_file_or_directory);
    EXPECT_TRUE(std::filesystem::exists(file) && std::filesystem::exists(store / "store.json"));
}

TEST_F(InstanceRegistryTest, LetsOnlyOneClaimAnInstance) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    auto claim = registry.claim(id);
    ASSERT_TRUE(claim.ok() && *claim);
    EXPECT_EQ((*claim)->record, full_record());
    Forked other([this](const Forked::Test& test) {
        // A forked child shares the lock of its parent; this asks with a descriptor of its own.
        const auto second = registry.claim(id);
        test.tell(second.ok() && !*second ? 'y' : 'n');
    });
    EXPECT_EQ(other.hear(), 'y');
}

TEST_F(InstanceRegistryTest, KeepsAClaimWhileItsRecordChangesAndEndsItWithTheFile) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    auto claim = registry.claim(id);
    auto changed = (*claim)->record;
    changed.sessions.erase(SessionName{"api"});
    ASSERT_TRUE((*claim)->update(changed).ok());
    EXPECT_EQ(*registry.load(id), changed);
    EXPECT_FALSE(registry.claim(id).value()) << "still claimed";
    ASSERT_TRUE((*claim)->forget().ok());
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_FALSE(registry.claim(id).value()) << "nothing to claim, and nothing was made";
    EXPECT_THAT(names_in(instances), IsEmpty());
}

TEST_F(InstanceRegistryTest, GivesAClaimBackWhenItsHolderIsKilled) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    Forked reaper([this](const Forked::Test& test) {
        const auto claim = registry.claim(id);
        test.tell(claim.ok() && *claim ? 'y' : 'n');
        test.wait();
    });
    ASSERT_EQ(reaper.hear(), 'y');
    EXPECT_FALSE(registry.claim(id).value());
    reaper.kill();
    EXPECT_TRUE(registry.claim(id).value());
    EXPECT_TRUE(std::filesystem::exists(file)) << "what was not seen to be gone stays recorded";
}

TEST_F(InstanceRegistryTest, NeverForgetsARecordThatAppearedAfterTheClaim) {
    ASSERT_TRUE(registry.save(full_record()).ok());
    auto claim = registry.claim(id);
    auto later = full_record();
    later.hostname = "later";
    ASSERT_TRUE(registry.save(later).ok());
    EXPECT_EQ((*claim)->update(full_record()).error().code(), Errc::held);
    EXPECT_TRUE((*claim)->forget().ok());
    EXPECT_EQ(*registry.load(id), later);
}

// Each of many reapers that find the same dead instances must reap an instance that no other one reaps.
TEST_F(InstanceRegistryTest, IsReapedByExactlyOneOfManyReapers) {
    const std::string digits = "0123456789abcdef";
    for (const char c : digits) ASSERT_TRUE(registry.save(record_of(id_ending_in(c))).ok());
    Pipe gate;
    Pipe reaped;
    std::vector<std::unique_ptr<Forked>> reapers;
    for (int i = 0; i < 4; ++i) {
        reapers.push_back(std::make_unique<Forked>([&](const Forked::Test& test) {
            gate.writer.reset();
            (void)read_byte(gate.reader.get());
            for (const char c : digits) {
                auto claim = registry.claim(InstanceId{id_ending_in(c)});
                if (!claim.ok()) ::_exit(1);
                if (!*claim) continue;
                if (::write(reaped.writer.get(), &c, 1) != 1 || !(*claim)->forget().ok()) ::_exit(1);
            }
            test.tell('d');
        }));
    }
    gate.writer.reset();
    for (const auto& reaper : reapers) EXPECT_EQ(reaper->hear(), 'd');
    reaped.writer.reset();
    for (const auto& reaper : reapers) reaper->kill();
    std::string seen;
    for (char c = read_byte(reaped.reader.get()); c != 0; c = read_byte(reaped.reader.get())) seen += c;
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, digits);
    EXPECT_THAT(names_in(instances), IsEmpty());
}

}  // namespace
}  // namespace reeve
