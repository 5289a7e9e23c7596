// "No change of the registry is reported as done before it is durable", as the kernel saw it: the order of
// the calls of a real supervisor, by strace.
#include "support/private_daemon.hpp"
#include "support/raw_client.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace reeve::test {
namespace {

class DurableChange : public testing::Test {
  protected:
    void SetUp() override {
#ifndef REEVE_STRACE
        GTEST_SKIP() << "strace is not installed";
#else
        // -D: what is started keeps its pid. A tracer is in the way of LeakSanitizer, which traces at the
        // end.
        daemon.env["ASAN_OPTIONS"] = "detect_leaks=0";
        daemon.run_through = {REEVE_STRACE,
                              "-D",
                              "-f",
                              "-qq",
                              "-y",
                              "-s",
                              "400",
                              "-e",
                              "signal=none",
                              "-e",
                              "trace=fsync,/^rename,/^recv,/^send",
                              "-o",
                              trace.string()};
        daemon.launch();
        ASSERT_TRUE(wait_until([&] {
            const Json now = daemon.status();
            return now.is_object() && now["state"] == "running" && !now["reaper"]["last_run"].is_null();
        })) << daemon.printed();
        control = daemon.status()["control"].get<std::string>();
        owner = daemon.pid();
#endif
    }
    void TearDown() override { daemon.stop_if_it_runs(); }

    std::string registered() const {
        const Json answer = RawClient(control).call("instance.register", {{"pid", owner}});
        return answer["result"]["instance_id"];
    }
    std::vector<std::string> calls() const {
        std::vector<std::string> lines;
        std::istringstream text(read_text(trace));
        for (std::string line; std::getline(text, line);) lines.push_back(line);
        return lines;
    }

    PrivateDaemon daemon;
    std::filesystem::path trace = daemon.home() / "trace";
    std::string control;
    pid_t owner = -1;
};

using Lines = std::vector<std::string>;

Lines::const_iterator next(const Lines& lines, Lines::const_iterator from,
                           const std::vector<std::string>& with) {
    return std::find_if(from, lines.end(), [&](const std::string& line) {
        return std::all_of(with.begin(), with.end(),
                           [&](const std::string& text) { return line.find(text) != std::string::npos; });
    });
}

// A call that ended well, whether or not another thread's stands between its two halves.
bool ended_well(const std::string& line) { return line.ends_with(" = 0"); }

// Whether between two lines a file of the registry was synced, got the name of the instance, and the folder
// was synced.
bool made_durable(Lines::const_iterator from, Lines::const_iterator to, const std::string& id) {
    enum { nothing, file, name, folder } seen = nothing;
    std::map<std::string, std::string> unfinished;  // by thread
    for (auto line = from; line != to; ++line) {
        const std::string thread = line->substr(0, line->find(' '));
        std::string call = *line;
        if (call.find("<unfinished") != std::string::npos) {
            unfinished[thread] = call;
            continue;
        }
        if (call.find("resumed>") != std::string::npos) call = unfinished[thread] + call;
        if (!ended_well(call)) continue;
        const bool synced = call.find("fsync(") != std::string::npos;
        if (synced && call.find("/instances/.tmp-") != std::string::npos) seen = std::max(seen, file);
        if (seen == file && call.find(" rename") != std::string::npos &&
            call.find(id + ".json") != std::string::npos)
            seen = name;
        if (seen == name && synced && call.find("/instances>") != std::string::npos) seen = folder;
    }
    return seen == folder;
}

TEST_F(DurableChange, IsReportedOnlyWhenItIsDurable) {
    const std::string id = registered();
    constexpr int changes = 6;
    RawClient client(control);
    for (int i = 0; i < changes; ++i) {
        const std::string name = "mark-" + std::to_string(i);
        const Json answer =
            client.call("instance.track", {{"instance_id", id}, {"session", name}, {"pid", owner}});
        ASSERT_TRUE(answer.contains("result")) << answer;
    }
    daemon.stop_if_it_runs();

    const Lines lines = calls();
    for (int i = 0; i < changes; ++i) {
        const auto asked =
            next(lines, lines.begin(), {"recv", "instance.track", "mark-" + std::to_string(i)});
        ASSERT_NE(asked, lines.end());
        const auto answered = next(lines, asked, {"send", "result"});
        ASSERT_NE(answered, lines.end());
        EXPECT_TRUE(made_durable(asked, answered, id)) << "change " << i;
    }
}

TEST_F(DurableChange, SharesItsWriteWithOthersThatComeMeanwhile) {
    const std::string id = registered();
    constexpr int changes = 30;
    std::vector<RawClient> clients;
    for (int i = 0; i < changes; ++i) clients.emplace_back(control);
    for (int i = 0; i < changes; ++i) {
        clients[static_cast<std::size_t>(i)].send_request(
            "instance.track", {{"instance_id", id}, {"session", "s" + std::to_string(i)}, {"pid", owner}});
    }
    for (RawClient& client : clients) EXPECT_TRUE(client.answer().contains("result"));
    EXPECT_EQ(daemon.record_of(id)["sessions"].size(), changes);
    daemon.stop_if_it_runs();

    const Lines lines = calls();
    const auto first = next(lines, lines.begin(), {"recv", "instance.track"});
    const auto writes = std::count_if(first, lines.end(), [&](const std::string& line) {
        return line.find(" rename") != std::string::npos && line.find(id + ".json") != std::string::npos;
    });
    EXPECT_GE(writes, 1);
    EXPECT_LT(writes, changes / 2);
}

}  // namespace
}  // namespace reeve::test
