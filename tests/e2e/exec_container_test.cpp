// reeve exec of `docker run`: the container is bound to the caller as well.
#include "support/docker.hpp"
#include "support/private_daemon.hpp"
#include "support/test_image.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ExecContainer : public testing::Test {
  protected:
    void SetUp() override { REEVE_NEEDS_ENGINE("docker"); }
    void TearDown() override {
        daemon.stop_if_it_runs();
        for (const auto& name : to_remove_) (void)docker({"container", "rm", "--force", name});
        if (!std::filesystem::exists(daemon.store() / "store.json")) return;
        const auto left = labelled();
        EXPECT_TRUE(left.empty()) << "the test leaves a container behind";
        for (const auto& name : left) (void)docker({"container", "rm", "--force", name});
    }

    std::string store_id() const { return Json::parse(read_text(daemon.store() / "store.json"))["store_id"]; }
    std::vector<std::string> labelled() const {
        return words_of(docker({"container", "ls", "--all", "--quiet", "--no-trunc", "--filter",
                                "label=reeve.store=" + store_id()})
                            .out);
    }
    std::string make(const std::string& store, const std::string& instance) {
        const std::string name = unique_name("reeve-test");
        const Ended made = docker({"container", "create", "--network", "none", "--label",
                                   "reeve.store=" + store, "--label", "reeve.instance=" + instance, "--label",
                                   "reeve.session=exec", "--name", name, test_image, "sleep", "1000"});
        EXPECT_EQ(made.code, 0) << made.err;
        to_remove_.push_back(name);
        return name;
    }
    // `reeve exec -- docker run ...` of a container that does not end by itself.
    std::future<Ended> run() {
        return std::async(std::launch::async, [this] {
            return daemon.reeve({"exec", "--grace", "200ms", "--", "docker", "run", "--network", "none",
                                 test_image, "sleep", "1000"},
                                90s);
        });
    }
    Json record() {
        Json found;
        EXPECT_TRUE(wait_until([&] {
            for (const auto& path : daemon.records()) {
                const Json one = Json::parse(read_text(path), nullptr, false);
                if (one.is_object() && one["kind"] == "exec") found = one;
            }
            return found.is_object();
        }));
        return found;
    }
    std::string running_container() {
        std::vector<std::string> ids;
        EXPECT_TRUE(wait_until([&] {
            ids = words_of(docker({"container", "ls", "--quiet", "--no-trunc", "--filter",
                                   "label=reeve.store=" + store_id()})
                               .out);
            return ids.size() == 1;
        }));
        return ids.empty() ? "" : ids.front();
    }

    PrivateDaemon daemon;
    std::vector<std::string> to_remove_;
};

// The supervisor has no container session, and its own engine is another one.
TEST_F(ExecContainer, OfAKilledAnchorIsRemovedAtOnceAndWhatItsCallMakesLateAsWell) {
    daemon.start();
    auto ended = run();
    const Json instance = record();
    const std::string id = running_container();
    const std::string another_stores = make("11111111-2222-4333-8444-555555555555", instance["instance_id"]);
    ::kill(instance["pid"].get<pid_t>(), SIGKILL);  // waited for by run_program only after it has ended
    EXPECT_EQ(ended.get().code, 137);
    EXPECT_TRUE(wait_until([&] { return !container_exists(id); }));
    EXPECT_TRUE(wait_until([&] { return daemon.records().size() == 1; })) << "its own";

    const std::string late = make(store_id(), instance["instance_id"]);
    EXPECT_TRUE(wait_until([&] { return !container_exists(late); }));
    EXPECT_TRUE(container_exists(another_stores));
}

TEST_F(ExecContainer, OfALivingAnchorIsLeftAlone) {
    daemon.start();
    auto ended = run();
    const Json instance = record();
    const std::string id = running_container();
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(stays([&] { return container_exists(id); }, 1s));
    ::kill(instance["pid"].get<pid_t>(), SIGTERM);
    (void)ended.get();
    EXPECT_FALSE(container_exists(id)) << "exec returned before it was gone";
}

// --- what is done with the words of the command, by a client that only notes them ---

class ExecOfAClient : public testing::Test {
  protected:
    ExecOfAClient() {
        const auto bin = daemon.home() / "bin";
        std::filesystem::create_directory(bin);
        write_text(bin / "docker",
                   "#!/bin/sh\ncase \"$*\" in\n"
                   "*'context inspect'*) echo unix:///of-the-context.sock; exit ;;\n"
                   "run' '*|*' run '*) echo \"$*\" >" +
                       words_file().string() + "; cat $REEVE_STORE/instances/$REEVE_INSTANCE.json >" +
                       (daemon.home() / "record").string() + "; exit 3 ;;\nesac\nexit 1\n");
        std::filesystem::permissions(bin / "docker", std::filesystem::perms(0700));
        daemon.env["PATH"] = bin.string() + ":/usr/bin:/bin";
        daemon.write_config();
    }
    std::filesystem::path words_file() const { return daemon.home() / "words"; }
    // What the client was called with, beside its labels.
    std::string words(std::vector<std::string> command) {
        std::filesystem::remove(words_file());
        command.insert(command.begin(), {"exec", "--"});
        last_ = daemon.reeve(std::move(command));
        std::string text;
        labels_ = 0;
        const auto all = words_of(read_text(words_file()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i] == "--label" && i + 1 < all.size() && all[i + 1].starts_with("reeve.")) {
                ++labels_, ++i;
                continue;
            }
            text += (text.empty() ? "" : " ") + all[i];
        }
        return text;
    }
    std::string endpoint() const {
        const Json record = Json::parse(read_text(daemon.home() / "record"));
        return record["sessions"]["main.container"]["endpoint"];
    }

    PrivateDaemon daemon;
    Ended last_;
    int labels_ = 0;
};

TEST_F(ExecOfAClient, PutsTheLabelsBehindRunAndLeavesTheRest) {
    for (const char* text :
         {"run --rm -it --name d image -d", "container run image", "run -e -d image sh -c x",
          "--log-level debug run --detach=false -v /a:/b image", "run -u d -w -itd image",
          "--cgroup-manager cgroupfs run image", "-D run image", "--tls container run image"}) {
        auto command = words_of(text);
        command.insert(command.begin(), "docker");
        EXPECT_EQ(words(command), text) << last_.err;
        EXPECT_EQ(labels_, 3) << text;
        EXPECT_EQ(last_.code, 3) << text;
    }
}

TEST_F(ExecOfAClient, RefusesANameThatIsTooLongForTheContainersToo) {
    const std::string name(54, 'n');
    const Ended ended = daemon.reeve({"exec", "--name", name, "--", "docker", "run", "image"});
    EXPECT_EQ(ended.code, 64);
    EXPECT_THAT(ended.err, HasSubstr("too long"));
    EXPECT_EQ(daemon.reeve({"exec", "--name", name, "--", "true"}).code, 0);
}

TEST_F(ExecOfAClient, LeavesComposeAsItIs) {
    EXPECT_EQ(words({"docker", "compose", "run", "service"}), "compose run service");
    EXPECT_EQ(labels_, 0);
}

TEST_F(ExecOfAClient, RefusesWhatWouldEndAtOnce) {
    for (const char* text :
         {"run -d image", "run --rm -itd image", "run --detach image", "run --detach=true image",
          "run -e x -v/a:/b -d image", "container run -di image"}) {
        auto command = words_of(text);
        command.insert(command.begin(), "docker");
        EXPECT_EQ(words(command), "") << text;
        EXPECT_EQ(last_.code, 64) << text;
        EXPECT_THAT(last_.err, HasSubstr("leave -d out")) << text;
    }
}

TEST_F(ExecOfAClient, RecordsWhereTheContainerWillBe) {
    (void)words({"docker", "run", "image"});
    EXPECT_EQ(endpoint(), "");
    (void)words({"docker", "-H", "unix:///by-option.sock", "run", "image"});
    EXPECT_EQ(endpoint(), "unix:///by-option.sock");
    (void)words({"docker", "--context", "far", "run", "image"});
    EXPECT_EQ(endpoint(), "unix:///of-the-context.sock");
    daemon.env["DOCKER_HOST"] = "unix:///by-environment.sock";
    (void)words({"docker", "run", "image"});
    EXPECT_EQ(endpoint(), "unix:///by-environment.sock");
}

}  // namespace
}  // namespace reeve::test
