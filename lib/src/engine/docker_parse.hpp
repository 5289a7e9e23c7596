// What docker, podman and nerdctl print, turned into values. Pure: text in, values out.
//
// The three agree on the commands, not on the shape of the answers: keys differ in case, a missing map is {},
// null or absent, and names have a slash in front or not. What does not make sense is Errc::invalid_data;
// `what` names the text in the error.
#pragma once

#include "reeve/engine/container_engine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// 64 lower-case hexadecimal digits. Nothing else goes into a command line as an id.
bool is_container_id(std::string_view text);
// What engines accept as a name: a letter or digit, then letters, digits, '_', '.' or '-'. An id is one too.
bool is_engine_name(std::string_view text);

std::vector<std::string> nonempty_lines(std::string_view text);

// `ps --quiet --no-trunc`
Result<std::vector<ContainerId>> parse_container_ids(std::string_view text, const std::string& what);
// `network ls --quiet`, `volume ls --quiet`
Result<std::vector<std::string>> parse_names(std::string_view text, const std::string& what);
// Lines of words with spaces or commas between: every id and every name that the engine has.
std::vector<std::string> parse_words(std::string_view text);
// `container inspect`
Result<std::vector<ContainerInfo>> parse_containers(std::string_view text, const std::string& what);
// `network inspect`, `volume inspect`
Result<std::vector<VolumeOrNetwork>> parse_networks_or_volumes(std::string_view text,
                                                               const std::string& what);
// `info --format '{{json .}}'`. Errc::unreachable when the client says that no server answers: docker 20.10
// exits with 0 then.
Result<EngineInfo> parse_info(std::string_view text, const std::string& what);
// One line of `events --format '{{json .}}'`; nothing when it is not about a container.
Result<std::optional<EngineEvent>> parse_event(std::string_view line, const std::string& what);

}  // namespace reeve
