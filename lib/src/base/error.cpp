#include "reeve/base/error.hpp"

#include <cerrno>

namespace reeve {
namespace {

class Category final : public std::error_category {
    const char* name() const noexcept override { return "reeve"; }
    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::uninitialised:
                return "no result was set";
            case Errc::invalid_data:
                return "invalid data";
            case Errc::bad_config:
                return "the configuration cannot be used";
            case Errc::refused:
                return "refused";
            case Errc::held:
                return "held by another supervisor";
            case Errc::not_found:
                return "not found";
            case Errc::unreachable:
                return "cannot be reached";
            case Errc::timed_out:
                return "timed out";
            case Errc::too_large:
                return "too large";
            case Errc::failed:
                return "failed";
            case Errc::cancelled:
                return "cancelled";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& error_category() noexcept {
    static const Category category;
    return category;
}

Error::Error(std::error_code code, std::string what, std::string why, std::string fix) {
    if (why.empty()) why = code.message();
    parts_ = std::make_shared<const Parts>(Parts{code, std::move(what), std::move(why), std::move(fix)});
}

const Error::Parts& Error::parts() const {
    static const Error none(Errc::uninitialised, "internal error");
    return parts_ ? *parts_ : *none.parts_;
}

Error Error::from_errno(std::string what, std::string fix) {
    return {std::error_code(errno, std::generic_category()), std::move(what), {}, std::move(fix)};
}

std::string Error::message() const {
    std::string text = what() + ": " + why();
    if (!fix().empty()) text += "; " + fix();
    return text;
}

Error Error::while_doing(std::string_view doing) const {
    return {code(), std::string(doing) + ": " + what(), why(), fix()};
}

}  // namespace reeve
