// A look at whether a session is well. One file for each kind; health.hpp says when they look.
//
// Thread rule: the loop's thread. Nothing blocks it: every look ends within its limit, and soon after it was
// cancelled.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/core/session_log.hpp"
#include "reeve/engine/container_engine.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/model/address.hpp"
#include "reeve/model/config.hpp"
#include "reeve/model/line_pattern.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace reeve {

class Probe {
  public:
    virtual ~Probe() = default;
    // The error says why not, for people. Errc::refused: it never will, so nobody need look again.
    virtual Task<Status> look(std::chrono::milliseconds limit) = 0;
    // look() itself waits for a sign, so nobody need pause before the next.
    virtual bool waits_for_a_sign() const { return false; }
};

std::unique_ptr<Probe> make_http_probe(HttpAddress address);
std::unique_ptr<Probe> make_tcp_probe(TcpAddress address);

// By "http" or "tcp", which are the same for every kind of session; none when the target is neither.
std::unique_ptr<Probe> make_network_probe(const ProbeTarget& target);

// `run` runs the program, wherever that is; `name` is what people call it.
using RunProbe = std::function<Task<Result<ToolResult>>(std::chrono::milliseconds limit)>;
std::unique_ptr<Probe> make_exec_probe(std::string name, RunProbe run);

// Lines that are written to `log` from `begin` on; each look goes on where the last one ended. A
// log that is renamed and begun anew, or cut, is followed.
std::unique_ptr<Probe> make_log_probe(Executor executor, std::filesystem::path log, LogPosition begin,
                                      LinePattern pattern);
// The same for a container, of whose life this is the only one.
std::unique_ptr<Probe> make_container_log_probe(ContainerEngine& engine, ContainerId id, LinePattern pattern);

// Something that comes by itself: `ask` is asked now and whenever `changed` was notified. Both must outlive
// the probe.
struct Sign {
    enum class What { missing, good, bad, never };  // never: no use in waiting
    What what = What::missing;
    std::string why;  // with bad and never
};
enum class Patience { limited, endless };  // endless: a sign that is missing is no failure
std::unique_ptr<Probe> make_sign_probe(Notifier& changed, std::function<Sign()> ask, std::string missing,
                                       Patience patience);

}  // namespace reeve
