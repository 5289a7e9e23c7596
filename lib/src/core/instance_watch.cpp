#include "reeve/core/instance_watch.hpp"

#include "reeve/os/file_watch.hpp"
#include "reeve/os/process_table.hpp"

#include <fcntl.h>

#include <set>

namespace reeve {

InstanceWatch::InstanceWatch(Executor executor, StorePaths paths, Host here, InstanceId self, Worker& worker,
                             std::function<void()> on_death, std::function<void()> on_change)
    : executor_(std::move(executor)),
      paths_(std::move(paths)),
      here_(std::move(here)),
      self_(std::move(self)),
      worker_(worker),
      registry_(paths_),
      on_death_(std::move(on_death)),
      on_change_(std::move(on_change)) {}

void InstanceWatch::close() {
    closing_ = true;
    boost::system::error_code ignored;
    if (changes_) changes_->close(ignored);
    owners_.clear();
}

Task<Status> InstanceWatch::keep() {
    co_await asio::this_coro::throw_if_cancelled(false);
    CO_TRY(UniqueFd watch, watch_directory(paths_.instances()));
    changes_.emplace(executor_, watch.release());
    // Our own record is written with every start of a session, by way of a draft.
    const std::string own = paths_.instance(self_).filename().string();
    const std::function<bool(std::string_view)> is_of_another = [&own](std::string_view name) {
        return name != own && !name.starts_with('.');
    };
    bool news = true;
    while (!closing_) {
        // First the watch, then the look: what appears in between is seen by the next event.
        if (news) {
            CO_CHECK(co_await look());
        }
        if (closing_) break;
        const auto [ec] = co_await changes_->async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (ec) break;
        news = drain_watch(changes_->native_handle(), is_of_another);
    }
    co_return done;
}

Result<InstanceWatch::Listing> InstanceWatch::list_since(const Stamps& known) const {
    Listing listing;
    TRY(const std::vector<InstanceId> ids, registry_.ids());
    for (const InstanceId& id : ids) {
        if (id == self_) continue;
        std::error_code gone;
        const auto stamp = std::filesystem::last_write_time(paths_.instance(id), gone);
        if (gone) continue;
        const auto before = known.find(id);
        if (before != known.end() && before->second == stamp) {
            listing.present.emplace(id, stamp);
            continue;
        }
        auto record = registry_.load(id);  // one that cannot be read is the reaper's to put aside
        if (!record.ok()) continue;
        listing.present.emplace(id, stamp);
        listing.fresh.push_back(std::move(*record));
    }
    return listing;
}

// Files of owners that we hold are read again only when they were replaced.
Task<Status> InstanceWatch::look() {
    Stamps known;
    for (const auto& [id, stamp] : stamps_) {
        if (owners_.contains(id)) known.emplace(id, stamp);
    }
    std::function<Result<Listing>()> list = [this, known] { return list_since(known); };
    auto listing = co_await worker_.run<Result<Listing>>(std::move(list));
    if (closing_) co_return done;  // whom we held from now on would keep the loop from its end
    if (!listing.ok()) co_return listing.error();
    bool dead = false;
    Counts counts;
    const std::size_t engines_before = engines_.size();
    for (const InstanceRecord& record : listing->fresh) {
        add_engines_of(record, engines_);
        if (owners_.contains(record.instance_id)) continue;
        switch (judge_owner(record.owner, here_, look_at(record.owner.pid))) {
            case OwnerState::alive:
                hold(record);
                break;
            case OwnerState::dead:
                dead = true;
                break;
            case OwnerState::foreign:
            case OwnerState::unknown:
                ++counts.foreign;
                break;
        }
    }
    std::erase_if(owners_, [&](const auto& owner) { return !listing->present.contains(owner.first); });
    stamps_ = std::move(listing->present);
    counts.alive = static_cast<int>(owners_.size()) + 1;
    const bool changed = counts.alive != counts_.alive || counts.foreign != counts_.foreign ||
                         engines_.size() != engines_before;
    counts_ = counts;
    if (changed) on_change_();
    if (dead) on_death_();
    co_return done;
}

void InstanceWatch::hold(const InstanceRecord& record) {
    auto handle = ProcessHandle::open(record.owner.pid);
    const bool held = handle.ok() && handle->has_value();
    // Judged again now that it is held: the pid may have changed hands since.
    if (!held || compare(record.owner, here_, (*handle)->look()) != Identity::same) {
        on_death_();
        return;
    }
    const int copy = ::fcntl((*handle)->exit_fd(), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return;  // out of descriptors: the next look tries again
    // NOLINTNEXTLINE(modernize-make-unique): clang 14 does not make an aggregate by parentheses
    auto owner = std::unique_ptr<Owner>(
        new Owner{std::move(**handle), asio::posix::stream_descriptor(executor_, copy)});
    owner->ended.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this, id = record.instance_id](const boost::system::error_code& ec) {
                                if (ec || closing_) return;
                                owners_.erase(id);
                                on_death_();
                            });
    owners_[record.instance_id] = std::move(owner);
}

}  // namespace reeve
