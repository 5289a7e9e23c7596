#include "reeve/model/line_pattern.hpp"

#include <regex.h>

#include <algorithm>
#include <array>

namespace reeve {

struct LinePattern::Compiled {
    Compiled() = default;
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;
    ~Compiled() {
        if (valid) ::regfree(&regex);
    }
    regex_t regex{};
    bool valid = false;
};

Result<LinePattern> LinePattern::compile(const std::string& pattern) {
    const std::string doing = "reading the pattern";
    for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
        if (pattern[i] != '\\') continue;
        const char next = pattern[++i];
        if (next >= '1' && next <= '9')
            return Error(Errc::invalid_data, doing, "it refers back to a group, which may take for ever");
    }
    auto compiled = std::make_shared<Compiled>();
    const int wrong = ::regcomp(&compiled->regex, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
    if (wrong != 0) {
        std::array<char, 200> text{};
        ::regerror(wrong, &compiled->regex, text.data(), text.size());
        return Error(Errc::invalid_data, doing, text.data());
    }
    compiled->valid = true;
    return LinePattern(std::move(compiled));
}

bool LinePattern::matches(std::string_view line) const {
    std::string text(line);
    std::replace(text.begin(), text.end(), '\0', ' ');  // a C string is what is matched
    return ::regexec(&compiled_->regex, text.c_str(), 0, nullptr, 0) == 0;
}

bool LineMatcher::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        line_.append(part.substr(0, longest - line_.size()));
        std::string_view whole = line_;
        if (whole.ends_with('\r')) whole.remove_suffix(1);
        if (pattern_.matches(whole)) {
            if (end != bytes.npos) line_.clear();
            return true;
        }
        if (end == bytes.npos) break;
        line_.clear();
        bytes.remove_prefix(end + 1);
    }
    return false;
}

}  // namespace reeve
