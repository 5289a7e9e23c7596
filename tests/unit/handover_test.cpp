// What one program leaves for the next: the same after a round trip, and never a crash, whatever the bytes.
#include "reeve/model/handover.hpp"

#include "support/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace reeve {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

Handover a_handover() {
    Handover handover;
    handover.config = "{\n  // a comment\n  \"sessions\": {}\n}";
    handover.config_path = "/home/alice/.config/reeve/reeve.json";
    handover.record.instance_id.value = "0b0b3f5e-3c1a-4d64-8f0e-1f6f0a9a3f10";
    handover.record.owner.pid = 4242;
    handover.record.owner.start_time = 77;
    handover.record.owner.boot_id = "boot";
    handover.record.owner.machine_id = "machine";
    handover.record.started_at = "2026-11-21T02:04:00.123Z";
    ProcessSessionRecord process;
    process.pid = process.pgid = 4250;
    process.start_time = 123;
    process.command = {"sleep", "1"};
    process.started_at = handover.record.started_at;
    handover.record.sessions[{"api"}] = process;
    handover.status.state = SupervisorState::running;
    handover.status.seq = 17;
    handover.status.upgrades = 2;
    handover.status.sessions[{"api"}].state = SessionState::running;
    handover.status.sessions[{"api"}].restarts = 3;
    HandedSession session;
    session.wanted = true;
    session.lives = 4;
    session.ran = std::chrono::milliseconds(1500);
    session.process = HandedProcess{};
    session.process->anchor = 4249;
    session.process->link = 12;
    session.process->output = 13;
    session.process->between_lines = false;
    session.process->log_inode = 99;
    session.process->log_offset = 1'000;
    session.process->notify = 14;
    session.process->beats = 5;
    session.process->message = "serving";
    handover.sessions[{"api"}] = session;
    handover.sessions[{"later"}].pause_left = std::chrono::milliseconds(250);
    handover.lock = 10;
    handover.control = 11;
    handover.open_files_soft = 1024;
    handover.open_files_hard = ~std::uint64_t{0};  // RLIM_INFINITY
    return handover;
}

TEST(Handover, IsTheSameAfterARoundTrip) {
    const Handover before = a_handover();
    const auto after = handover_from_json(to_json(before));
    ASSERT_TRUE(after.ok()) << after.error().message();
    EXPECT_EQ(after->config, before.config);
    EXPECT_EQ(after->config_path, before.config_path);
    EXPECT_EQ(after->record, before.record);
    EXPECT_EQ(after->sessions, before.sessions);
    EXPECT_EQ(after->lock, before.lock);
    EXPECT_EQ(after->control, before.control);
    EXPECT_EQ(after->open_files_soft, before.open_files_soft);
    EXPECT_EQ(after->open_files_hard, before.open_files_hard);
    EXPECT_EQ(after->status.seq, 17U);
    EXPECT_EQ(after->status.upgrades, 2);
    EXPECT_EQ(after->status.sessions.at({"api"}).restarts, 3);
}

TEST(Handover, NamesEveryDescriptorThatMustStayOpen) {
    EXPECT_THAT(a_handover().descriptors(), UnorderedElementsAre(10, 11, 12, 13, 14));
}

TEST(Handover, NeverTakesADescriptorThatIsNotOurs) {
    Json json = Json::parse(to_json(a_handover()));
    auto& process = json["sessions"]["api"]["process"];
    process["link"] = 2;
    process["output"] = -7;
    process["notify"] = 1e30;
    const auto read = handover_from_json(json.dump());
    ASSERT_TRUE(read.ok());
    EXPECT_THAT(read->descriptors(), UnorderedElementsAre(10, 11));
    json["lock"] = 0;
    EXPECT_FALSE(handover_from_json(json.dump()).ok());
}

TEST(Handover, OfAnotherVersionIsReadAsFarAsItIsKnown) {
    Json json = Json::parse(to_json(a_handover()));
    json["invented_later"] = {1, 2, 3};
    json["schema_version"] = 7;
    json["sessions"]["api"]["process"].erase("beats");
    json["sessions"]["api"].erase("lives");
    const auto read = handover_from_json(json.dump());
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_EQ(read->sessions.at({"api"}).process->beats, 0U);
    EXPECT_EQ(read->sessions.at({"api"}).process->output, 13);
}

TEST(Handover, SaysWhatIsMissingAndSurvivesEveryMutation) {
    const std::string text = to_json(a_handover());
    for (const char* part : {"lock", "control", "record", "status", "sessions"}) {
        Json json = Json::parse(text);
        json.erase(part);
        const auto read = handover_from_json(json.dump());
        ASSERT_FALSE(read.ok()) << part;
        EXPECT_THAT(read.error().message(), HasSubstr(part));
    }
    constexpr std::string_view wrong("\0\"{9\xff", 5);
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string bytes = text;
        for (int turn = 0; turn < test::rounds(4); ++turn) {
            bytes[i] = wrong[(i + static_cast<std::size_t>(turn)) % wrong.size()];
            (void)handover_from_json(bytes).ok();
        }
        (void)handover_from_json(std::string_view(text).substr(0, i)).ok();
    }
}

}  // namespace
}  // namespace reeve
