#include "reeve/core/process_scans.hpp"

#include <boost/asio/post.hpp>

#include <optional>

namespace reeve {

struct ProcessScans::Batch {
    std::vector<RecordedLeader> leaders;
    std::vector<std::vector<ProvenProcess>> found;  // by leader
    std::optional<Error> failed;
    bool done = false;
    Notifier finished;

    void scan(const Host& here) {
        auto all = find_processes(leaders, here);
        found.resize(leaders.size());
        if (!all.ok()) failed = all.error();
        if (all.ok()) {
            for (ProvenProcess& process : *all) {
                const std::size_t owner = process.member.root;
                process.member.root = 0;  // whoever asked knows only its own
                found[owner].push_back(std::move(process));
            }
        }
        done = true;
        finished.notify();
    }
};

ProcessScans::ProcessScans(Executor executor, Host here)
    : executor_(std::move(executor)), here_(std::move(here)) {}

Task<Result<std::vector<ProvenProcess>>> ProcessScans::find(RecordedLeader leader) {
    const bool first = next_ == nullptr;
    if (first) next_ = std::make_shared<Batch>();
    const std::shared_ptr<Batch> batch = next_;
    const std::size_t mine = batch->leaders.size();
    batch->leaders.push_back(std::move(leader));
    if (first) {
        // Whoever is about to ask, because of the same event, comes before what is posted now.
        co_await asio::post(executor_, asio::use_awaitable);
        next_.reset();
        batch->scan(here_);
    }
    while (!batch->done) co_await batch->finished.wait();
    if (batch->failed) co_return *batch->failed;
    co_return std::move(batch->found[mine]);
}

}  // namespace reeve
