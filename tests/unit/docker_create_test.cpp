#include "engine/docker_create.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace reeve {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ContainerSpec a_spec() {
    ContainerSpec spec;
    spec.name = "reeve-db";
    spec.image = "postgres:16";
    spec.labels = {{"reeve.store", "s"}};
    return spec;
}

TEST(DockerCreate, PutsOursFirstThenTheUsersOptionsThenTheImage) {
    ContainerSpec spec = a_spec();
    spec.options = {"-p", "5432:5432"};
    spec.args = {"-c", "fsync=off"};
    const auto call = create_call(spec);
    ASSERT_TRUE(call) << call.error().message();
    EXPECT_THAT(call->args, ElementsAre("create", "--name", "reeve-db", "--label", "reeve.store=s", "-p",
                                        "5432:5432", "postgres:16", "-c", "fsync=off"));
}

TEST(DockerCreate, KeepsValuesOutOfTheCommandLine) {
    ContainerSpec spec = a_spec();
    spec.env = {{"POSTGRES_PASSWORD", "se\ncret"}, {"HTTP_PROXY", "http://user:secret@proxy"}};
    const auto call = create_call(spec);
    ASSERT_TRUE(call);
    EXPECT_THAT(call->args, Each(Not(HasSubstr("cret"))));
    EXPECT_THAT(call->args, Contains("POSTGRES_PASSWORD"));
    EXPECT_EQ(call->env.at("POSTGRES_PASSWORD"), "se\ncret");
}

TEST(DockerCreate, KeepsWhatTheClientObeysOutOfTheClientsEnvironment) {
    ContainerSpec spec = a_spec();
    spec.env = {{"PATH", "/bin"},     {"HOME", "/root"},      {"DOCKER_HOST", "tcp://elsewhere"},
                {"https_proxy", "p"}, {"LD_PRELOAD", "x.so"}, {"PLAIN", "1"}};
    const auto call = create_call(spec);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->env, (std::map<std::string, std::string>{{"PLAIN", "1"}}));
    EXPECT_EQ(call->input,
              "DOCKER_HOST=tcp://elsewhere\nHOME=/root\nLD_PRELOAD=x.so\nPATH=/bin\nhttps_proxy=p\n");
    EXPECT_THAT(call->args, Contains("/dev/stdin"));

    spec.env = {{"PATH", "/bin\nX=1"}};  // would set a second variable
    EXPECT_EQ(create_call(spec).error().code(), Errc::refused);
}

TEST(DockerCreate, RefusesNamesThatAreNoVariables) {
    for (const std::string name : {"", "A=B", "A B", "#A", "A\n"}) {
        ContainerSpec spec = a_spec();
        spec.env = {{name, "x"}};
        EXPECT_FALSE(create_call(spec)) << name;
    }
}

TEST(DockerCreate, RefusesOptionsThatWouldHideTheContainerFromUs) {
    for (const std::string option : {"--label=reeve.store=other", "reeve.store=other", "-lreeve.store=other",
                                     "--name", "--name=x", "--label-file", "--label-file=/x", "--"}) {
        ContainerSpec spec = a_spec();
        spec.options = {option};
        const auto call = create_call(spec);
        ASSERT_FALSE(call) << option;
        EXPECT_EQ(call.error().code(), Errc::refused);
        EXPECT_FALSE(call.error().fix().empty());
    }
    ContainerSpec spec = a_spec();
    spec.options = {"--label", "team=blue"};
    EXPECT_TRUE(create_call(spec));
}

TEST(DockerCreate, RefusesAnImageOrNameThatWouldBeAnOption) {
    ContainerSpec spec = a_spec();
    for (const std::string image : {"", "--privileged"}) {
        spec.image = image;
        EXPECT_FALSE(create_call(spec));
    }
    spec = a_spec();
    spec.name = "-x";
    EXPECT_FALSE(create_call(spec));
}

}  // namespace
}  // namespace reeve
