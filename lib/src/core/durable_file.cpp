#include "reeve/core/durable_file.hpp"

namespace reeve {

Task<Status> DurableFile::commit() {
    // The record must be written even when the task that asked for it is being cancelled.
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::uint64_t mine = ++asked_;
    while (covered_ < mine) {
        if (busy_) {
            co_await changed_.wait();
            continue;
        }
        busy_ = true;
        const std::uint64_t covers = asked_;
        std::function<Status()> work = [text = render_(), this] { return write_(text); };
        last_ = co_await worker_.run<Status>(std::move(work));
        ++writes_;
        covered_ = covers;
        busy_ = false;
        changed_.notify();
    }
    co_return last_;
}

}  // namespace reeve
