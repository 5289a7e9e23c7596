#include "manual/roff.hpp"

#include "version.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace reeve {

std::string roff(std::string_view text) {
    std::string result;
    bool line_start = true;
    for (const char c : text) {
        if (line_start && (c == '.' || c == '\'')) result += "\\&";
        line_start = c == '\n';
        switch (c) {
            case '\\':
                result += "\\e";
                break;
            case '-':  // a hyphen would not be found by who searches for an option
                result += "\\-";
                break;
            case '~':
                result += "\\(ti";
                break;
            case '^':
                result += "\\(ha";
                break;
            case '\'':
                result += "\\(aq";
                break;
            case '`':
                result += "\\(ga";
                break;
            default:
                result += c;
        }
    }
    return result;
}

std::string verbatim(std::string_view text) {
    std::string result = ".nf\n.RS 4\n";
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
        result += roff(line.substr(start)) + "\n";
    }
    return result + ".RE\n.fi\n";
}

std::string title_line(std::string_view name, std::string_view section, std::string_view manual) {
    std::string upper(name);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return ".TH " + upper + " " + std::string(section) + " \"\" \"reeve " + version + "\" \"" +
           std::string(manual) + "\"\n";
}

}  // namespace reeve
