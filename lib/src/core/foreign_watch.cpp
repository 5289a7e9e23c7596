#include "reeve/core/foreign_watch.hpp"

#include "reeve/core/foreign_reaper.hpp"
#include "reeve/os/file_watch.hpp"

#include <fcntl.h>

#include <algorithm>

namespace reeve {

ForeignWatch::ForeignWatch(Executor executor, std::function<void()> on_change)
    : executor_(std::move(executor)), on_change_(std::move(on_change)) {}

void ForeignWatch::close() {
    closed_ = true;
    directories_.clear();
    owners_.clear();
}

void ForeignWatch::watch(const std::vector<ForeignRegistryConfig>& registries) {
    directories_.clear();
    if (closed_) return;
    for (const ForeignRegistryConfig& registry : registries) {
        const auto path = directory_of(registry);
        if (!path.ok()) continue;  // the reaper reports it
        auto watched = watch_directory(*path);
        if (!watched.ok()) continue;
        wait(directories_.emplace_back(executor_, watched->release()));
    }
}

// A callback that was on its way when the descriptor went may still come, and without an error.
void ForeignWatch::wait(asio::posix::stream_descriptor& directory) {
    directory.async_wait(
        asio::posix::stream_descriptor::wait_read, [this, &directory](const boost::system::error_code& ec) {
            const bool gone = std::none_of(directories_.begin(), directories_.end(),
                                           [&](const auto& watched) { return &watched == &directory; });
            if (ec || gone) return;
            drain_watch(directory.native_handle());
            on_change_();
            wait(directory);
        });
}

void ForeignWatch::hold(const std::vector<pid_t>& owners) {
    if (closed_) return;
    std::erase_if(owners_, [&](const auto& owner) {
        const bool wanted = std::find(owners.begin(), owners.end(), owner.first) != owners.end();
        return !wanted || owner.second.handle.ended();
    });
    for (const pid_t pid : owners) {
        if (owners_.contains(pid)) continue;
        auto handle = ProcessHandle::open(pid);
        if (!handle.ok()) continue;  // out of descriptors: the next reap tries again
        if (!handle->has_value()) {
            on_change_();  // it ended since it was looked at
            continue;
        }
        const int copy = ::fcntl((*handle)->exit_fd(), F_DUPFD_CLOEXEC, 0);
        if (copy < 0) continue;
        const auto [owner, added] =
            owners_.emplace(pid, Owner{std::move(**handle), asio::posix::stream_descriptor(executor_, copy)});
        owner->second.ended.async_wait(asio::posix::stream_descriptor::wait_read,
                                       [this](const boost::system::error_code& ec) {
                                           if (!ec) on_change_();
                                       });
    }
}

}  // namespace reeve
