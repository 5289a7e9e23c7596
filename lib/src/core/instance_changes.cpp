#include "reeve/core/instance_changes.hpp"

#include <boost/asio/steady_timer.hpp>

#include <map>

namespace reeve {
namespace {

constexpr std::chrono::milliseconds between_commits{10};
constexpr std::chrono::seconds patience{2};  // with whoever else holds a record: one write, or a reap

}  // namespace

InstanceChanges::InstanceChanges(Executor executor, Worker& worker, InstanceRegistry registry,
                                 std::function<bool()> closing)
    : executor_(executor), worker_(worker), registry_(std::move(registry)), closing_(std::move(closing)) {}

Task<Status> InstanceChanges::make(InstanceId id, std::string doing, Change change) {
    // What was begun is answered, also when the task that asked is being cancelled.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto mine = std::make_shared<Wanted>();
    mine->id = std::move(id);
    mine->doing = std::move(doing);
    mine->change = std::move(change);
    mine->give_up_at = Clock::now() + patience;
    waiting_.push_back(mine);
    while (!mine->answered) {
        if (busy_) {
            co_await committed_.wait();
            continue;
        }
        busy_ = true;
        if (Clock::now() < next_) {
            asio::steady_timer pause(executor_, next_);
            const auto [ec] = co_await pause.async_wait(as_result);
            (void)ec;
        }
        next_ = Clock::now() + between_commits;
        const auto batch = std::make_shared<Batch>(std::move(waiting_));
        waiting_.clear();
        std::function<Status()> work = [this, batch] { return commit(*batch); };
        const Status durable = co_await worker_.run<Status>(std::move(work));
        ++commits_;
        const bool give_up = closing_();
        for (const auto& one : *batch) {
            if (one->busy && !give_up && Clock::now() < one->give_up_at) {
                waiting_.push_back(one);
                continue;
            }
            if (one->busy) {
                one->answer = Error(Errc::not_found, one->doing,
                                    "there is no such instance, or it is being reaped", "see: reeve ps");
            } else if (one->pending && !durable.ok()) {
                one->answer = durable.error();
            }
            one->answered = true;
        }
        busy_ = false;
        committed_.notify();
    }
    co_return mine->answer;
}

// On the worker: every record once, in the order in which changes of it came, then the folder for all.
Status InstanceChanges::commit(const Batch& batch) const {
    std::map<InstanceId, Batch> by_instance;
    for (const auto& one : batch) by_instance[one->id].push_back(one);
    std::vector<InstanceRegistry::Claim> written;  // held until they are durable
    for (const auto& [id, of_one] : by_instance) apply(of_one, written);
    if (written.empty()) return done;
    return registry_.make_durable();
}

void InstanceChanges::apply(const Batch& of_one, std::vector<InstanceRegistry::Claim>& written) const {
    const InstanceId& id = of_one.front()->id;
    const auto answer_all = [&of_one](const Status& answer) {
        for (const auto& one : of_one) one->answer = answer;
    };
    for (const auto& one : of_one) one->busy = one->pending = false;
    auto claimed = registry_.claim(id);
    if (!claimed.ok()) return answer_all(claimed.error());
    if (!claimed->has_value()) {
        const bool there = registry_.has(id);
        for (const auto& one : of_one) {
            one->busy = there;
            one->answer = Error(Errc::not_found, one->doing,
                                "there is no such instance, or it is being reaped", "see: reeve ps");
        }
        return;
    }
    InstanceRegistry::Claim& claim = **claimed;
    bool write = false;
    bool forget = false;
    for (const auto& one : of_one) {
        if (claim.record.kind != InstanceKind::external) {
            one->answer =
                Error(Errc::refused, one->doing, "it was not registered, but belongs to a supervisor or exec",
                      "register an instance of your own");
            continue;
        }
        if (forget) {
            one->answer =
                Error(Errc::not_found, one->doing, "there is no such instance any more", "see: reeve ps");
            continue;
        }
        InstanceRecord changed = claim.record;
        const Result<Outcome> outcome = one->change(changed);
        one->answer = outcome.ok() ? Status(done) : Status(outcome.error());
        if (!outcome.ok()) continue;
        one->pending = true;  // also when it changed nothing: what it found may be as new as the rest
        claim.record = std::move(changed);
        forget = *outcome == Outcome::forget;
        write = write || *outcome == Outcome::write;
    }
    if (!write && !forget) return;
    const Status saved = forget ? claim.forget() : claim.update_soon(claim.record);
    if (saved.ok()) {
        written.push_back(std::move(claim));
        return;
    }
    for (const auto& one : of_one) {
        if (one->pending) one->answer = saved;
    }
}

}  // namespace reeve
