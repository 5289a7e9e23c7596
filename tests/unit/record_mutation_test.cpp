// Damaged files of every kind: a parser gives a record that holds its promises, or says no.
#include "reeve/model/instance_record.hpp"
#include "reeve/model/lock_payload.hpp"
#include "support/records.hpp"

#include <gtest/gtest.h>

#include <random>

namespace reeve {
namespace {

class Damage {
  public:
    std::string operator()(std::string text) {
        for (int i = 1 + below(4); i > 0 && !text.empty(); --i) hurt(text);
        return text;
    }

  private:
    int below(std::size_t limit) {
        return static_cast<int>(std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_));
    }
    void hurt(std::string& text) {
        static const std::vector<std::string> pieces = {"null",
                                                        "true",
                                                        "-1",
                                                        "0",
                                                        "1",
                                                        "2147483648",
                                                        "1e30",
                                                        "1e999",
                                                        "[",
                                                        "]",
                                                        "{",
                                                        "}",
                                                        "\"",
                                                        "\\",
                                                        "\\u0000",
                                                        "\\ud800",
                                                        ",",
                                                        ":",
                                                        "..",
                                                        "/",
                                                        "--",
                                                        "\xff",
                                                        "\xc3",
                                                        "[[[[[",
                                                        "{\"a\":",
                                                        "18446744073709551616",
                                                        "-9223372036854775809",
                                                        std::string(1, '\0')};
        const auto at = static_cast<std::size_t>(below(text.size()));
        const auto length = static_cast<std::size_t>(1 + below(16));
        switch (below(6)) {
            case 0:
                text.resize(at);
                break;
            case 1:
                text[at] = static_cast<char>(below(256));
                break;
            case 2:
                text.erase(at, length);
                break;
            case 3:
                text.insert(at, text.substr(static_cast<std::size_t>(below(text.size())), length));
                break;
            case 4:
                text.insert(at, pieces[static_cast<std::size_t>(below(pieces.size()))]);
                break;
            default: {  // one value for another, which keeps the JSON whole and reaches the checks of fields
                const auto colon = text.find(": ", at);
                if (colon == std::string::npos) break;
                const auto end = text.find_first_of(",\n", colon);
                text.replace(colon + 2, end - colon - 2,
                             pieces[static_cast<std::size_t>(below(pieces.size()))]);
            }
        }
    }
    std::mt19937 random_{20261121};  // always the same damage
};

void expect_promises(const InstanceRecord& record) {
    EXPECT_TRUE(is_uuid(record.instance_id.value));
    EXPECT_GT(record.owner.pid, 1);
    for (const auto& [name, session] : record.sessions) {
        EXPECT_TRUE(is_session_name(name.value));
        if (const auto* process = std::get_if<ProcessSessionRecord>(&session)) {
            EXPECT_TRUE(process->pid == -1 || process->pid > 1);
            EXPECT_TRUE(process->pgid == -1 || process->pgid > 1);
            EXPECT_EQ(process->cgroup.find("/../"), std::string::npos);
        }
    }
    EXPECT_EQ(*instance_record_from_json(to_json(record)), record);
}

TEST(DamagedFiles, NeverMakeTheReaderOfInstanceRecordsBreakItsPromises) {
    const std::string whole = to_json(test::full_record());
    Damage damage;
    int readable = 0;
    for (int i = 0; i < 3000; ++i) {
        const auto record = instance_record_from_json(damage(whole));
        if (!record.ok()) continue;
        ++readable;
        expect_promises(*record);
    }
    EXPECT_GT(readable, 30) << "the damage is too great to reach what comes after the parser of JSON";
    EXPECT_LT(readable, 2000) << "the damage is too small to mean anything";
}

TEST(DamagedFiles, NeverMakeTheReaderOfLockFilesBreakItsPromises) {
    LockPayload payload;
    payload.pid = 4242;
    payload.hostname = "box";
    payload.started_at = "2026-11-21T02:04:00.123Z";
    payload.start_time = 7;
    payload.instance_id.value = test::an_id;
    const std::string whole = to_json(payload);
    Damage damage;
    int readable = 0;
    for (int i = 0; i < 3000; ++i) {
        const auto read = lock_payload_from_json(damage(whole));
        if (!read.ok()) continue;
        ++readable;
        EXPECT_GT(read->pid, 0);
        EXPECT_GT(read->schema_version, 0);
        EXPECT_FALSE(read->hostname.empty() || read->started_at.empty());
        EXPECT_TRUE(read->instance_id.empty() || is_uuid(read->instance_id.value));
        EXPECT_EQ(*lock_payload_from_json(to_json(*read)), *read);
    }
    EXPECT_GT(readable, 30);
    EXPECT_LT(readable, 2000);
}

TEST(DamagedFiles, AreRefusedWhereverTheyAreCut) {
    const std::string whole = to_json(test::full_record());
    for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
        EXPECT_FALSE(instance_record_from_json(whole.substr(0, length)).ok()) << length;
    }
}

}  // namespace
}  // namespace reeve
