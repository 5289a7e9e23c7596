#include "core/control_talk.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>

namespace reeve {

namespace {

constexpr std::size_t little = std::size_t{64} * 1024;  // what a connection may hold without being counted
constexpr std::chrono::milliseconds last_words{500};

}  // namespace

ControlServer::Talk::Talk(Socket socket, const ControlLimits& limits, std::function<void()> grown)
    : socket_(std::move(socket)),
      limits_(limits),
      deadline_(socket_.get_executor()),
      grown_(std::move(grown)) {}

void ControlServer::Talk::arm(std::chrono::milliseconds limit) {
    armed_ = true;
    deadline_.expires_after(limit);
    deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
        const auto talk = weak.lock();
        if (!ec && talk && talk->armed_) talk->cut();
    });
}

void ControlServer::Talk::disarm() {
    if (!armed_) return;
    armed_ = false;
    deadline_.cancel();
}

void ControlServer::Talk::cut() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (caller) caller->gone = true;
    if (stream) stream->end();
    wake.notify();
}

void ControlServer::Talk::hurry() {
    hurried_ = true;
    if (doing == Doing::answering) arm(last_words);
}

// The deadline counts from a line's first byte, so that a byte a second does not keep it open for ever.
Task<std::optional<std::string>> ControlServer::Talk::read_line() {
    for (;;) {
        const auto end = buffer_.find('\n', scanned_);
        if (end != std::string::npos) {
            disarm();
            std::string line = buffer_.substr(taken_, end - taken_);
            taken_ = scanned_ = end + 1;
            if (line.size() > limits_.line) break;
            co_return line;
        }
        buffer_.erase(0, taken_);
        taken_ = 0;
        scanned_ = buffer_.size();
        if (buffer_.size() > limits_.line) break;
        if (buffer_.empty()) {
            buffer_.shrink_to_fit();
        } else if (!armed_) {
            arm(limits_.whole_line);
        }
        const auto [ec, length] = co_await socket_.async_read_some(asio::buffer(part_), as_result);
        if (ec) co_return std::nullopt;
        buffer_.append(part_.data(), length);
        if (buffer_.size() > little) grown_();
    }
    disarm();
    line_too_long_ = true;
    buffer_ = {};
    co_return std::nullopt;
}

Task<bool> ControlServer::Talk::send(std::string line) {
    line += '\n';
    outgoing_ = line.size();
    if (outgoing_ > little) grown_();
    arm(hurried_ ? last_words : limits_.taken_answer);
    const auto [ec, length] = co_await asio::async_write(socket_, asio::buffer(line), as_result);
    (void)length;
    disarm();
    outgoing_ = 0;
    co_return !ec;
}

Task<bool> ControlServer::Talk::send_event(const EventLine& event) {
    const std::string line = R"({"jsonrpc":"2.0","method":"event","params":)" + *event + "}\n";
    outgoing_ = line.size();
    stalled = true;
    since = Clock::now();
    const auto [ec, length] = co_await asio::async_write(socket_, asio::buffer(line), as_result);
    (void)length;
    stalled = false;
    outgoing_ = 0;
    co_return !ec;
}

// Asio says that something happened; only poll(2) says what. Where it cannot tell (kqueue reports no such
// event) the next answer that cannot be sent does.
void ControlServer::Talk::watch_for_hangup(std::function<void()> then) {
    on_hangup_ = std::move(then);
    socket_.async_wait(Socket::wait_error, [weak = weak_from_this()](const boost::system::error_code& ec) {
        const auto talk = weak.lock();
        if (ec || !talk || !talk->on_hangup_) return;
        pollfd seen{talk->socket_.native_handle(), 0, 0};
        const bool over = ::poll(&seen, 1, 0) == 1 && (seen.revents & (POLLHUP | POLLERR)) != 0;
        auto call = std::exchange(talk->on_hangup_, nullptr);
        if (over)
            call();
        else
            talk->watch_for_hangup(std::move(call));
    });
}

void ControlServer::Talk::stop_watching() {
    on_hangup_ = nullptr;
    boost::system::error_code ignored;
    if (socket_.is_open()) socket_.cancel(ignored);
}

}  // namespace reeve
