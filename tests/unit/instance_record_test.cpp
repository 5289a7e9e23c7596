#include "reeve/model/instance_record.hpp"

#include "support/records.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace reeve {
namespace {

using nlohmann::json;
using test::full_record;

json full_json() { return json::parse(to_json(full_record())); }

// The full record with one place set to a value.
Result<InstanceRecord> with(const char* pointer, const json& value) {
    json changed = full_json();
    changed[json::json_pointer(pointer)] = value;
    return instance_record_from_json(changed.dump());
}

Result<InstanceRecord> without(const char* pointer, const char* field) {
    json changed = full_json();
    changed[json::json_pointer(pointer)].erase(field);
    return instance_record_from_json(changed.dump());
}

TEST(InstanceRecord, IsReadBackAsItWasWritten) {
    EXPECT_EQ(*instance_record_from_json(to_json(full_record())), full_record());
    InstanceRecord bare;
    bare.instance_id.value = test::an_id;
    bare.owner.pid = 2;
    bare.started_at = "2026-11-21T02:04:00.123Z";
    EXPECT_EQ(*instance_record_from_json(to_json(bare)), bare);
}

TEST(InstanceRecord, IsReadBackWithAResourceThatDoesNotExistYet) {
    auto record = full_record();
    ProcessSessionRecord intended;
    intended.command = {"true"};
    record.sessions[SessionName{"api"}] = intended;
    ContainerSessionRecord container;
    container.engine = "podman";
    record.sessions[SessionName{"db"}] = container;
    EXPECT_EQ(*instance_record_from_json(to_json(record)), record);
    EXPECT_FALSE(json::parse(to_json(record))["sessions"]["api"].contains("pid")) << "never a pid of -1";
}

TEST(InstanceRecord, HasTheFieldsThatOtherTrackersRead) {
    const json text = full_json();
    EXPECT_EQ(text["instance_id"], test::an_id);
    EXPECT_EQ(text["pid"], 4242);
    EXPECT_EQ(text["started_at"], "2026-11-21T02:04:00.123Z");
    EXPECT_EQ(text["kind"], "exec");
    EXPECT_EQ(text["owner"]["start_time"], 123456);
    EXPECT_EQ(text["sessions"]["api"]["kind"], "process");
    EXPECT_EQ(text["sessions"]["db"]["container_id"], std::string(64, 'a'));
}

TEST(InstanceRecord, AcceptsUnknownFieldsAnywhere) {
    for (const char* pointer : {"/colour", "/owner/colour", "/sessions/api/colour", "/sessions/db/colour"}) {
        const auto record = with(pointer, json::array({1, nullptr}));
        ASSERT_TRUE(record.ok()) << pointer;
        EXPECT_EQ(*record, full_record());
    }
}

TEST(InstanceRecord, RefusesWhatIsNoPidOfOurs) {
    for (const char* pointer : {"/pid", "/owner/pid", "/sessions/api/pid", "/sessions/api/pgid"}) {
        for (const json& value : {json(true), json(0), json(-1), json(-4250), json(2147483648), json(1e30),
                                  json(4250.0), json("4250"), json::array({4250})}) {
            EXPECT_FALSE(with(pointer, value).ok()) << pointer << " = " << value;
        }
    }
}

// In a container the first process may be an owner; it is never a session, because sessions are signalled.
TEST(InstanceRecord, TakesTheFirstProcessForAnOwnerAndNotForASession) {
    json first = json::parse(to_json(test::full_record()));
    first["pid"] = first["owner"]["pid"] = 1;
    EXPECT_TRUE(instance_record_from_json(first.dump()).ok());
    for (const char* pointer : {"/sessions/api/pid", "/sessions/api/pgid"})
        EXPECT_FALSE(with(pointer, json(1)).ok()) << pointer;
}

TEST(InstanceRecord, RefusesTwoPidsThatContradictEachOther) { EXPECT_FALSE(with("/pid", 4243).ok()); }

TEST(InstanceRecord, RefusesIdsThatAreNoUuids) {
    for (const char* id : {"", "8D7C1F3E-4B5A-4C6D-9E8F-0A1B2C3D4E5F", "../../etc/passwd", "1"}) {
        EXPECT_FALSE(with("/instance_id", id).ok()) << id;
    }
}

TEST(InstanceRecord, RefusesSessionNamesThatCouldLeadElsewhere) {
    for (const char* name : {"..", "a/b", "-f", "", "a b", "\u00e9"}) {
        json changed = full_json();
        changed["sessions"][name] = changed["sessions"]["api"];
        EXPECT_FALSE(instance_record_from_json(changed.dump()).ok()) << name;
    }
}

TEST(InstanceRecord, RefusesControlGroupsThatCouldBeSomebodyElses) {
    for (const char* pointer : {"/cgroup", "/sessions/api/cgroup"}) {
        for (const json& path : {json("/"), json("relative"), json("/a/../.."), json("/.."), json("/a//b"),
                                 json("/a/./b"), json("/a/"), json(std::string("/a\0b", 4)), json(5)}) {
            EXPECT_FALSE(with(pointer, path).ok()) << pointer << " = " << path;
        }
        EXPECT_TRUE(with(pointer, "/user.slice/..a").ok());
    }
}

TEST(InstanceRecord, RefusesWhatAnEngineCouldTakeForAnOption) {
    for (const char* field : {"engine", "endpoint", "container", "image"}) {
        EXPECT_FALSE(with(("/sessions/db/" + std::string(field)).c_str(), "--privileged").ok()) << field;
    }
    for (const char* id : {"abc", "-f", "AAAA"})
        EXPECT_FALSE(with("/sessions/db/container_id", id).ok()) << id;
}

TEST(InstanceRecord, RefusesFieldsOfAnotherType) {
    for (const char* pointer :
         {"/instance_id", "/started_at", "/kind", "/hostname", "/owner", "/sessions", "/owner/start_time",
          "/owner/boot_id", "/owner/pid_ns", "/sessions/api", "/sessions/api/kind", "/sessions/api/command",
          "/sessions/api/start_time", "/sessions/db/engine"}) {
        for (const json& value : {json(true), json(-1), json(1.5), json::array({1})}) {
            const auto record = with(pointer, value);
            ASSERT_FALSE(record.ok()) << pointer << " = " << value;
            EXPECT_EQ(record.error().code(), Errc::invalid_data);
        }
    }
}

TEST(InstanceRecord, RefusesRequiredFieldsThatAreMissing) {
    for (const char* field : {"instance_id", "pid", "started_at", "kind", "owner", "sessions"}) {
        const auto record = without("", field);
        ASSERT_FALSE(record.ok()) << field;
        EXPECT_NE(record.error().message().find(field), std::string::npos) << record.error().message();
    }
    EXPECT_FALSE(without("/owner", "pid").ok());
    EXPECT_FALSE(without("/sessions/api", "kind").ok());
    EXPECT_FALSE(without("/sessions/db", "engine").ok());
}

TEST(InstanceRecord, SaysWhereTheProblemIs) {
    EXPECT_EQ(with("/sessions/api/pid", 0).error().why(),
              "sessions.api.pid is no process id that can be ours");
    EXPECT_EQ(with("/owner/boot_id", 5).error().why(), "owner.boot_id is no string");
}

TEST(InstanceRecord, RefusesBytesThatAreNoRecordAtAll) {
    for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("null"),
                                    std::string("5"), std::string("{}"), std::string("\xff\xfe", 2),
                                    std::string(100'000, '['), std::string(17u << 20, ' ')}) {
        EXPECT_FALSE(instance_record_from_json(text).ok()) << text.substr(0, 20);
    }
}

TEST(InstanceRecord, WritesArgumentsThatAreNotUtf8WithoutFailing) {
    auto record = full_record();
    std::get<ProcessSessionRecord>(record.sessions[SessionName{"api"}]).command = {"a\xff", ""};
    const auto back = instance_record_from_json(to_json(record));
    ASSERT_TRUE(back.ok());
    const auto& api = std::get<ProcessSessionRecord>(back->sessions.at(SessionName{"api"}));
    EXPECT_EQ(api.command, (std::vector<std::string>{"a\xef\xbf\xbd", ""}));
}

}  // namespace
}  // namespace reeve
