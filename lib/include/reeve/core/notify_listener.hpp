// What one life of a process session says of itself on $NOTIFY_SOCKET, as sd_notify(3) has it.
//
// READY=1, STATUS=text and WATCHDOG=1 (or WATCHDOG=trigger) count; MAINPID and everything else does not. Only
// members of the session are heard, by the same proof as for a signal. A sender that has gone before it was
// looked at cannot be proved and is not heard; sd_notify_barrier(3) waits until it was.
//
// Thread rule: the loop's thread. closed() must have been awaited before destruction.
#pragma once

#include "reeve/base/task_group.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/core/process_finder.hpp"
#include "reeve/os/notify_socket.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace reeve {

class NotifyListener {
  public:
    // Binds the socket: from here on messages wait in it. Errors name the path.
    static Result<std::unique_ptr<NotifyListener>> bind(Executor executor, std::filesystem::path path,
                                                        std::function<void()> status_changed);
    NotifyListener(Executor executor, UniqueFd socket, std::filesystem::path path,
                   std::function<void()> status_changed);
    ~NotifyListener();

    // Hears the members of this session from now on, and what they have said before.
    void listen(RecordedLeader session, Host here);
    void close();
    Task<void> closed() { return tasks_.join(); }

    // What the former program of this process has heard on the same socket.
    void recall(bool ready, std::uint64_t beats, std::string status);
    int fd() { return socket_.native_handle(); }

    const std::filesystem::path& path() const { return path_; }
    bool ready() const { return ready_; }
    bool in_trouble() const { return in_trouble_; }
    std::uint64_t beats() const { return beats_; }
    const std::string& status() const { return status_; }
    Notifier& changed() { return changed_; }

  private:
    Task<void> hear();
    Task<bool> is_member(std::optional<pid_t> sender);
    void take(const std::string& text);

    asio::posix::stream_descriptor socket_;
    std::filesystem::path path_;
    std::function<void()> status_changed_;
    Notifier changed_;
    TaskGroup tasks_;
    RecordedLeader session_;
    Host here_;
    bool ready_ = false, in_trouble_ = false, closing_ = false;
    std::uint64_t beats_ = 0;
    std::string status_;
};

}  // namespace reeve
