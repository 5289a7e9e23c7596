#include "reeve/core/notify_listener.hpp"

#include "reeve/base/text.hpp"
#include "reeve/os/paths.hpp"

#include <algorithm>

namespace reeve {
namespace {

constexpr std::size_t longest_status = 200;

}  // namespace

Result<std::unique_ptr<NotifyListener>> NotifyListener::bind(Executor executor, std::filesystem::path path,
                                                             std::function<void()> status_changed) {
    CHECK(make_private_directory(path.parent_path()));
    TRY(UniqueFd socket, bind_notify_socket(path));
    return std::make_unique<NotifyListener>(std::move(executor), std::move(socket), std::move(path),
                                            std::move(status_changed));
}

NotifyListener::NotifyListener(Executor executor, UniqueFd socket, std::filesystem::path path,
                               std::function<void()> status_changed)
    : socket_(executor, socket.get()),
      path_(std::move(path)),
      status_changed_(std::move(status_changed)),
      tasks_(executor, [this](const std::string&) { in_trouble_ = true; }) {
    (void)socket.release();  // the descriptor owns it now
}

NotifyListener::~NotifyListener() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
}

void NotifyListener::listen(RecordedLeader session, Host here) {
    session_ = std::move(session);
    here_ = std::move(here);
    tasks_.spawn(hear());
}

void NotifyListener::recall(bool ready, std::uint64_t beats, std::string status) {
    ready_ = ready;
    beats_ = beats;
    status_ = std::move(status);
}

void NotifyListener::close() {
    closing_ = true;
    tasks_.cancel();
}

// One at a time and in their order. Meanwhile the kernel keeps what comes, and makes senders wait when that
// is much.
Task<void> NotifyListener::hear() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closing_) {
        auto notification = receive_notification(socket_.native_handle());
        if (!notification) {
            const auto [ec] =
                co_await socket_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
            if (ec) co_return;
            continue;
        }
        const bool known = co_await is_member(notification->sender);
        if (known && !closing_) take(notification->text);
    }
}

Task<bool> NotifyListener::is_member(std::optional<pid_t> sender) {
    // A system that does not say who: the directory of the socket lets nobody in but this user.
    if (!sender) co_return true;
    if (*sender == session_.leader.pid && session_.unreaped_child) co_return true;
    std::vector<RecordedLeader> leaders{session_};
    const auto members = co_await find_soon(std::move(leaders), here_);
    if (!members.ok()) co_return false;
    co_return std::any_of(members->begin(), members->end(),
                          [&](const ProvenProcess& each) { return each.handle.pid() == *sender; });
}

void NotifyListener::take(const std::string& text) {
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        if (line == "READY=1") {
            ready_ = true;
        } else if (line == "WATCHDOG=1") {
            ++beats_;
        } else if (line == "WATCHDOG=trigger") {
            in_trouble_ = true;
        } else if (line.starts_with("STATUS=")) {
            status_ = shortened(line.substr(7), longest_status);
            status_changed_();
        }
    }
    changed_.notify();
}

}  // namespace reeve
