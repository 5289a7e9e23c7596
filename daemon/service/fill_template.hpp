// Placeholders of the service files: @NAME@.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve {

std::string fill_template(std::string_view text,
                          const std::vector<std::pair<std::string, std::string>>& values);

}  // namespace reeve
