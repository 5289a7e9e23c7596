// What a session uses, metrics.prom, and the trees of ps.
#include "support/private_daemon.hpp"
#include "support/raw_client.hpp"
#include "support/test_image.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr double mebibyte = 1024 * 1024;

class Seeing : public testing::Test {
  protected:
    ~Seeing() override { daemon.stop_if_it_runs(); }
    // From the live supervisor.
    Json fresh(const std::string& name) const {
        const Json all = Json::parse(daemon.reeve({"status", "--json"}).out, nullptr, false);
        return all.is_object() ? all["sessions"][name] : Json();
    }
    // In its first moment the kernel may count no memory for a process, and the files are not written because
    // of figures: this session changes often enough.
    void write_more_than_once() {
        daemon.session("again") = shell("exit 0");
        daemon.session("again")["restart"] = "always";
        daemon.session("again")["backoff"] = {{"initial", "200ms"}, {"max", "200ms"}};
        daemon.session("again")["give_up_after"] = {{"restarts", 1000}, {"within", "1s"}};
    }

    PrivateDaemon daemon;
};

class Usage : public Seeing, public testing::WithParamInterface<const char*> {};

// A tree of three: the memory of a grandchild, and the time of a child that has ended.
TEST_P(Usage, IsThatOfTheWholeTree) {
    daemon.env["REEVE_CGROUP"] = GetParam();
    daemon.session("idle") = shell("exec sleep 1000");
    const std::string grows = "x=x; i=0; while [ $i -lt 25 ]; do x=$x$x; i=$((i+1)); done; sleep 1000; true";
    daemon.session("busy") = shell("(i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done); " +
                                   daemon.note("busy") + "(sh -c '" + grows + "'; true) & wait");
    daemon.start();
    (void)daemon.noted("busy");
    EXPECT_TRUE(wait_until([&] { return fresh("busy")["memory_bytes"] > 30 * mebibyte; }, 60s))
        << fresh("busy");
    EXPECT_GT(fresh("busy")["cpu_seconds"], 0.05);
    const Json idle = fresh("idle");
    EXPECT_GT(idle["memory_bytes"], 100'000);
    EXPECT_LT(idle["memory_bytes"], 20 * mebibyte);
    EXPECT_LT(idle["cpu_seconds"], 0.5);
    EXPECT_EQ(daemon.reeve({"stop", "busy"}).code, 0);
    EXPECT_EQ(fresh("busy")["memory_bytes"], 0) << "what does not run uses nothing";
    EXPECT_THAT(daemon.reeve({"status"}).out, HasSubstr(" MiB "));
}

INSTANTIATE_TEST_SUITE_P(Containment, Usage, testing::Values("on", "off"),
                         [](const auto& made) { return std::string("cgroup_") + made.param; });

TEST_F(Seeing, StatusFileHasTheFiguresOfItsLastWrite) {
    daemon.session("api") = shell("exec sleep 1000");
    write_more_than_once();
    daemon.start();
    EXPECT_TRUE(wait_until([&] {
        const Json now = daemon.session_status("api");
        return now.is_object() && now["state"] == "running" && now["memory_bytes"].is_number() &&
               now["memory_bytes"] > 0;
    }));
}

TEST_F(Seeing, ContainersAreMeasuredByTheirOwnProcesses) {
    REEVE_NEEDS_ENGINE("docker");
    daemon.config["engine"] = {{"command", "docker"}};
    daemon.session("db") = {{"image", test_image}, {"args", {"sleep", "1000"}}, {"stop", {{"grace", "0s"}}}};
    daemon.start();
    EXPECT_TRUE(wait_until(
        [&] {
            const Json db = fresh("db");
            return db["memory_bytes"].is_number() && db["memory_bytes"] > 10'000 &&
                   db["memory_bytes"] < 50 * mebibyte;
        },
        60s))
        << fresh("db");
}

// --- metrics.prom ---

// The text format, read as its description says; problems come back as text.
std::map<std::string, double> samples_of(const std::string& text, std::string& problem) {
    static const std::regex help(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
    static const std::regex type(
        R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped))");
    static const std::regex sample(
        R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\["\\n])*",?)*\})? (-?[0-9.]+))re");
    std::map<std::string, double> samples;
    std::set<std::string> families;
    std::string current;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        if (std::regex_match(line, parts, help)) {
            if (!families.insert(parts[1]).second) problem = "two families: " + line;
            current = parts[1];
        } else if (std::regex_match(line, parts, type)) {
            if (parts[1] != current) problem = "TYPE without HELP: " + line;
        } else if (std::regex_match(line, parts, sample)) {
            if (parts[1] != current) problem = "not in its family: " + line;
            if (!samples.emplace(parts[1].str() + parts[2].str(), std::stod(parts[5])).second)
                problem = "twice: " + line;
        } else {
            problem = "no line of the format: " + line;
        }
    }
    if (text.empty() || text.back() != '\n') problem = "no newline at the end";
    return samples;
}

class Metrics : public Seeing {
  protected:
    std::filesystem::path file() const { return daemon.store() / "metrics.prom"; }
};

TEST_F(Metrics, SayWhatTheStatusSays) {
    daemon.session("api") = shell("exec sleep 1000");
    daemon.session("bad") = {{"command", {"/bin/false"}}, {"restart", "never"}};
    write_more_than_once();
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("bad", "failed"));
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    std::string problem;
    std::map<std::string, double> samples;
    EXPECT_TRUE(wait_until([&] {
        samples = samples_of(read_text(file()), problem);
        return samples[R"(reeve_session_state{session="bad",kind="process",state="failed"})"] == 1 &&
               samples[R"(reeve_session_ready{session="api",kind="process"})"] == 1 &&
               samples[R"(reeve_session_memory_bytes{session="api",kind="process"})"] > 0;
    }));
    EXPECT_EQ(problem, "");
    EXPECT_EQ(samples[R"(reeve_session_state{session="api",kind="process",state="running"})"], 1);
    EXPECT_EQ(samples[R"(reeve_session_state{session="api",kind="process",state="failed"})"], 0);
    EXPECT_EQ(samples[R"(reeve_supervisor_state{state="running"})"], 1);
    EXPECT_EQ(samples[R"(reeve_instances{state="alive"})"], 1);
    EXPECT_EQ(mode_of(file()), 0600);
    EXPECT_EQ(daemon.stop(), 0);
    samples = samples_of(read_text(file()), problem);
    EXPECT_EQ(samples[R"(reeve_supervisor_state{state="stopped"})"], 1);
    EXPECT_EQ(problem, "");
}

TEST_F(Metrics, AreAcceptedByPromtool) {
#ifndef REEVE_PROMTOOL
    GTEST_SKIP() << "promtool is not there; scripts/test gets it";
#else
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    ASSERT_TRUE(wait_until([&] { return read_text(file()).find("\"api\"") != std::string::npos; }));
    Program promtool;
    promtool.argv = {REEVE_PROMTOOL, "check", "metrics"};
    promtool.input = read_text(file());
    const Ended ended = run_program(promtool);
    EXPECT_EQ(ended.code, 0) << ended.err << ended.out;
    EXPECT_EQ(ended.err, "") << "no lint either";
    // It is no program that accepts everything.
    promtool.input += "reeve_session_ready{session=\"api\" 1\n";
    EXPECT_NE(run_program(promtool).code, 0);
#endif
}

// --- ps ---

TEST_F(Seeing, PsDrawsInstancesSessionsAndProcessesAsATree) {
    daemon.session("api") = shell(daemon.note("api") + "sh -c 'sleep 1000 & wait; true' & sleep 2000 & wait");
    daemon.session("web") = shell(daemon.note("web") + "exec sleep 1000");
    daemon.start();
    const std::string api = std::to_string(daemon.noted("api").pid());
    const std::string web = std::to_string(daemon.noted("web").pid());
    ASSERT_TRUE(wait_until([&] { return daemon.marks().size() == 5; }));
    const std::string ascii = daemon.reeve({"ps"}).out;
    EXPECT_THAT(ascii, HasSubstr("\n|- api\n|  `- " + api + " "));
    EXPECT_THAT(ascii, HasSubstr("\n|     |- "));
    EXPECT_THAT(ascii, HasSubstr("\n|     |  `- "));
    EXPECT_THAT(ascii, HasSubstr("\n`- web\n   `- " + web + " sleep 1000\n"));
    daemon.env["LC_ALL"] = "C.UTF-8";
    const std::string drawn = daemon.reeve({"ps"}).out;
    EXPECT_THAT(drawn, HasSubstr("\n├─ api\n│  └─ " + api + " "));
    EXPECT_THAT(drawn, HasSubstr("\n└─ web\n   └─ " + web + " sleep 1000\n"));
}

}  // namespace
}  // namespace reeve::test
