// A session's own anchor, where there is no control group: a tiny process between us and the command, which
// adopts whatever loses its parent below it. So everything that the session started descends from a child of
// ours, whatever it did to get away, and when we die the anchor sees its link to us close and takes all of it
// down.
//
//     supervisor --link-- reeve-anchor session      our child; leads a session of its own
//         \\--gate------- the command                its child; waits at the gate until we open it
//
// Linux only: elsewhere nobody can adopt orphans, and launch() says so. Thread rule: one thread launches at a
// time.
#pragma once

#include "reeve/os/launcher.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct AnchorSpec {
    std::string program;                 // absolute path of reeve-anchor; empty: none is wanted
    std::vector<std::string> arguments;  // KEY=VALUE; see daemon/anchor/options.hpp
};

class SessionAnchor {
  public:
    // Forks both; the command's pid is told over the link. Nothing of the command has run.
    static Result<std::unique_ptr<SessionAnchor>> launch(const LaunchSpec& spec, const AnchorSpec& anchor);
    // One that the former program of this process has launched: `pid` is our child, not yet reaped, and
    // `link` its link. The command was let run.
    static Result<std::unique_ptr<SessionAnchor>> take_over(pid_t pid, UniqueFd link);

    // Our child; not reaped before the caller does.
    const ProcessHandle& handle() const { return handle_; }
    // Readable when the anchor has something to tell, or is gone. Owned by this object.
    int link_fd() const { return link_.get(); }
    // Takes what there is to read; never blocks. Call it when link_fd() is readable.
    void read();
    // The anchor has ended, or let go of the link.
    bool gone() const { return gone_; }
    // The command's child at its gate, once its pid was told; an error when the anchor went before that. Call
    // it once. The anchor does not reap the command before its gate was opened or dropped.
    bool told_command() const { return command_ > 0 || gone_; }
    Result<GatedChild> take_command();
    // How the command ended, once that was told.
    std::optional<ExitStatus> ended() const { return ended_; }
    // Nothing is left below: the anchor may leave.
    void release();

  private:
    SessionAnchor(ProcessHandle handle, UniqueFd link, UniqueFd gate)
        : handle_(std::move(handle)), link_(std::move(link)), gate_(std::move(gate)) {}
    ProcessHandle handle_;
    UniqueFd link_, gate_;
    pid_t command_ = -1;
    std::optional<ExitStatus> ended_;
    bool gone_ = false;
};

}  // namespace reeve
