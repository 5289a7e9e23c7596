#include "reeve/model/lock_payload.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace reeve {
namespace {

const char* const plain =
    R"({"pid": 4242, "hostname": "box", "started_at": "2026-11-21T02:04:00.123456+00:00", "schema_version": 1})";

LockPayload full_payload() {
    LockPayload payload;
    payload.pid = 4242;
    payload.hostname = "box";
    payload.started_at = "2026-11-21T02:04:00.123Z";
    payload.start_time = 123456;
    payload.boot_id = "5f0c3b9e-1111-4222-8333-444455556666";
    payload.machine_id = "0123456789abcdef0123456789abcdef";
    payload.pid_ns = 4026531836;
    payload.pidfs_inode = 18446744073709551615u;
    payload.instance_id.value = "8d7c1f3e-4b5a-4c6d-9e8f-0a1b2c3d4e5f";
    return payload;
}

// `plain` with one field set to a piece of JSON, or taken out when that is empty.
std::string plain_with(const char* field, const std::string& value) {
    auto json = nlohmann::json::parse(plain);
    json.erase(field);
    std::string text = json.dump();
    if (!value.empty()) text.insert(1, "\"" + std::string(field) + "\":" + value + ",");
    return text;
}

TEST(LockPayload, IsReadBackAsItWasWritten) {
    EXPECT_EQ(*lock_payload_from_json(to_json(full_payload())), full_payload());
}

TEST(LockPayload, HasTheFieldNamesThatOtherProgramsRead) {
    const auto json = nlohmann::json::parse(to_json(full_payload()));
    EXPECT_EQ(json["pid"], 4242);
    EXPECT_EQ(json["hostname"], "box");
    EXPECT_EQ(json["started_at"], "2026-11-21T02:04:00.123Z");
    EXPECT_EQ(json["schema_version"], 1);
    EXPECT_EQ(json["start_time"], 123456);
    EXPECT_EQ(json["pid_ns"], 4026531836);
    EXPECT_EQ(to_json(full_payload()).back(), '\n');
}

TEST(LockPayload, ReadsThatOfAProgramThatWritesOnlyFourFields) {
    const auto payload = lock_payload_from_json(plain);
    ASSERT_TRUE(payload.ok());
    EXPECT_EQ(payload->pid, 4242);
    EXPECT_EQ(payload->start_time, 0u);
    EXPECT_TRUE(payload->boot_id.empty());
}

TEST(LockPayload, AcceptsUnknownFieldsAndLaterVersions) {
    EXPECT_TRUE(lock_payload_from_json(plain_with("colour", "[1, {}]")).ok());
    EXPECT_EQ(lock_payload_from_json(plain_with("schema_version", "7"))->schema_version, 7);
}

TEST(LockPayload, RefusesARequiredFieldThatIsMissingEmptyOrOfAnotherType) {
    for (const char* field : {"pid", "hostname", "started_at", "schema_version"}) {
        for (const char* value : {"", "null", "true", "[]", "{}", "\"\"", "0", "-1", "1.5", "1e30"}) {
            const auto payload = lock_payload_from_json(plain_with(field, value));
            ASSERT_FALSE(payload.ok()) << field << " = " << value;
            EXPECT_EQ(payload.error().code(), Errc::invalid_data);
            EXPECT_NE(payload.error().message().find(field), std::string::npos) << payload.error().message();
        }
    }
}

TEST(LockPayload, RefusesANumberThatNoProcessCanHave) {
    for (const std::string& pid : {std::string("2147483648"), std::string("4294967297"), std::string("1e5"),
                                   std::string("18446744073709551616"), std::string(5000, '9')}) {
        EXPECT_FALSE(lock_payload_from_json(plain_with("pid", pid)).ok()) << pid.substr(0, 30);
    }
    EXPECT_TRUE(lock_payload_from_json(plain_with("pid", "2147483647")).ok());
    EXPECT_TRUE(lock_payload_from_json(plain_with("pid", "1")).ok())
        << "pid 1 of a container may hold a lock";
}

TEST(LockPayload, TakesAdditionsThatAreNotOursForAbsentAndStillNamesTheHolder) {
    auto json = nlohmann::json::parse(plain);
    json["start_time"] = 1'795'226'640.5;
    json["boot_id"] = true;
    json["machine_id"] = nullptr;
    json["pid_ns"] = "pid:[4026531836]";
    json["pidfs_inode"] = -1;
    json["instance_id"] = "../../etc/passwd";
    const auto payload = lock_payload_from_json(json.dump());
    ASSERT_TRUE(payload.ok());
    EXPECT_EQ(*payload, *lock_payload_from_json(plain));
}

TEST(LockPayload, WritesAnyHostnameAsValidJson) {
    auto payload = full_payload();
    payload.hostname = "b\xff\"x\n";
    const auto back = lock_payload_from_json(to_json(payload));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->hostname, "b\xef\xbf\xbd\"x\n");
}

}  // namespace
}  // namespace reeve
