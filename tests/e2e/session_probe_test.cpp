// Readiness and liveness, with programs that are what they claim to be.
#include "reeve/base/unique_fd.hpp"
#include "support/private_daemon.hpp"
#include "support/test_image.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

// A port of the loopback that nobody has at this moment. Somebody may take it before the session does: the
// session then fails and is started again.
int free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    return ntohs(address.sin_port);
}

class SessionProbe : public testing::Test {
  protected:
    ~SessionProbe() override { daemon.stop_if_it_runs(); }

    bool wait_ready(const std::string& name) {
        return wait_until([&] { return daemon.session_status(name).value("ready", false); });
    }
    // Waits for a file of this test: `open(name)` lets it pass.
    std::string gate(const std::string& name) const {
        return "while [ ! -e " + path(name) + " ]; do sleep 0.05; done; ";
    }
    void open(const std::string& name) { std::ofstream(path(name)) << "\n"; }
    std::string path(const std::string& name) const { return (daemon.home() / name).string(); }
    std::string why_ended(const std::string& name) {
        const Json exit = daemon.session_status(name)["last_exit"];
        return exit.is_object() && exit["why"].is_string() ? exit["why"].get<std::string>() : "";
    }
    Json fast(Json probe) {
        probe["interval"] = "20ms";
        return probe;
    }
    Json python(const std::string& script) {
        std::ofstream(path("program.py")) << script;
        return {{"command", {"python3", path("program.py")}}};
    }

    PrivateDaemon daemon;
};

TEST_F(SessionProbe, HttpWaitsForAPageThatIsThere) {
    const std::string port = std::to_string(free_port());
    std::filesystem::create_directory(path("site"));
    daemon.session("web") = {{"command", {"python3", "-m", "http.server", "--bind", "127.0.0.1", port}},
                             {"cwd", path("site")}};
    daemon.session("web")["ready"] = fast({{"http", "http://127.0.0.1:" + port + "/page"}});
    daemon.session("later") = shell(daemon.note("later") + "exec sleep 1000");
    daemon.session("later")["after"] = {"web"};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("web", "running"));
    EXPECT_TRUE(stays([&] { return daemon.session_status("later")["state"] == "waiting"; }))
        << "the server answers, but with 404";
    EXPECT_EQ(daemon.session_status("web")["ready"], false);
    std::ofstream(path("site/page")) << "x";
    ASSERT_TRUE(wait_ready("web"));
    ASSERT_TRUE(daemon.wait_for_state("later", "running"));
}

TEST_F(SessionProbe, TcpWaitsForAListener) {
    const int port = free_port();
    daemon.session("db") = python(
        "import socket, time, os\n"
        "while not os.path.exists('" +
        path("listen") +
        "'): time.sleep(0.05)\n"
        "s = socket.create_server(('127.0.0.1', " +
        std::to_string(port) +
        "))\n"
        "while True: s.accept()[0].close()\n");
    daemon.session("db")["ready"] = fast({{"tcp", "localhost:" + std::to_string(port)}});
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    EXPECT_TRUE(stays([&] { return daemon.session_status("db")["ready"] == false; }));
    open("listen");
    EXPECT_TRUE(wait_ready("db"));
}

TEST_F(SessionProbe, ExecWaitsForAProgramThatSucceedsWithTheVariablesOfTheSession) {
    daemon.session("db") = shell("exec sleep 1000");
    daemon.session("db")["env"] = {{"WHERE", path("flag")}};
    daemon.session("db")["ready"] = fast({{"exec", {"sh", "-c", "test -e \"$WHERE\""}}});
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    EXPECT_TRUE(stays([&] { return daemon.session_status("db")["ready"] == false; }));
    open("flag");
    EXPECT_TRUE(wait_ready("db"));
}

TEST_F(SessionProbe, LogWaitsForALineOfThisRun) {
    daemon.session("api") =
        shell("if [ ! -e " + path("second") + " ]; then echo 'listening on 1'; touch " + path("second") +
              "; exit 1; fi; printf 'listen'; " + gate("half") + "echo 'ing on 8000'; exec sleep 1000");
    daemon.session("api")["backoff"] = {{"initial", "10ms"}, {"max", "10ms"}};
    daemon.session("api")["ready"] = {{"log", "^listening on [0-9]+$"}};
    daemon.start();
    ASSERT_TRUE(wait_until([&] {
        const Json api = daemon.session_status("api");
        return api["restarts"] == 1 && api["state"] == "running";
    }));
    EXPECT_TRUE(stays([&] { return daemon.session_status("api")["ready"] == false; }))
        << "the line of the first run does not count, nor does half a line";
    open("half");
    EXPECT_TRUE(wait_ready("api"));
}

TEST_F(SessionProbe, NotifyHearsReadyAndStatusOfTheSessionOnly) {
    daemon.session("api") = python(
        "import os, socket, time\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "open('" +
        path("socket") +
        "', 'w').write(os.environ['NOTIFY_SOCKET'])\n"
        "s.sendto(b'STATUS=warming\\x1b[2J up\\nMAINPID=1', os.environ['NOTIFY_SOCKET'])\n"
        "while not os.path.exists('" +
        path("go") +
        "'): time.sleep(0.05)\n"
        "if os.fork() == 0:\n"
        "    s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])\n"
        "time.sleep(1000)\n");
    daemon.session("api")["ready"] = {{"notify", true}};
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("api")["message"].is_string(); }));
    EXPECT_EQ(daemon.session_status("api")["message"], "warming\\x1b[2J up");
    EXPECT_EQ(daemon.session_status("api")["ready"], false);
    const pid_t pid = daemon.session_status("api")["pid"];
    EXPECT_GT(pid, 1) << "MAINPID is not believed";

    // A stranger of this very user, which stays alive until it was judged.
    const std::string socket = read_text(path("socket"));
    Program stranger;
    stranger.argv = {"/usr/bin/python3", "-c",
                     "import socket, sys, time\n"
                     "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                     "s.connect(sys.argv[1])\n"
                     "s.send(b'READY=1')\n"
                     "r, w = socket.socketpair()\n"
                     "socket.send_fds(s, [b'BARRIER=1'], [w.fileno()])\n"
                     "w.close()\n"
                     "r.recv(1)\n",
                     socket};
    EXPECT_EQ(run_program(stranger).code, 0) << "the barrier opens when all before it was heard";
    EXPECT_TRUE(stays([&] { return daemon.session_status("api")["ready"] == false; }));
    open("go");
    EXPECT_TRUE(wait_ready("api")) << "a child of the session may say it";
    daemon.stop_if_it_runs();
    EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(SessionProbe, WhatDoesNotBecomeReadyHasFailedAndSaysWhy) {
    daemon.session("api") = shell("echo 'cannot find the database'; exec sleep 1000");
    daemon.session("api")["restart"] = "never";
    daemon.session("api")["ready"] =
        fast({{"exec", {"sh", "-c", "echo not yet >&2; exit 3"}}, {"timeout", "3s"}});
    daemon.session("later") = shell("exit 0");
    daemon.session("later")["after"] = {"api"};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    const Json api = daemon.session_status("api");
    EXPECT_THAT(why_ended("api"),
                AllOf(HasSubstr("not ready within 3s"), HasSubstr("exited with 3"), HasSubstr("not yet")));
    EXPECT_EQ(api["attention"], why_ended("api"));
    EXPECT_EQ(api["last_output"], "cannot find the database");
    EXPECT_THAT(daemon.log_of("reeve"), HasSubstr("not ready within 3s"));
    EXPECT_EQ(daemon.session_status("later")["state"], "waiting");
    const Ended started = daemon.reeve({"start", "api"});
    EXPECT_EQ(started.code, 1);
    EXPECT_THAT(started.err, HasSubstr("not ready within 3s"));
}

TEST_F(SessionProbe, LivenessEndsWhatHangsAndCountsInTheBudget) {
    daemon.session("api") = shell("rm -f " + path("well") + "; touch " + path("well") + "; exec sleep 1000");
    daemon.session("api")["backoff"] = {{"initial", "10ms"}, {"max", "10ms"}};
    daemon.session("api")["give_up_after"] = {{"restarts", 2}, {"within", "1h"}};
    daemon.session("api")["stop"] = {{"grace", "5s"}};
    daemon.session("api")["ready"] = fast({{"exec", {"test", "-e", path("well")}}});
    daemon.session("api")["live"] = fast({{"exec", {"test", "-e", path("well")}}, {"failures", 2}});
    daemon.start();
    ASSERT_TRUE(wait_ready("api"));
    EXPECT_TRUE(stays([&] { return daemon.session_status("api")["restarts"] == 0; })) << "it is well";
    for (int restarts = 1; restarts <= 2; ++restarts) {
        std::filesystem::remove(path("well"));
        ASSERT_TRUE(wait_until([&] { return daemon.session_status("api")["restarts"] == restarts; }));
        ASSERT_TRUE(wait_ready("api"));
        EXPECT_THAT(why_ended("api"), AllOf(HasSubstr("not live"), HasSubstr("2 times in a row")));
    }
    std::filesystem::remove(path("well"));
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    const std::string attention = daemon.session_status("api")["attention"];
    EXPECT_THAT(attention, AllOf(HasSubstr("2 times within"), HasSubstr("not live")));
    EXPECT_THAT(daemon.log_of("reeve"), HasSubstr("session given up"));
}

TEST_F(SessionProbe, AWatchdogThatFallsSilentEndsIt) {
    daemon.session("api") = python(
        "import os, socket, time\n"
        "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "pause = int(os.environ['WATCHDOG_USEC']) / 2e6\n"
        "while not os.path.exists('" +
        path("silent") +
        "'):\n"
        "    s.sendto(b'WATCHDOG=1', os.environ['NOTIFY_SOCKET']); time.sleep(pause)\n"
        "time.sleep(1000)\n");
    daemon.session("api")["restart"] = "never";
    daemon.session("api")["live"] = {{"notify", true}, {"interval", "1s"}, {"failures", 2}};
    daemon.start();
    EXPECT_TRUE(wait_ready("api"));
    EXPECT_TRUE(stays([&] { return daemon.session_status("api")["state"] == "running"; }, 3s));
    open("silent");
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    EXPECT_THAT(why_ended("api"), HasSubstr("no WATCHDOG=1 within 1s"));
}

// A server that accepts and never answers must hold up neither the stop nor anything else.
TEST_F(SessionProbe, AProbeThatHangsHoldsUpNothing) {
    const int port = free_port();
    daemon.session("api") = python(
        "import socket, time\n"
        "s = socket.create_server(('127.0.0.1', " +
        std::to_string(port) +
        "))\n"
        "print('listening', flush=True)\n"
        "time.sleep(1000)\n");
    daemon.session("api")["ready"] = {{"http", "http://127.0.0.1:" + std::to_string(port)},
                                      {"timeout", "1h"}};
    daemon.session("exec") = shell("exec sleep 1000");
    daemon.session("exec")["ready"] = {{"exec", {"sleep", "1000"}}, {"timeout", "1h"}};
    daemon.session("other") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.log_of("api").find("listening") != std::string::npos; }));
    EXPECT_TRUE(wait_ready("other"));
    EXPECT_EQ(daemon.reeve({"stop", "api", "exec"}, 10s).code, 0);
    EXPECT_TRUE(daemon.wait_for_state("api", "stopped"));
}

class ContainerProbe : public SessionProbe {
  protected:
    void SetUp() override {
        REEVE_NEEDS_ENGINE("docker");
        daemon.config["engine"] = {{"command", "docker"}, {"timeout", "60s"}};
    }
    Json container(const std::string& script) {
        return {{"image", test_image}, {"args", {"sh", "-c", script}}, {"stop", {{"grace", "0s"}}}};
    }
    Ended inside(const std::string& script) {
        Program docker;
        docker.argv = {
            "/usr/bin/docker", "exec", daemon.session_status("db")["container_id"], "sh", "-c", script};
        docker.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/root"}};
        return run_program(docker);
    }
};

TEST_F(ContainerProbe, ItsHealthcheckTellsReadyAndUnhealthyEndsIt) {
    daemon.session("db") = container("sleep 1000");
    daemon.session("db")["options"] = {"--health-cmd=test -e /well", "--health-interval=200ms",
                                       "--health-retries=2", "--health-timeout=10s"};
    daemon.session("db")["restart"] = "never";
    daemon.session("db")["ready"] = {{"engine", true}};
    daemon.session("db")["live"] = {{"engine", true}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    EXPECT_EQ(daemon.session_status("db")["ready"], false);
    ASSERT_EQ(inside("echo >/well").code, 0);
    ASSERT_TRUE(wait_ready("db"));
    (void)inside("busybox rm /well");
    ASSERT_TRUE(daemon.wait_for_state("db", "failed"));
    EXPECT_THAT(why_ended("db"), HasSubstr("unhealthy"));
}

TEST_F(ContainerProbe, WithoutAHealthcheckThatIsSaidAtOnce) {
    daemon.session("db") = container("sleep 1000");
    daemon.session("db")["restart"] = "never";
    daemon.session("db")["ready"] = {{"engine", true}, {"timeout", "1h"}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "failed"));
    EXPECT_THAT(why_ended("db"), AllOf(HasSubstr("not ready: "), HasSubstr("HEALTHCHECK")));
}

TEST_F(ContainerProbe, ExecLooksInsideAndLogReadsItsOutput) {
    daemon.session("db") = container("sleep 1000");
    daemon.session("db")["ready"] = fast({{"exec", {"test", "-e", "/well"}}});
    daemon.session("log") = container("echo up; echo 'ready for connections' >&2; sleep 1000");
    daemon.session("log")["ready"] = {{"log", "ready for"}};
    daemon.session("never") = container("echo nothing; sleep 1000");
    daemon.session("never")["ready"] = {{"log", "ready for"}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    EXPECT_EQ(daemon.session_status("db")["ready"], false);
    ASSERT_EQ(inside("echo >/well").code, 0);
    EXPECT_TRUE(wait_ready("db"));
    EXPECT_TRUE(wait_ready("log"));
    ASSERT_TRUE(daemon.wait_for_state("never", "running"));
    EXPECT_EQ(daemon.session_status("never")["ready"], false);
}

TEST_F(ContainerProbe, TheLastLinesOfWhatHasFailedAreShown) {
    daemon.session("db") = container("echo no space left; exit 3");
    daemon.session("db")["restart"] = "never";
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "failed"));
    EXPECT_EQ(daemon.session_status("db")["last_output"], "no space left");
}

}  // namespace
}  // namespace reeve::test
