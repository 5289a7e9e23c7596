#include "reeve/store/store.hpp"

#include "reeve/os/paths.hpp"
#include "support/forked.hpp"
#include "support/temp_dir.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace reeve {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An environment of the test's own, put back at the end.
class Environment {
  public:
    Environment& set(const char* name, const char* value) {
        if (const char* old = ::getenv(name))
            before_.emplace_back(name, old);
        else
            before_.emplace_back(name, std::nullopt);
        value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
        return *this;
    }
    Environment() = default;
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        for (auto it = before_.rbegin(); it != before_.rend(); ++it) {
            it->second ? ::setenv(it->first.c_str(), it->second->c_str(), 1) : ::unsetenv(it->first.c_str());
        }
    }

  private:
    std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

TEST(Store, IsMadePrivateWithAllThatIsAboveIt) {
    const TempDir dir;
    const mode_t before = ::umask(0);
    const auto store = Store::open_or_create(dir / "state/deep/reeve");
    ::umask(before);
    ASSERT_TRUE(store.ok()) << store.error().message();
    for (const char* name : {"state", "state/deep", "state/deep/reeve", "state/deep/reeve/instances",
                             "state/deep/reeve/instances/quarantine", "state/deep/reeve/logs"}) {
        EXPECT_EQ(mode_of(dir / name), 0700) << name;
    }
    EXPECT_EQ(mode_of(store->paths().identity()), 0600);
    EXPECT_TRUE(is_uuid(store->id().value));
}

TEST(Store, KeepsItsIdForEver) {
    const TempDir dir;
    const auto first = Store::open_or_create(dir / "store");
    EXPECT_EQ(Store::open_or_create(dir / "store")->id(), first->id());
    EXPECT_EQ(Store::open(dir / "store")->id(), first->id());
}

TEST(Store, GetsOneIdWhenManyMakeItAtOnce) {
    const TempDir dir;
    Pipe gate;
    std::vector<std::unique_ptr<Forked>> starters;
    for (int i = 0; i < 8; ++i) {
        starters.push_back(std::make_unique<Forked>([&](const Forked::Test& test) {
            gate.writer.reset();
            (void)read_byte(gate.reader.get());
            const auto store = Store::open_or_create(dir / "store");
            for (const char c : store.ok() ? store->id().value : std::string(36, '?')) test.tell(c);
        }));
    }
    gate.writer.reset();
    std::set<std::string> ids;
    for (const auto& starter : starters) {
        std::string id;
        for (int i = 0; i < 36; ++i) id += starter->hear();
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), 1u);
    EXPECT_EQ(*ids.begin(), Store::open(dir / "store")->id().value);
}

TEST(Store, IsNotFoundWhereNoneIs) {
    const TempDir dir;
    EXPECT_EQ(Store::open(dir / "missing").error().code(), Errc::not_found);
    EXPECT_EQ(Store::open(dir.path()).error().code(), Errc::not_found) << "a directory without store.json";
    EXPECT_TRUE(names_in(dir.path()).empty());
}

TEST(Store, IsRefusedWhenOthersCanWriteItWithTheFix) {
    const TempDir dir;
    const auto root = dir / "store";
    ASSERT_TRUE(Store::open_or_create(root).ok());
    for (const auto& place : {root, root / "instances", root / "instances/quarantine", root / "logs"}) {
        for (const mode_t mode : {0770, 0702, 0777}) {
            ASSERT_EQ(::chmod(place.c_str(), mode), 0);
            for (const auto& store : {Store::open_or_create(root), Store::open(root)}) {
                ASSERT_FALSE(store.ok()) << place;
                EXPECT_EQ(store.error().code(), Errc::refused);
                EXPECT_THAT(store.error().fix(), HasSubstr("chmod go-w '" + place.string() + "'"));
            }
        }
        ASSERT_EQ(::chmod(place.c_str(), 0700), 0);
    }
    EXPECT_TRUE(Store::open(root).ok());
}

TEST(Store, IsRefusedWhenItBelongsToSomebodyElse) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    const TempDir dir;
    std::filesystem::create_directory(dir / "store");
    ASSERT_EQ(::chmod((dir / "store").c_str(), 0700), 0);
    ASSERT_EQ(::chown((dir / "store").c_str(), 65534, 65534), 0);
    const auto store = Store::open_or_create(dir / "store");
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().code(), Errc::refused);
    EXPECT_THAT(store.error().fix(), HasSubstr("chown"));
}

TEST(Store, MayBeReachedThroughLinksAndStillHasOneName) {
    const TempDir dir;
    std::filesystem::create_directory(dir / "real");
    std::filesystem::create_directory_symlink("real", dir / "link");
    const auto direct = Store::open_or_create(dir / "real/store");
    const auto linked = Store::open_or_create(dir / "link/../link/store/");
    ASSERT_TRUE(direct.ok() && linked.ok());
    EXPECT_EQ(direct->paths().root, linked->paths().root);
}

TEST(Store, RefusesALinkInPlaceOfADirectoryOfIts) {
    const TempDir dir;
    ASSERT_TRUE(Store::open_or_create(dir / "store").ok());
    std::filesystem::remove_all(dir / "store/instances");
    std::filesystem::create_directory_symlink("/tmp", dir / "store/instances");
    EXPECT_EQ(Store::open_or_create(dir / "store").error().code(), Errc::refused);
}

TEST(Store, IsFreedOfWhatKilledWritersLeftInTheRegistry) {
    const TempDir dir;
    ASSERT_TRUE(Store::open_or_create(dir / "store").ok());
    write_text(dir / "store/instances/.tmp-4242-deadbeef", "half a rec");
    ASSERT_TRUE(Store::open_or_create(dir / "store").ok());
    EXPECT_THAT(names_in(dir / "store/instances"), ElementsAre("quarantine"));
}

TEST(Store, SaysWhatADamagedIdMeansAndKeepsIt) {
    const TempDir dir;
    const auto root = dir / "store";
    ASSERT_TRUE(Store::open_or_create(root).ok());
    for (const char* text : {"", "{", "[]", R"({"store_id": 5})", R"({"store_id": "../x"})"}) {
        write_text(root / "store.json", text);
        const auto store = Store::open_or_create(root);
        ASSERT_FALSE(store.ok()) << text;
        EXPECT_EQ(store.error().code(), Errc::invalid_data);
        EXPECT_FALSE(store.error().fix().empty());
        EXPECT_EQ(read_text(root / "store.json"), text);
    }
}

TEST(FindStore, AsksTheOptionThenTheEnvironmentThenTheHomeDirectory) {
    const TempDir dir;
    const std::string base = std::filesystem::canonical(dir.path()).string();
    Environment environment;
    environment.set("HOME", base.c_str()).set("XDG_STATE_HOME", nullptr).set("REEVE_STORE", nullptr);
    const auto home = find_store(std::nullopt);
    EXPECT_TRUE(home->native().starts_with(base + "/")) << *home;
    EXPECT_EQ(home->filename(), "reeve");
    EXPECT_EQ(*find_store(""), *home);
    EXPECT_FALSE(std::filesystem::exists(*home)) << "looking makes nothing";
    environment.set("REEVE_STORE", "");
    EXPECT_EQ(*find_store(std::nullopt), *home);
    environment.set("REEVE_STORE", (base + "/by-variable/").c_str());
    EXPECT_EQ(find_store(std::nullopt)->native(), base + "/by-variable");
    EXPECT_EQ(find_store(base + "/./by-option")->native(), base + "/by-option");
    EXPECT_TRUE(find_store("relative")->is_absolute());
}

TEST(FindStore, FollowsTheXdgRulesWhereTheyApply) {
    if (default_state_directory()->native().find("Library") != std::string::npos) {
        GTEST_SKIP() << "macOS has rules of its own";
    }
    const TempDir dir;
    const std::string base = std::filesystem::canonical(dir.path()).string();
    Environment environment;
    environment.set("HOME", base.c_str()).set("REEVE_STORE", nullptr);
    environment.set("XDG_STATE_HOME", (base + "/state").c_str());
    EXPECT_EQ(find_store(std::nullopt)->native(), base + "/state/reeve");
    for (const char* unusable : {"", "relative/state"}) {
        environment.set("XDG_STATE_HOME", unusable);
        EXPECT_EQ(find_store(std::nullopt)->native(), base + "/.local/state/reeve");
    }
}

TEST(FindStore, AsksTheUserDatabaseWhenThereIsNoHome) {
    Environment environment;
    environment.set("HOME", nullptr).set("XDG_STATE_HOME", nullptr).set("REEVE_STORE", nullptr);
    EXPECT_TRUE(find_store(std::nullopt).ok());
}

TEST(ControlSocket, HasItsPlaceInTheStoreUnlessThatIsTooLong) {
    const StorePaths usual{"/" + std::string(89, 'a')};
    EXPECT_EQ(usual.control().native().size(), 103u);
    EXPECT_EQ(usual.control(), usual.root / "control.sock");
}

TEST(ControlSocket, GetsAShortNameOfItsOwnWhenTheStoreHasALongOne) {
    const TempDir runtime;
    const StorePaths one{"/" + std::string(90, 'a')};
    const StorePaths other{"/" + std::string(90, 'b')};
    Environment environment;
    environment.set("XDG_RUNTIME_DIR", runtime.path().c_str());
    EXPECT_EQ(one.control().parent_path(), runtime.path());
    EXPECT_EQ(one.control(), one.control());
    EXPECT_NE(one.control(), other.control());
    for (const std::string& unusable :
         {std::string(), std::string("relative"), "/" + std::string(100, 'x')}) {
        environment.set("XDG_RUNTIME_DIR", unusable.c_str());
        EXPECT_EQ(one.control().parent_path(), "/tmp/reeve-" + std::to_string(::geteuid()));
        EXPECT_LE(one.control().native().size(), 103u);
    }
}

TEST(ControlSocket, IsRefusedInADirectoryThatOthersCanWrite) {
    const TempDir dir;
    const TempDir runtime;
    Environment environment;
    environment.set("XDG_RUNTIME_DIR", runtime.path().c_str());
    const auto store = Store::open_or_create(dir / std::string(100, 'x'));
    ASSERT_TRUE(store.ok());
    EXPECT_TRUE(store->prepare_control().ok());
    ASSERT_EQ(::chmod(runtime.path().c_str(), 0777), 0);
    EXPECT_EQ(store->prepare_control().error().code(), Errc::refused);
}

}  // namespace
}  // namespace reeve
