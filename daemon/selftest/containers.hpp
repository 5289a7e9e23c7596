// The container that the self-test plays with: whether there can be one, and whether one is left.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/store/store.hpp"

#include <optional>
#include <string>

namespace reeve {

inline constexpr const char* usual_test_image = "local/busybox";

// The image to play with: the one wanted, else the usual one. The error says why containers are not tried: no
// engine answers, or the image is not there. Nothing is ever pulled.
Result<std::string> find_image(const std::optional<std::string>& wanted);

// How many containers of this store there are, running or not; -1 when the engine does not say.
int count_containers(const StorePaths& paths);

}  // namespace reeve
