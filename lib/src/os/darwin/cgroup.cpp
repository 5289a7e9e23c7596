#include "reeve/os/cgroup.hpp"

namespace reeve {
namespace {

Error none() { return {Errc::unreachable, "using a control group", "this system has none"}; }

}  // namespace

std::optional<std::string> instance_cgroup(std::string_view /*instance_id*/) { return std::nullopt; }
Status make_cgroup(const std::string& /*path*/) { return none(); }
Result<UniqueFd> open_cgroup(const std::string& /*path*/) { return none(); }
std::string cgroup_directory(const std::string& /*path*/) { return {}; }
Result<std::vector<pid_t>> processes_in_cgroup(const std::string& /*path*/) { return std::vector<pid_t>(); }
bool is_in_cgroup(pid_t /*pid*/, const std::string& /*path*/) { return false; }
Status remove_cgroup(const std::string& /*path*/) { return done; }
void remove_unused_cgroups(const std::string& /*instance_group*/) {}

}  // namespace reeve
