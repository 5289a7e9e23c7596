// `reeve run` where its control group is not its own to divide: it asks the user's systemd for a scope.
//
// Each test runs it in a mount namespace in which the groups cannot be written and the user lingers. systemd
// is a socket of ours, which nobody reads, and a script in the place of busctl.
#include "reeve/base/unique_fd.hpp"
#include "reeve/os/cgroup.hpp"
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace reeve::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* without_groups = R"sh(
mount -o remount,bind,ro "$CGROUPS" && mount -t tmpfs none /var/lib && mkdir -p /var/lib/systemd/linger || exit 99
[ -z "$LINGERS" ] || touch "/var/lib/systemd/linger/$(id -un)"
exec "$@"
)sh";

// Where version 2 is mounted; empty when it is not.
std::string mount_point() {
    const auto group = instance_cgroup("x");
    if (!group) return {};
    const std::string directory = cgroup_directory(*group);
    for (std::filesystem::path at = directory; at.has_relative_path(); at = at.parent_path()) {
        if (read_text("/proc/self/mountinfo").find(" " + at.string() + " ") != std::string::npos)
            return at.string();
    }
    return {};
}

class Scope : public testing::Test {
  protected:
    void SetUp() override {
        const std::string cgroups = mount_point();
        if (cgroups.empty()) GTEST_SKIP() << "no cgroup v2 is mounted";
        if (run_program({{"/usr/bin/unshare", "-m", "/bin/true"}, {}, {}}).code != 0)
            GTEST_SKIP() << "this user may make no mount namespace";
        daemon.run_through = {"/usr/bin/unshare", "-m", "/bin/sh", "-c", without_groups, "sh"};
        daemon.env = {{"CGROUPS", cgroups},
                      {"LINGERS", "yes"},
                      {"XDG_RUNTIME_DIR", daemon.home().string()},
                      {"PATH", (daemon.home() / "bin").string() + ":/usr/bin:/bin:/usr/sbin:/sbin"}};
        daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
        std::filesystem::create_directory(daemon.home() / "bin");
        // Nobody reads the bus: who asked there would wait for an answer.
        for (const char* name : {"systemctl", "loginctl"}) program(name, "exit 1\n");
        busctl("echo 'Call failed: no' >&2; exit 1\n");
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string path = daemon.home() / "bus";
        path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(bus_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ASSERT_EQ(::listen(bus_.get(), 8), 0);
    }
    void TearDown() override { daemon.stop_if_it_runs(); }

    void program(const std::string& name, const std::string& script) const {
        const auto path = daemon.home() / "bin" / name;
        write_text(path, "#!/bin/sh\n" + script);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    void busctl(const std::string& then) const {
        program("busctl", "echo \"$DBUS_SESSION_BUS_ADDRESS $*\" >>" + calls_file() + "\n" + then);
    }
    // Does what systemd does: makes the group, and moves us there.
    std::filesystem::path grant() const {
        const std::filesystem::path own =
            std::filesystem::path(cgroup_directory(*instance_cgroup("x"))).parent_path();
        const auto group = daemon.home() / "group";
        busctl("for word; do case $word in reeve-*.scope) scope=" + own.string() + "/$word;; esac; " +
               "[ \"$last\" = 1 ] && [ \"$before\" = au ] && pid=$word; before=$last; last=$word; done\n" +
               "mount -o remount,bind,rw \"$CGROUPS\" && mkdir $scope && echo $scope >" + group.string() +
               " && echo $pid >$scope/cgroup.procs\n");
        return group;
    }
    std::string calls_file() const { return (daemon.home() / "calls").string(); }
    std::string calls() const { return read_text(calls_file()); }
    void start() {
        daemon.launch();
        ASSERT_TRUE(daemon.wait_for_state("api", "running")) << daemon.printed();
        (void)daemon.noted("api");
    }
    std::string containment() const { return daemon.session_status("api")["containment"]; }
    static void remove(const std::filesystem::path& group) {
        std::string scope = read_text(group);
        ASSERT_FALSE(scope.empty());
        scope.pop_back();
        EXPECT_EQ(::rmdir(scope.c_str()), 0) << "something of ours is left in it";
    }
    std::string log() const { return read_text(daemon.store() / "logs/reeve.log"); }

    PrivateDaemon daemon;
    UniqueFd bus_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST_F(Scope, IsAskedForByOurOwnPidAndARefusalChangesNothing) {
    start();
    // The pid of the anchor, which is the process that asked.
    EXPECT_THAT(calls(), MatchesRegex("unix:path=" + (daemon.home() / "bus").string() +
                                      " --user .* call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                                      "org.freedesktop.systemd1.Manager StartTransientUnit .* "
                                      "reeve-[-0-9a-f]*.scope fail 4 PIDs au 1 " +
                                      std::to_string(daemon.pid()) + " Delegate b true .* 0\n"));
    EXPECT_EQ(containment(), "subreaper");
    EXPECT_THAT(log(), HasSubstr("asking systemd for a scope: Call failed: no"));
    EXPECT_THAT(log(), HasSubstr(R"("containment":"subreaper")"));
}

TEST_F(Scope, HoldsTheSessionsInControlGroupsOnceWeAreInIt) {
    const auto group = grant();
    start();
    EXPECT_EQ(containment(), "cgroup");
    EXPECT_THAT(log(), HasSubstr("in a scope of systemd"));
    const Ended doctor = daemon.reeve({"doctor"});
    EXPECT_THAT(doctor.out, HasSubstr("one for each session, in a scope of systemd"));
    EXPECT_EQ(daemon.stop(), 0);
    remove(group);
}

TEST_F(Scope, IsStoppedWithTheWholeGrace) {
    daemon.session("api") = shell("trap 'sleep 2; echo ended in peace; exit 0' TERM; " + daemon.note("api") +
                                  "while :; do sleep 0.1; done");
    // As systemd does: everybody gets a signal, and the anchor passes on its own. Again when the machine was
    // too slow for the two to be one wish.
    for (int round = 0; round < 5; ++round) {
        const auto group = grant();
        start();
        const pid_t supervisor = daemon.status()["pid"];
        const auto began = std::chrono::steady_clock::now();
        ::kill(supervisor, SIGTERM);
        EXPECT_TRUE(wait_until([&] { return daemon.status()["state"] == "stopping"; }));
        daemon.signal(SIGTERM);
        const bool at_once = std::chrono::steady_clock::now() - began < std::chrono::milliseconds(500);
        EXPECT_EQ(daemon.wait_exit(), 0);
        remove(group);
        daemon.forget_note("api");
        if (!at_once) continue;
        EXPECT_THAT(daemon.log_of("api"), HasSubstr("ended in peace"));
        EXPECT_THAT(log(), Not(HasSubstr("no more grace")));
        return;
    }
    FAIL() << "this machine is too slow";
}

TEST_F(Scope, IsNotWaitedForLongerThanItsLimit) {
    busctl("trap '' TERM; while :; do sleep 1000; done\n");
    const auto before = std::chrono::steady_clock::now();
    start();
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(15));
    EXPECT_EQ(containment(), "subreaper");
    EXPECT_THAT(log(), HasSubstr("no scope of systemd"));
}

TEST_F(Scope, ThatIsPromisedAndDoesNotComeIsGivenUp) {
    busctl("exit 0\n");
    start();
    EXPECT_EQ(containment(), "subreaper");
    EXPECT_THAT(log(), HasSubstr("it has not moved us there"));
}

TEST_F(Scope, IsNotAskedForWhenOurSystemdWouldEndBeforeUs) {
    daemon.env.erase("LINGERS");
    start();
    EXPECT_EQ(calls(), "");
    EXPECT_EQ(containment(), "subreaper");
    EXPECT_THAT(log(), Not(HasSubstr("scope")));
}

TEST_F(Scope, IsNotAskedForWhereNobodyListens) {
    std::filesystem::remove(daemon.home() / "bus");
    start();
    EXPECT_EQ(calls(), "");
}

class ScopeRefused : public Scope, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, ScopeRefused,
                         testing::Values("REEVE_SCOPE=off", "REEVE_CGROUP=off", "INVOCATION_ID=1"),
                         [](const auto& name) {
                             const std::string text = name.param;
                             return text.substr(0, 3) == "INV" ? "InAService"
                                    : text[6] == 'S'           ? "ByReeveScope"
                                                               : "ByReeveCgroup";
                         });

TEST_P(ScopeRefused, IsNotAskedFor) {
    const std::string variable = GetParam();
    const auto equals = variable.find('=');
    daemon.env[variable.substr(0, equals)] = variable.substr(equals + 1);
    start();
    EXPECT_EQ(calls(), "");
}

}  // namespace
}  // namespace reeve::test
