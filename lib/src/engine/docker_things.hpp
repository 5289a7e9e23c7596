// What containers, networks and volumes have in common on an engine's command line: they are listed by label,
// inspected and removed, many in one call, and any of them may be gone a moment later.
//
// Engines print an error per name and exit with 1, whether one was gone or one could not be handled. Which it
// was is found by a second look at what exists now, never by reading the messages.
#pragma once

#include "engine/docker_command.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

class DockerThings {
  public:
    enum class Kind { container, network, volume };
    // Reads one answer of inspect, and takes what it found out of `missing`.
    using Collect = std::function<Status(std::string_view answer, std::set<std::string>& missing)>;

    // `command` must outlive this.
    DockerThings(DockerCommand& command, Kind kind) : command_(command), kind_(kind) {}

    std::string word() const;  // "container"

    // The ids or names that bear the label (any value, if it is empty), one a line.
    Task<Result<std::string>> list(std::string label_key, std::string label_value);
    // An error when one that is missing in the answers is there nevertheless.
    Task<Status> inspect(std::vector<std::string> names, Collect collect);
    // Success means: none of them is there.
    Task<Status> remove(std::vector<std::string> names);
    // `verb` on all of them, in as few calls as possible, side by side. What failed; an error when a call
    // could not run to its end.
    Task<Result<std::vector<ToolResult>>> each(std::vector<std::string> verb, std::vector<std::string> names,
                                               std::chrono::milliseconds extra_time);

  private:
    Status check(const std::vector<std::string>& names) const;
    // Those of `names` that exist now, by a listing without any filter.
    Task<Result<std::vector<std::string>>> still_there(std::vector<std::string> names);

    DockerCommand& command_;
    Kind kind_;
};

}  // namespace reeve
