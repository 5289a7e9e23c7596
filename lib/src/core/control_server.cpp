#include "core/control_request.hpp"
#include "core/control_talk.hpp"
#include "reeve/os/peer.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace reeve {

ControlServer::ControlServer(Executor executor, std::filesystem::path path, ControlSettings settings)
    : executor_(executor),
      path_(std::move(path)),
      settings_(std::move(settings)),
      acceptor_(executor),
      connections_(executor, [](const std::string&) { /* a broken conversation ends; nobody is touched */ }),
      calls_(executor, [](const std::string&) { /* and so does its call */ }) {}

ControlServer::~ControlServer() = default;

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Executor executor,
                                                             const std::filesystem::path& path,
                                                             ControlSettings settings) {
    const std::string doing = "listening on " + path.string();
    std::unique_ptr<ControlServer> server(new ControlServer(executor, path, std::move(settings)));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(doing);
    boost::system::error_code ec;
    auto& acceptor = server->acceptor_;
    acceptor.open(asio::local::stream_protocol(), ec);
    if (!ec && ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC) != 0) return Error::from_errno(doing);
    const mode_t before = ::umask(0177);  // the socket is ours alone from the moment it has a name
    if (!ec) acceptor.bind(asio::local::stream_protocol::endpoint(path.string()), ec);
    ::umask(before);
    if (!ec) acceptor.listen(128, ec);
    if (!ec && ::lstat(path.c_str(), &server->named_) != 0) return Error::from_errno(doing);
    if (ec) return Error(std::error_code(ec.value(), std::system_category()), doing);
    return server;
}

Result<std::unique_ptr<ControlServer>> ControlServer::take_over(Executor executor,
                                                                const std::filesystem::path& path,
                                                                ControlSettings settings, UniqueFd socket) {
    const std::string doing = "listening on " + path.string();
    std::unique_ptr<ControlServer> server(new ControlServer(executor, path, std::move(settings)));
    boost::system::error_code ec;
    server->acceptor_.assign(asio::local::stream_protocol(), socket.get(), ec);
    if (ec) return Error(std::error_code(ec.value(), std::system_category()), doing);
    (void)socket.release();  // the acceptor owns it now
    if (::lstat(path.c_str(), &server->named_) != 0) return Error::from_errno(doing);
    return server;
}

void ControlServer::close() {
    if (closing_) return;
    closing_ = true;
    // Whoever has taken the store from us has a socket of its own under this name. While ours is open its
    // inode cannot be given to another.
    struct stat now {};
    const bool still_ours =
        ::lstat(path_.c_str(), &now) == 0 && now.st_dev == named_.st_dev && now.st_ino == named_.st_ino;
    if (still_ours) ::unlink(path_.c_str());
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (const auto& talk : talks_) {
        // Who is being answered gets the answer: what was asked is done by now, or will not be.
        if (talk->doing == Talk::Doing::listening || talk->doing == Talk::Doing::streaming)
            talk->cut();
        else
            talk->hurry();
    }
    if (settings_.caller_gone) settings_.caller_gone();
    calls_.cancel();
}

Task<void> ControlServer::closed() {
    co_await calls_.join();
    co_await connections_.join();
}

Task<void> ControlServer::serve() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closing_) {
        auto [ec, accepted] = co_await acceptor_.async_accept(as_result);
        if (closing_) break;
        if (ec) {
            // Out of descriptors, or the caller has gone again. A short pause instead of a busy loop.
            asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(100));
            const auto [waited] = co_await pause.async_wait(as_result);
            if (waited) break;
            continue;
        }
        welcome(std::move(accepted));
    }
}

void ControlServer::welcome(Socket socket) {
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    const auto user = peer_user(socket.native_handle());
    if (!user.ok() || (*user != ::geteuid() && *user != 0)) return;
    if (!make_room()) {
        const std::string line = error_reply(nullptr, rpc::busy, "too many connections are open") + "\n";
        const ssize_t ignored =
            ::send(socket.native_handle(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)ignored;
        return;
    }
    auto talk = std::make_shared<Talk>(std::move(socket), settings_.limits, [this] { count_memory(); });
    talks_.push_back(talk);
    connections_.spawn(converse(std::move(talk)));
}

// Whoever has been silent for longest makes room for who comes; nobody whose request is under way does.
bool ControlServer::make_room() {
    if (talks_.size() < settings_.limits.connections) return true;
    const auto idlest = std::min_element(talks_.begin(), talks_.end(), [](const auto& a, const auto& b) {
        const bool a_idle = a->doing == Talk::Doing::listening;
        const bool b_idle = b->doing == Talk::Doing::listening;
        return a_idle != b_idle ? a_idle : a->since < b->since;
    });
    if (idlest == talks_.end() || (*idlest)->doing != Talk::Doing::listening) return false;
    (*idlest)->cut();
    talks_.erase(idlest);
    return true;
}

// A stream whose reader has stopped reading makes room for another.
bool ControlServer::make_room_for_stream() {
    const auto is_stream = [](const auto& talk) { return talk->doing == Talk::Doing::streaming; };
    const auto open = std::count_if(talks_.begin(), talks_.end(), is_stream);
    if (static_cast<std::size_t>(open) < settings_.limits.streams) return true;
    const auto stalled = std::find_if(talks_.begin(), talks_.end(),
                                      [&](const auto& talk) { return is_stream(talk) && talk->stalled; });
    if (stalled == talks_.end()) return false;
    (*stalled)->cut();
    talks_.erase(stalled);
    return true;
}

// Over the limit, whoever makes us hold most is cut off.
void ControlServer::count_memory() {
    std::size_t all = 0;
    for (const auto& talk : talks_) all += talk->memory();
    while (all > settings_.limits.memory && !talks_.empty()) {
        const auto most = std::max_element(talks_.begin(), talks_.end(), [](const auto& a, const auto& b) {
            return a->memory() < b->memory();
        });
        all -= (*most)->memory();
        (*most)->cut();
        talks_.erase(most);
    }
}

Task<void> ControlServer::run_call(std::shared_ptr<Talk> talk, const ControlVerb& verb, std::string params) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const std::shared_ptr<const ControlCaller> caller = talk->caller;
    auto result = co_await verb(std::move(params), caller);
    if (caller->gone) co_return;
    talk->result = std::move(result);
    talk->wake.notify();
}

Task<void> ControlServer::converse(std::shared_ptr<Talk> talk) {
    co_await asio::this_coro::throw_if_cancelled(false);
    bool open = true;
    while (open && !closing_) {
        talk->doing = Talk::Doing::listening;
        talk->since = Talk::Clock::now();
        const auto line = co_await talk->read_line();
        if (!line) break;
        if (line->find_first_not_of(" \t\r") == std::string::npos) continue;
        const auto read = read_request(*line);
        std::string reply;
        if (const auto* refused = std::get_if<std::string>(&read)) {
            reply = *refused;
        } else {
            const auto& request = std::get<ControlRequest>(read);
            if (request.method == "events" && settings_.events != nullptr) {
                co_await stream_events(talk, request);
                break;
            }
            co_await answer(talk, request, reply);
        }
        talk->doing = Talk::Doing::answering;
        if (!reply.empty()) open = co_await talk->send(std::move(reply));
    }
    if (talk->line_too_long()) {
        talk->doing = Talk::Doing::answering;
        std::string reply = error_reply(
            nullptr, rpc::invalid_request,
            "the line is longer than " + std::to_string(settings_.limits.line) + " bytes; connect again");
        co_await talk->send(std::move(reply));
    }
    talk->cut();
    std::erase(talks_, talk);
}

// Leaves `reply` empty for a notification, and when the caller has gone: the call goes on without it.
Task<void> ControlServer::answer(std::shared_ptr<Talk> talk, const ControlRequest& request,
                                 std::string& reply) {
    const auto verb = settings_.verbs.find(request.method);
    if (verb == settings_.verbs.end()) {
        if (!request.notification) {
            reply = error_reply(request.id, rpc::method_not_found, "there is no method " + request.method);
        }
        co_return;
    }
    if (calls_.size() >= settings_.limits.calls) {
        reply = error_reply(request.id, rpc::busy, "too many requests are under way");
        co_return;
    }
    talk->doing = Talk::Doing::working;
    const auto caller = std::make_shared<ControlCaller>();
    talk->caller = caller;
    talk->result.reset();
    calls_.spawn(run_call(talk, verb->second, request.params));
    const auto gone = [this, caller, weak = std::weak_ptr(talk)] {
        caller->gone = true;
        if (const auto waiting = weak.lock()) waiting->wake.notify();
        if (settings_.caller_gone) settings_.caller_gone();
    };
    if (!talk->result) talk->watch_for_hangup(gone);
    while (!talk->result && !caller->gone) co_await talk->wake.wait();
    talk->stop_watching();
    talk->caller.reset();
    if (!talk->result || request.notification) co_return;
    const Result<std::string> result = std::move(*talk->result);
    talk->result.reset();
    reply = result.ok() ? result_reply(request.id, *result) : error_reply(request.id, result.error());
}

// The connection is a stream from here on; what the client still sends is not read.
Task<void> ControlServer::stream_events(std::shared_ptr<Talk> talk, const ControlRequest& request) {
    const Json& id = request.id;
    if (!make_room_for_stream()) {
        std::string reply = error_reply(id, rpc::busy, "too many connections listen to events");
        co_await talk->send(std::move(reply));
        co_return;
    }
    talk->doing = Talk::Doing::streaming;
    talk->stream = settings_.events->subscribe();  // before the status is made: no change between is lost
    const auto caller = std::make_shared<ControlCaller>();
    std::string params = "{}";
    const auto status = co_await settings_.verbs.at("status")(std::move(params), caller);
    std::string first = status.ok() ? result_reply(id, *status) : error_reply(id, status.error());
    bool open = co_await talk->send(std::move(first));
    talk->watch_for_hangup([weak = std::weak_ptr(talk)] {
        if (const auto over = weak.lock()) over->stream->end();
    });
    while (open) {
        const EventLine event = co_await talk->stream->next();
        if (!event) break;
        open = co_await talk->send_event(event);
    }
    talk->stream.reset();
}

}  // namespace reeve
