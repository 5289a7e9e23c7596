// The control socket: JSON-RPC 2.0, one object a line. See docs/control.md.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/task_group.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace reeve {

// One request's work: parameters in, result out, both JSON texts.
using ControlVerb = std::function<Task<Result<std::string>>(std::string params)>;
using ControlVerbs = std::map<std::string, ControlVerb>;

class ControlServer {
  public:
    // Binds the socket (0600). What is in its place is removed: only the holder of the store's lock may call
    // this.
    static Result<std::unique_ptr<ControlServer>> listen(Executor executor, const std::filesystem::path& path,
                                                         ControlVerbs verbs);
    // Serves until close(). Clients of other users are turned away.
    Task<void> serve();
    // Ends serve(), cuts every connection and removes the socket's name.
    void close();
    Task<void> closed() { return connections_.join(); }

  private:
    using Socket = asio::local::stream_protocol::socket;
    ControlServer(Executor executor, std::filesystem::path path, ControlVerbs verbs);
    Task<void> converse(std::shared_ptr<Socket> socket);
    Task<std::string> answer(std::string line);

    std::filesystem::path path_;
    struct stat named_ {};  // what we bound to that name
    ControlVerbs verbs_;
    asio::local::stream_protocol::acceptor acceptor_;
    TaskGroup connections_;
    bool closing_ = false;
};

// One call from a client's side. `params` is a JSON text; so is the result. Errc::unreachable when nobody
// listens; an error of the other side comes with its own words.
Task<Result<std::string>> control_call(std::filesystem::path path, std::string method, std::string params,
                                       std::chrono::milliseconds limit);

}  // namespace reeve
