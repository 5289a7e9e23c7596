// Containers, whoever runs them: exactly what Reeve asks of an engine, and nothing more.
//
// Every call has a deadline and an output limit. Removing what is already gone is success. An answer that
// does not make sense is an error, never "nothing there".
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/labels.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct ContainerSpec {
    std::string name;  // of the container
    std::string image;
    std::vector<std::string> options;  // of `docker create`, as the user wrote them; those that would hide
                                       // the container from us (name, our labels) are refused
    std::vector<std::string> args;     // after the image
    std::map<std::string, std::string>
        env;  // passed by name in argv, by value in the environment: secrets stay out of ps
    Labels labels;
};

// As `inspect` says, the only thing a removal is based on.
struct ContainerInfo {
    ContainerId id;
    std::string name;  // without the leading slash
    std::string image;
    Labels labels;
    bool running = false;
    int exit_code = 0;  // of the last run
    std::string started_at;
    std::string created_at;  // RFC 3339
    pid_t pid = 0;           // of its first process, as the engine's host sees it; 0: not running
    std::string health;      // "healthy", "unhealthy", "starting"; empty: no HEALTHCHECK
};

struct VolumeOrNetwork {
    std::string name;
    Labels labels;
    std::string id;  // of a network: engines allow two of one name; empty for a volume
};

struct EngineInfo {
    std::string version;    // of the server
    std::string engine_id;  // stable id of this engine's state; empty when it has none
};

struct EngineEvent {
    std::string action;  // "create", "start", "die", "destroy", ... in docker's words
    ContainerId id;
    Labels labels;  // as the event carries them, mixed with what else it says of the container
    std::optional<int> exit_code;
};

class ContainerEngine {
  public:
    virtual ~ContainerEngine() = default;

    virtual const std::string& name() const = 0;      // "docker"
    virtual const std::string& endpoint() const = 0;  // "unix:///..."; empty: the engine's default
    // Errc::not_found: not installed. Errc::unreachable: no server answers. Errc::timed_out: it hangs.
    virtual Task<Result<EngineInfo>> info() = 0;

    // Ids only: filters of engines have been wrong, so every id is inspected before anything is done to it.
    virtual Task<Result<std::vector<ContainerId>>> list_containers(std::string label_key,
                                                                   std::string label_value) = 0;
    // Those that exist; one that is gone is simply not in the answer. Any number of ids in few calls.
    virtual Task<Result<std::vector<ContainerInfo>>> inspect_containers(
        std::vector<std::string> ids_or_names) = 0;
    virtual Task<Result<ContainerId>> create_container(ContainerSpec spec) = 0;
    virtual Task<Status> start_container(ContainerId id) = 0;
    // The image's stop signal, then after `grace` SIGKILL; all at once. Success also for what already stopped
    // or is gone.
    virtual Task<Status> stop_containers(std::vector<ContainerId> ids, std::chrono::seconds grace) = 0;
    // With their anonymous volumes. Running ones are killed.
    virtual Task<Status> remove_containers(std::vector<ContainerId> ids) = 0;

    // Runs a program inside, with what the container has; its exit code and output, whatever they are. At the
    // limit the client ends; what it began inside may go on there.
    virtual Task<Result<ToolResult>> run_inside(ContainerId id, std::vector<std::string> command,
                                                std::chrono::milliseconds limit) = 0;
    // What the container has printed, as far as the engine keeps it: at most so many of the last lines.
    virtual Task<Result<std::string>> last_output(ContainerId id, int lines) = 0;
    // The same and what follows, until `on_output` wants no more (then it succeeds), the container ends or
    // the task is cancelled. `since`: RFC 3339, or empty for all of it. A line over 1 MiB ends it.
    virtual Task<Status> follow_output(ContainerId id, std::string since,
                                       std::function<bool(std::string_view line)> on_line) = 0;

    virtual Task<Result<std::vector<VolumeOrNetwork>>> list_networks(std::string label_key,
                                                                     std::string label_value) = 0;
    virtual Task<Status> remove_networks(std::vector<std::string> names_or_ids) = 0;
    virtual Task<Result<std::vector<VolumeOrNetwork>>> list_volumes(std::string label_key,
                                                                    std::string label_value) = 0;
    virtual Task<Status> remove_volumes(std::vector<std::string> names) = 0;

    // Container events that carry the label, until cancelled or the engine goes away: it always ends with an
    // error. Told is all that begins after the call, even before the engine has begun to listen: who follows
    // first and lists then misses nothing.
    virtual Task<Status> follow_events(std::string label_key, std::string label_value,
                                       std::function<void(const EngineEvent&)> on_event) = 0;
};

}  // namespace reeve
