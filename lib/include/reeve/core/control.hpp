// The control socket: JSON-RPC 2.0, one object a line. See docs/control.md.
//
// Whatever one client does costs the others nothing: every line, answer and connection has a limit, and when
// room is short whoever idles longest or holds most goes first. Thread rule: the loop's thread.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/task_group.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/core/event_hub.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace reeve {

// Who asked. A verb that waits for something looks whether anybody still wants to know.
struct ControlCaller {
    bool gone = false;
};

// One request's work: parameters in (a JSON object), result out (a JSON text; line breaks in it are taken
// out).
using ControlVerb =
    std::function<Task<Result<std::string>>(std::string params, std::shared_ptr<const ControlCaller> caller)>;
using ControlVerbs = std::map<std::string, ControlVerb>;

struct ControlLimits {
    std::size_t line = std::size_t{1} * 1024 * 1024;
    std::size_t connections = 256;
    std::size_t streams = 64;                            // of these, those that listen to events
    std::size_t calls = 512;                             // under way, callers that have gone included
    std::size_t memory = std::size_t{32} * 1024 * 1024;  // lines and answers, over all connections
    std::chrono::milliseconds whole_line{10'000};        // from its first byte to its end
    std::chrono::milliseconds taken_answer{10'000};      // until the client has read it
};

struct ControlSettings {
    ControlVerbs verbs;
    // Makes the connection that asks for it a stream of events. Its first line is the verb "status".
    EventHub* events = nullptr;
    std::function<void()> caller_gone;  // called after a caller's `gone` was set
    ControlLimits limits;
};

struct ControlRequest;

class ControlServer {
  public:
    // Binds the socket (0600). What is in its place is removed: only the holder of the store's lock may call
    // this.
    static Result<std::unique_ptr<ControlServer>> listen(Executor executor, const std::filesystem::path& path,
                                                         ControlSettings settings);
    // A socket that the former program of this process has listened on: who knocks meanwhile waits in it.
    static Result<std::unique_ptr<ControlServer>> take_over(Executor executor,
                                                            const std::filesystem::path& path,
                                                            ControlSettings settings, UniqueFd socket);
    ~ControlServer();
    int fd() { return acceptor_.native_handle(); }
    // Serves until close(). Clients of other users are turned away.
    Task<void> serve();
    // Ends serve(), cuts every connection and removes the socket's name.
    void close();
    Task<void> closed();

  private:
    class Talk;
    using Socket = asio::local::stream_protocol::socket;
    ControlServer(Executor executor, std::filesystem::path path, ControlSettings settings);
    void welcome(Socket socket);
    bool make_room();
    bool make_room_for_stream();
    void count_memory();
    Task<void> converse(std::shared_ptr<Talk> talk);
    Task<void> answer(std::shared_ptr<Talk> talk, const ControlRequest& request, std::string& reply);
    Task<void> run_call(std::shared_ptr<Talk> talk, const ControlVerb& verb, std::string params);
    Task<void> stream_events(std::shared_ptr<Talk> talk, const ControlRequest& request);

    Executor executor_;
    std::filesystem::path path_;
    struct stat named_ {};  // what we bound to that name
    ControlSettings settings_;
    asio::local::stream_protocol::acceptor acceptor_;
    std::list<std::shared_ptr<Talk>> talks_;
    TaskGroup connections_, calls_;
    bool closing_ = false;
};

// One call from a client's side. `params` is a JSON text; so is the result. Errc::unreachable when nobody
// listens; an error of the other side comes with its own words.
Task<Result<std::string>> control_call(std::filesystem::path path, std::string method, std::string params,
                                       std::chrono::milliseconds limit);

}  // namespace reeve
