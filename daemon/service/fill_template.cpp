#include "service/fill_template.hpp"

namespace reeve {

std::string fill_template(std::string_view text,
                          const std::vector<std::pair<std::string, std::string>>& values) {
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        bool filled = false;
        for (const auto& [name, value] : values) {
            if (!text.substr(at).starts_with("@" + name + "@")) continue;
            result += value;
            at += name.size() + 2;
            filled = true;
            break;
        }
        if (!filled) result += text[at++];
    }
    return result;
}

}  // namespace reeve
