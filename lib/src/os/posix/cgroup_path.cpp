#include "reeve/os/cgroup.hpp"

namespace reeve {

bool is_cgroup_of(std::string_view path, std::string_view instance_id) {
    const std::string mark = "/reeve-" + std::string(instance_id);
    const auto at = path.find(mark);
    if (instance_id.empty() || at == std::string_view::npos || path.find("/..") != std::string_view::npos)
        return false;
    const auto end = at + mark.size();
    return end == path.size() || path[end] == '/';
}

std::string instance_part_of(std::string_view path, std::string_view instance_id) {
    if (!is_cgroup_of(path, instance_id)) return {};
    const std::string mark = "/reeve-" + std::string(instance_id);
    return std::string(path.substr(0, path.find(mark) + mark.size()));
}

}  // namespace reeve
