// One client's connection: lines in, answers out, each within its deadline.
#pragma once

#include "reeve/core/control.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <optional>

namespace reeve {

class ControlServer::Talk : public std::enable_shared_from_this<ControlServer::Talk> {
  public:
    using Clock = std::chrono::steady_clock;
    enum class Doing { listening, working, answering, streaming };

    // `grown` is called when it holds much more than before.
    Talk(Socket socket, const ControlLimits& limits, std::function<void()> grown);

    // The next line without its end; nothing when the client has gone, or was cut off.
    Task<std::optional<std::string>> read_line();
    // False when it could not be sent.
    Task<bool> send(std::string line);
    // Like send, without a deadline: a stream may rest as long as its reader does.
    Task<bool> send_event(const EventLine& event);
    // Calls `then` once when the other side has closed both ways. (One that only ended its own lines still
    // waits for answers.)
    void watch_for_hangup(std::function<void()> then);
    void stop_watching();
    void cut();
    // We are closing: what is still to be sent must be taken soon.
    void hurry();

    // What `send` is to say before it cuts: the line was too long.
    bool line_too_long() const { return line_too_long_; }
    std::size_t memory() const { return buffer_.capacity() + outgoing_; }

    Doing doing = Doing::listening;
    Clock::time_point since = Clock::now();  // of what it is doing
    bool stalled = false;                    // an event is being sent and not yet taken
    std::shared_ptr<ControlCaller> caller;   // of the call under way
    std::optional<Result<std::string>> result;
    Notifier wake;
    std::shared_ptr<EventStream> stream;

  private:
    void arm(std::chrono::milliseconds limit);
    void disarm();

    Socket socket_;
    const ControlLimits& limits_;
    asio::steady_timer deadline_;
    std::function<void()> grown_;
    bool armed_ = false, line_too_long_ = false, hurried_ = false;
    std::string buffer_;  // what was received, from taken_ on not yet looked at
    std::size_t taken_ = 0, scanned_ = 0, outgoing_ = 0;
    std::array<char, 8192> part_{};
    std::function<void()> on_hangup_;
};

}  // namespace reeve
