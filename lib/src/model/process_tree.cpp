#include "reeve/model/process_tree.hpp"

#include <deque>
#include <unordered_map>
#include <unordered_set>

namespace reeve {
namespace {

using Rows = std::unordered_map<pid_t, const ProcessRow*>;

// A supervisor that was itself started inside a session of ours (a shell in a session, say) carries that
// token and descends from it. It must not take itself down.
std::unordered_set<pid_t> line_of_ancestors(const Rows& rows, pid_t self) {
    std::unordered_set<pid_t> line{1};
    for (pid_t pid = self; pid > 1 && line.insert(pid).second;) {
        const auto it = rows.find(pid);
        if (it == rows.end()) break;
        pid = it->second->parent;
    }
    return line;
}

class Search {
  public:
    Search(std::span<const ProcessRow> table, std::span<const TreeRoot> roots, pid_t self)
        : table_(table), roots_(roots) {
        for (const ProcessRow& row : table) rows_[row.pid] = &row;
        never_ = line_of_ancestors(rows_, self);
        for (const ProcessRow& row : table) {
            children_[row.parent].push_back(&row);
            sessions_[row.session].push_back(&row);
        }
    }

    std::vector<TreeMember> run() {
        add_anchored();
        add_leaders();
        add_tokens();
        add_marks();
        spread();
        add_sessions_proved_by_a_token();
        spread();
        std::vector<TreeMember> living;
        for (TreeMember& member : found_) {
            if (!member.row.zombie) living.push_back(std::move(member));
        }
        return living;
    }

  private:
    void add(const ProcessRow& row, std::size_t root, Evidence evidence, pid_t by) {
        if (never_.contains(row.pid) || !known_.insert(row.pid).second) return;
        found_.push_back({row, root, evidence, by});
        todo_.push_back(found_.size() - 1);
    }

    void add_anchored() {
        for (const TreeRoot& root : roots_) {
            if (root.anchor > 1) known_.insert(root.anchor);
        }
        for (std::size_t i = 0; i < roots_.size(); ++i) {
            const auto it = roots_[i].anchor > 1 ? children_.find(roots_[i].anchor) : children_.end();
            if (it == children_.end()) continue;
            for (const ProcessRow* child : it->second) add(*child, i, Evidence::subreaper, roots_[i].anchor);
        }
    }

    void add_leaders() {
        for (std::size_t i = 0; i < roots_.size(); ++i) {
            const TreeRoot& root = roots_[i];
            if (root.leader <= 1 || !root.leader_is_ours) continue;
            if (const auto it = rows_.find(root.leader); it != rows_.end())
                add(*it->second, i, Evidence::leader, -1);
            if (root.own_session) add_session(root.leader, i);
        }
    }

    void add_tokens() {
        std::unordered_map<std::string, std::size_t> by_token;
        for (std::size_t i = 0; i < roots_.size(); ++i)
            by_token[roots_[i].instance.value + "/" + roots_[i].name.value] = i;
        for (const ProcessRow& row : table_) {
            if (row.instance.empty()) continue;
            const auto it = by_token.find(row.instance.value + "/" + row.name.value);
            if (it != by_token.end()) add(row, it->second, Evidence::token, row.pid);
        }
    }

    void add_marks() {
        std::unordered_map<std::uint64_t, std::size_t> by_mark;
        for (std::size_t i = 0; i < roots_.size(); ++i) {
            if (roots_[i].mark != 0) by_mark[roots_[i].mark] = i;
        }
        for (const ProcessRow& row : table_) {
            const auto it = row.mark != 0 ? by_mark.find(row.mark) : by_mark.end();
            if (it != by_mark.end()) add(row, it->second, Evidence::mark, row.pid);
        }
    }

    void add_session(pid_t id, std::size_t root) {
        const auto it = sessions_.find(id);
        if (it == sessions_.end()) return;
        for (const ProcessRow* row : it->second) add(*row, root, Evidence::session_id, id);
    }

    void add_sessions_proved_by_a_token() {
        std::vector<std::size_t> proved;  // first all of them: adding grows what is looked through
        for (const TreeMember& member : found_) {
            const TreeRoot& root = roots_[member.root];
            const bool recorded = root.own_session && root.leader > 1 && member.row.session == root.leader;
            if (recorded) proved.push_back(member.root);
        }
        for (const std::size_t root : proved) add_session(roots_[root].leader, root);
    }

    void spread() {
        while (!todo_.empty()) {
            const TreeMember member = found_[todo_.front()];
            todo_.pop_front();
            const auto it = children_.find(member.row.pid);
            if (it == children_.end()) continue;
            for (const ProcessRow* child : it->second) {
                // A child cannot be older than its parent: then the table was read across a reuse of the pid.
                if (child->start_time < member.row.start_time) continue;
                add(*child, member.root, Evidence::descendant, member.row.pid);
            }
        }
    }

    std::span<const ProcessRow> table_;
    std::span<const TreeRoot> roots_;
    Rows rows_;
    std::unordered_map<pid_t, std::vector<const ProcessRow*>> children_, sessions_;
    std::unordered_set<pid_t> never_, known_;
    std::vector<TreeMember> found_;
    std::deque<std::size_t> todo_;
};

}  // namespace

const char* to_string(Evidence evidence) {
    switch (evidence) {
        case Evidence::leader:
            return "leader";
        case Evidence::descendant:
            return "descendant";
        case Evidence::session_id:
            return "session id";
        case Evidence::token:
            return "environment token";
        case Evidence::cgroup:
            return "control group";
        case Evidence::mark:
            return "inherited mark";
        case Evidence::subreaper:
            return "subreaper";
    }
    return "unknown";
}

std::vector<TreeMember> find_members(std::span<const ProcessRow> table, std::span<const TreeRoot> roots,
                                     pid_t self) {
    return Search(table, roots, self).run();
}

}  // namespace reeve
