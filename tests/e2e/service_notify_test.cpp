// What a service manager hears: a socket of ours in the place of systemd's.
#include "reeve/base/unique_fd.hpp"
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace reeve::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class NotifySocket {
  public:
    explicit NotifySocket(const std::filesystem::path& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.native().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    }
    // Every message until now, each between line ends.
    const std::string& heard() {
        std::string message(4096, '\0');
        for (;;) {
            const ssize_t length = ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
            if (length < 0) return heard_;
            heard_ += "\n" + message.substr(0, static_cast<std::size_t>(length)) + "\n";
        }
    }
    bool wait_for(const std::string& text) {
        return wait_until([&] { return heard().find(text) != std::string::npos; });
    }
    std::size_t count(const std::string& text) {
        std::size_t count = 0;
        for (std::size_t at = heard().find(text); at != heard_.npos; at = heard_.find(text, at + 1)) ++count;
        return count;
    }
    void forget() {
        heard();
        heard_.clear();
    }

  private:
    UniqueFd socket_;
    std::string heard_;
};

class ServiceNotify : public testing::Test {
  protected:
    ServiceNotify() { daemon.env["NOTIFY_SOCKET"] = (daemon.home() / "notify").string(); }
    PrivateDaemon daemon;
    NotifySocket manager{daemon.home() / "notify"};
};

TEST_F(ServiceNotify, SaysWhenItIsReadyHowItGoesAndThatItStops) {
    daemon.config["sessions"]["one"] = shell("exec sleep 1000");
    daemon.start();
    EXPECT_TRUE(manager.wait_for("\nREADY=1\n"));
    EXPECT_TRUE(manager.wait_for("\nSTATUS=running: 1 of 1 sessions run\n")) << manager.heard();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(manager.heard(), HasSubstr("\nSTOPPING=1\n"));
    EXPECT_EQ(manager.count("WATCHDOG=1"), 0u);
}

TEST_F(ServiceNotify, SaysWhenItReloadsAndWhenThatIsOver) {
    daemon.start();
    ASSERT_TRUE(manager.wait_for("\nREADY=1\n"));
    manager.forget();
    daemon.signal(SIGHUP);
    ASSERT_TRUE(manager.wait_for("\nREADY=1\n"));
    EXPECT_THAT(manager.heard(), testing::ContainsRegex("\nRELOADING=1\nMONOTONIC_USEC=[0-9]+\n"));
    EXPECT_LT(manager.heard().find("RELOADING=1"), manager.heard().find("READY=1"));

    // A mistake ends the reload too, or the manager would wait for ever.
    manager.forget();
    write_text(daemon.home() / "config.json", "{");
    daemon.signal(SIGHUP);
    ASSERT_TRUE(manager.wait_for("\nREADY=1\nSTATUS=the new configuration has a mistake"));
    daemon.stop_if_it_runs();
}

TEST_F(ServiceNotify, FeedsTheWatchdogFromItsLoopOnly) {
    daemon.env["WATCHDOG_USEC"] = "100000";
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return manager.count("\nWATCHDOG=1\n") >= 5; }));
    daemon.signal(SIGSTOP);
    manager.forget();
    EXPECT_TRUE(stays([&] { return manager.count("WATCHDOG=1") == 0; }));
    daemon.signal(SIGCONT);
    EXPECT_TRUE(manager.wait_for("\nWATCHDOG=1\n"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(ServiceNotify, LeavesAWatchdogAloneThatMeansAnotherProcess) {
    daemon.env["WATCHDOG_USEC"] = "20000";
    daemon.env["WATCHDOG_PID"] = "1";
    daemon.start();
    ASSERT_TRUE(manager.wait_for("\nREADY=1\n"));
    EXPECT_TRUE(stays([&] { return manager.count("WATCHDOG=1") == 0; }));
    daemon.stop_if_it_runs();
}

// A session could say STOPPING=1 for all of us.
TEST_F(ServiceNotify, KeepsTheSocketFromSessions) {
    daemon.env["WATCHDOG_USEC"] = "60000000";
    daemon.config["sessions"]["one"] =
        shell("env > " + (daemon.home() / "seen").string() + "; exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(wait_until(
        [&] { return read_text(daemon.home() / "seen").find("REEVE_SESSION") != std::string::npos; }));
    EXPECT_THAT(read_text(daemon.home() / "seen"), Not(HasSubstr("NOTIFY_SOCKET")));
    EXPECT_THAT(read_text(daemon.home() / "seen"), Not(HasSubstr("WATCHDOG")));
    daemon.stop_if_it_runs();
}

}  // namespace
}  // namespace reeve::test
