#include "reeve/core/config_text.hpp"

#include "reeve/os/brief_file.hpp"
#include "reeve/os/files.hpp"

#include <utility>

namespace reeve {
namespace {

constexpr std::size_t long_text = 8192;  // of some forty sessions; a file costs the kernel a page, too

}  // namespace

ConfigText::ConfigText(std::optional<std::string> text, const std::filesystem::path& directory) {
    if (text && text->size() >= long_text) {
        auto made = make_nameless_file(directory, *text);
        if (made.ok()) {
            file_ = std::move(*made);
            return;
        }
    }
    text_ = std::move(text);
}

Result<std::optional<std::string>> ConfigText::read() const {
    if (!file_) return text_;
    TRY(std::string text, read_fd(file_.get(), "the configuration in effect"));
    return std::optional<std::string>(std::move(text));
}

}  // namespace reeve
