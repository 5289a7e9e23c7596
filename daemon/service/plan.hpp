// What this user's service is, and what it should be.
#pragma once

#include "options.hpp"
#include "reeve/base/result.hpp"
#include "service/service.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace reeve {

struct ServicePlan {
    ServiceFile file;                 // as it should be
    std::filesystem::path store;      // of the service
    std::optional<std::string> text;  // what is in the file's place; none: nothing, or nothing readable
    std::optional<std::filesystem::path> link;  // what the file's place links to
    bool present = false, current = false;      // something is there; and it says what it should
};

// The store and the configuration are those that the options name, else those of the environment, else those
// that the installed file names: installed again it stays what it was.
Result<ServicePlan> plan_service(const Options& options);

// The path that such a file names where a command line has `option`; none: it does not.
std::optional<std::filesystem::path> path_behind(std::string_view option, std::string_view service_text);

}  // namespace reeve
