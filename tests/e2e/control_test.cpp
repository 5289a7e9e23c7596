// The control socket: every method, the events, and the session of docs/control.md as it is typed.
#include "support/private_daemon.hpp"
#include "support/raw_client.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <sstream>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Control : public testing::Test {
  protected:
    ~Control() override { daemon.stop_if_it_runs(); }
    void start() {
        daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
        daemon.start();
        ASSERT_TRUE(daemon.wait_for_state("api", "running"));
        path = daemon.status()["control"].get<std::string>();
        (void)daemon.noted("api");
    }
    Json call(const std::string& method, const Json& params = Json::object()) const {
        return RawClient(path).call(method, params);
    }

    PrivateDaemon daemon;
    std::string path;
};

TEST_F(Control, IsASocketForItsUserAlone) {
    start();
    EXPECT_TRUE(std::filesystem::is_socket(path));
    EXPECT_EQ(mode_of(path), 0600);
}

TEST_F(Control, AnswersSeveralRequestsInTheirOrder) {
    start();
    RawClient client(path);
    std::string lines;
    for (int i = 0; i < 50; ++i) {
        lines +=
            Json{{"jsonrpc", "2.0"}, {"id", i}, {"method", i % 2 == 0 ? "status" : "dance"}}.dump() + "\n";
    }
    client.send(lines);
    client.no_more_lines();  // who has said all still gets all answers
    for (int i = 0; i < 50; ++i) {
        const Json answer = client.answer();
        ASSERT_TRUE(answer.is_object()) << i;
        EXPECT_EQ(answer["id"], i);
        EXPECT_EQ(answer.contains("error"), i % 2 == 1);
    }
    EXPECT_TRUE(client.cut_off());
}

TEST_F(Control, GivesBackTheIdAsItWasAndAnswersNoNotification) {
    start();
    RawClient client(path);
    client.send("{\"jsonrpc\":\"2.0\",\"method\":\"status\"}\n\n \r\n");
    for (const Json& id : {Json("text"), Json(nullptr), Json(-5), Json(1.5), Json(18446744073709551615ULL)}) {
        client.send(Json{{"jsonrpc", "2.0"}, {"id", id}, {"method", "status"}}.dump() + "\n");
        const Json answer = client.answer();
        EXPECT_EQ(answer["id"], id);
        EXPECT_EQ(answer["result"]["pid"], daemon.pid());
    }
}

TEST_F(Control, RefusesWhatIsNoRequestAndGoesOn) {
    start();
    RawClient client(path);
    const std::vector<std::pair<std::string, int>> refused{
        {"hello", -32700},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"", -32700},
        {"\xff\xfe\x01", -32700},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc3\x28\"}", -32700},
        {std::string(100'000, '['), -32700},
        {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}]", -32600},
        {"1", -32600},
        {"\"status\"", -32600},
        {"null", -32600},
        {"{}", -32600},
        {R"({"jsonrpc":"1.0","id":1,"method":"status"})", -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
        {R"({"jsonrpc":"2.0","id":{"a":1},"method":"status"})", -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":"dance"})", -32601},
        {R"({"jsonrpc":"2.0","id":1,"method":"stop","params":["api"]})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"stop","params":{}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"stop","params":{"names":[]}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"stop","params":{"names":"api"}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"stop","params":{"names":[1]}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"reload","params":{"dry_run":"yes"}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"add","params":{"name":"x"}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"add","params":{"name":"../x","session":{}}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"add","params":{"name":"x","session":[]}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"instance.register","params":{"pid":1}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"instance.register","params":{"pid":-1}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"instance.track","params":{"instance_id":"../../x"}})", -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"stop","params":{"names":["nobody"]}})", -32000},
    };
    for (const auto& [text, code] : refused) {
        client.send(text + "\n");
        const Json answer = client.answer();
        ASSERT_TRUE(answer.is_object()) << text.substr(0, 60);
        EXPECT_EQ(answer["error"]["code"], code) << text.substr(0, 60) << answer;
    }
    EXPECT_EQ(client.call("status")["result"]["pid"], daemon.pid());
    EXPECT_TRUE(daemon.noted("api").running());
}

TEST_F(Control, StopsStartsAndRestarts) {
    start();
    EXPECT_TRUE(call("stop", {{"names", {"api", "api"}}}).contains("result"));
    EXPECT_FALSE(daemon.noted("api").running());
    daemon.forget_note("api");
    EXPECT_TRUE(call("start", {{"names", {"api"}}}).contains("result"));
    const auto& first = daemon.noted("api");
    daemon.forget_note("api");
    EXPECT_TRUE(call("restart", {{"names", {"api"}}}).contains("result"));
    EXPECT_FALSE(first.running());
    EXPECT_TRUE(daemon.noted("api").running());
    EXPECT_TRUE(call("reap")["result"]["reaper"]["last_run"].is_object());
}

TEST_F(Control, EndsTheSupervisorWhenAsked) {
    start();
    EXPECT_EQ(call("shutdown"), Json::parse(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
    EXPECT_EQ(daemon.wait_exit(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_F(Control, RegistersInstancesOfOtherPrograms) {
    start();
    auto owner = WatchedProcess::of(daemon.noted("api").pid());
    const Json registered = call("instance.register", {{"pid", owner->pid()}});
    ASSERT_TRUE(registered.contains("result")) << registered;
    const std::string id = registered["result"]["instance_id"];
    EXPECT_EQ(registered["result"]["labels"]["reeve.instance"], id);
    EXPECT_EQ(daemon.record_of(id)["kind"], "external");

    EXPECT_TRUE(call("instance.track", {{"instance_id", id}, {"session", "x"}, {"pid", owner->pid()}})
                    .contains("result"));
    EXPECT_EQ(daemon.record_of(id)["sessions"]["x"]["pid"], owner->pid());
    EXPECT_THAT(call("instance.unregister", {{"instance_id", id}})["error"]["message"].get<std::string>(),
                HasSubstr("still tracked"));
    EXPECT_TRUE(call("instance.untrack", {{"instance_id", id}, {"session", "x"}}).contains("result"));
    EXPECT_TRUE(call("instance.unregister", {{"instance_id", id}}).contains("result"));
    EXPECT_TRUE(daemon.record_of(id).is_null());
    EXPECT_EQ(call("instance.unregister", {{"instance_id", id}})["error"]["data"]["kind"], "not_found");

    // The record of the supervisor itself is its own alone.
    const std::string own = daemon.status()["instance_id"];
    EXPECT_TRUE(call("instance.untrack", {{"instance_id", own}, {"session", "api"}}).contains("error"));
    EXPECT_TRUE(daemon.record_of(own)["sessions"].contains("api"));
}

// --- events ---

TEST_F(Control, TellsEventsFromTheStatusOn) {
    start();
    RawClient listener(path);
    const Json first = listener.call("events");
    EXPECT_EQ(first["result"]["sessions"]["api"]["state"], "running");
    EXPECT_TRUE(call("restart", {{"names", {"api"}}}).contains("result"));
    std::string was = "running";
    for (const std::string next : {"stopping", "stopped", "waiting", "starting", "running"}) {
        const Json event = listener.event("session", [](const Json&) { return true; });
        ASSERT_TRUE(event.is_object()) << next;
        EXPECT_EQ(event["session"], "api");
        EXPECT_EQ(event["was"], was);
        EXPECT_EQ(event["state"], next);
        EXPECT_EQ(event["status"]["state"], next);
        was = next;
    }
    RawClient another(path);
    another.call("events");
    EXPECT_TRUE(call("stop", {{"names", {"api"}}}).contains("result"));
    for (RawClient* each : {&listener, &another}) {
        const Json receipt = each->event("receipt", [](const Json&) { return true; });
        ASSERT_TRUE(receipt.is_object());
        EXPECT_EQ(receipt["receipt"]["session"], "api");
    }
}

TEST_F(Control, TellsOfAttentionReapsAndTheEnd) {
    start();
    RawClient listener(path);
    listener.call("events");
    EXPECT_TRUE(call("add", {{"name", "bad"},
                             {"session",
                              {{"command", {"sh", "-c", "exit 3"}},
                               {"give_up_after", {{"restarts", 0}, {"within", "1m"}}}}}})
                    .is_object());
    const Json attention = listener.event("attention", [](const Json& event) {
        return event["attention"].dump().find("bad") != std::string::npos;
    });
    EXPECT_TRUE(attention.is_object());
    EXPECT_TRUE(call("shutdown").contains("result"));
    EXPECT_TRUE(
        listener.event("supervisor", [](const Json& e) { return e["state"] == "stopping"; }).is_object());
    EXPECT_TRUE(listener.cut_off());
    EXPECT_EQ(daemon.wait_exit(), 0);
}

// --- the session of the documentation, as typed ---

// The console blocks that talk to the socket: lines sent are those that do not begin with
// {"jsonrpc":"2.0","result or "error: each is sent to one socat, and what it prints is compared with what
// stands there.
TEST_F(Control, IsAsItsDocumentationShows) {
    daemon.session("site") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("site", "running"));
    std::istringstream document(read_text(std::filesystem::path(REEVE_DOCUMENTS) / "control.md"));
    std::string sent;
    std::string expected;
    bool inside = false;
    int blocks = 0;
    for (std::string line; std::getline(document, line);) {
        if (line.starts_with("$ socat")) {
            inside = true;
            ++blocks;
        } else if (line.starts_with("```")) {
            inside = false;
        } else if (inside) {
            const bool answer = line.starts_with(R"({"jsonrpc":"2.0","result")") ||
                                line.starts_with(R"({"jsonrpc":"2.0","error")");
            (answer ? expected : sent) += line + "\n";
        }
    }
    ASSERT_EQ(blocks, 1);
    ASSERT_FALSE(sent.empty());
    Program socat;
    socat.argv = {"/usr/bin/socat", "-t", "60", "-",
                  "UNIX-CONNECT:" + daemon.status()["control"].get<std::string>()};
    socat.input = sent;
    const Ended ended = run_program(socat);
    EXPECT_EQ(ended.out, expected) << ended.err;
}

}  // namespace
}  // namespace reeve::test
