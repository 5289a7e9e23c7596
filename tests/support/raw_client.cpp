#include "support/raw_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

namespace reeve::test {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

RawClient::RawClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    ::fcntl(fd_.get(), F_SETFD, FD_CLOEXEC);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    if (path.size() >= sizeof where.sun_path) throw std::runtime_error("too long: " + path);
    path.copy(static_cast<char*>(where.sun_path), path.size());
    // A full backlog makes connect(2) wait; the supervisor takes from it all the time.
    if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
        throw std::runtime_error("cannot connect to " + path);
    }
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
}

int RawClient::wait_for(short events, std::chrono::milliseconds limit) const {
    pollfd waiting{fd_.get(), events, 0};
    return ::poll(&waiting, 1, static_cast<int>(limit.count()));
}

long RawClient::send(const std::string& bytes, std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t length = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (length > 0) {
            sent += static_cast<std::size_t>(length);
            continue;
        }
        if (length < 0 && errno != EAGAIN && errno != EINTR) return -1;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (left.count() <= 0 || wait_for(POLLOUT, left) <= 0) break;
    }
    return static_cast<long>(sent);
}

void RawClient::send_request(const std::string& method, const nlohmann::json& params) {
    send(nlohmann::json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", params}}.dump() + "\n");
}

std::optional<std::string> RawClient::line(std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    for (;;) {
        const auto end = buffer_.find('\n');
        if (end != std::string::npos) {
            std::string found = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return found;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        if (over_ || left.count() <= 0 || wait_for(POLLIN, left) <= 0) return std::nullopt;
        std::array<char, 65536> part{};
        const ssize_t length = ::recv(fd_.get(), part.data(), part.size(), 0);
        if (length > 0) buffer_.append(part.data(), static_cast<std::size_t>(length));
        if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) over_ = true;
    }
}

nlohmann::json RawClient::answer(std::chrono::milliseconds limit) {
    const auto text = line(limit);
    return text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
}

nlohmann::json RawClient::call(const std::string& method, const nlohmann::json& params) {
    send_request(method, params);
    return answer();
}

bool RawClient::cut_off(std::chrono::milliseconds limit) {
    const auto until = Clock::now() + limit;
    while (!over_ && Clock::now() < until) {
        (void)line(std::max(std::chrono::milliseconds(1),
                            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now())));
        buffer_.clear();
    }
    return over_;
}

void RawClient::no_more_lines() { ::shutdown(fd_.get(), SHUT_WR); }

}  // namespace reeve::test
