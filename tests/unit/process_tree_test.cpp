// Who belongs to a session by its anchor and by its mark. The other evidence is tried on real processes, in
// tests/e2e.
#include "reeve/model/process_tree.hpp"

#include "reeve/model/labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr pid_t self = 100;
const InstanceId instance{"11111111-2222-4333-8444-555555555555"};

ProcessRow row(pid_t pid, pid_t parent, std::uint64_t mark = 0) {
    ProcessRow made;
    made.pid = made.session = made.group = pid;
    made.parent = parent;
    made.start_time = static_cast<std::uint64_t>(pid);
    made.mark = mark;
    return made;
}

std::vector<pid_t> pids_of(const std::vector<ProcessRow>& table, const TreeRoot& root) {
    std::vector<pid_t> pids;
    for (const TreeMember& member : find_members(table, {&root, 1}, self)) pids.push_back(member.row.pid);
    return pids;
}

TEST(ProcessTree, WhatAnAnchorHasAdoptedIsItsSessionsAndTheAnchorIsNot) {
    const std::vector<ProcessRow> table{row(1, 0),     row(self, 1),  row(200, self), row(201, 200),
                                        row(202, 201), row(203, 200), row(300, self), row(301, 300)};
    TreeRoot root;
    root.anchor = 200;
    EXPECT_THAT(pids_of(table, root), UnorderedElementsAre(201, 202, 203));
    const auto members = find_members(table, {&root, 1}, self);
    EXPECT_EQ(members.front().evidence, Evidence::subreaper);
    EXPECT_EQ(members.back().evidence, Evidence::descendant) << "parents stand before their children";
}

TEST(ProcessTree, AMarkIsThatOfOneSession) {
    const std::uint64_t mark = inherited_mark(instance, {"api"});
    const std::vector<ProcessRow> table{row(1, 0), row(self, 1), row(200, 1, mark),
                                        row(201, 1, inherited_mark(instance, {"db"})), row(202, 1)};
    TreeRoot root;
    root.mark = mark;
    EXPECT_THAT(pids_of(table, root), ElementsAre(200));
    root.mark = 0;
    EXPECT_THAT(pids_of(table, root), IsEmpty()) << "no mark is nobody's mark";
}

TEST(ProcessTree, AMarkIsALimitThatNobodyElseWouldSet) {
    const InstanceId other{"11111111-2222-4333-8444-555555555556"};
    const std::uint64_t mark = inherited_mark(instance, {"api"});
    EXPECT_EQ(mark >> 62U, 1U);
    EXPECT_NE(mark, inherited_mark(instance, {"apj"}));
    EXPECT_NE(mark, inherited_mark(other, {"api"}));
    EXPECT_EQ(mark, inherited_mark(instance, {"api"}));
}

}  // namespace
}  // namespace reeve
