// What failed, why, and what to do about it.
//
// The text of an error follows the form of the command line: "what failed: why; what to do". Each layer that
// passes an error up may put what *it* was doing in front; nobody logs an error and returns it as well.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace reeve {

// The failures that callers tell apart; everything else keeps the errno it came with.
enum class Errc {
    uninitialised = 1,  // a Result nobody assigned: always a bug
    invalid_data,       // bytes that are not what they should be
    bad_config,         // a configuration that cannot be used
    refused,            // the store, file or request is not safe or not ours
    held,               // another supervisor holds the store
    not_found,          // no such session, instance, program
    unreachable,        // the supervisor or an engine cannot be reached
    timed_out,          // a deadline passed
    too_large,          // more bytes than we accept
    failed,             // a program we ran said no
    cancelled,          // given up because we are stopping
};

const std::error_category& error_category() noexcept;
inline std::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), error_category()}; }

class [[nodiscard]] Error {
  public:
    Error() = default;  // Errc::uninitialised
    // `why` may be empty: then the text of the code is used.
    Error(std::error_code code, std::string what, std::string why = {}, std::string fix = {});
    // Reads errno: call it before anything that may change it.
    static Error from_errno(std::string what, std::string fix = {});

    const std::error_code& code() const { return parts().code; }
    const std::string& what() const { return parts().what; }
    const std::string& why() const { return parts().why; }
    const std::string& fix() const { return parts().fix; }

    // "what: why; fix"
    std::string message() const;
    // The same error, seen from one level up: "doing: what".
    Error while_doing(std::string_view doing) const;

  private:
    struct Parts {
        std::error_code code;
        std::string what, why, fix;
    };
    const Parts& parts() const;
    // Shared and never changed: a Result, of which thousands wait in frames, has the room of its value. None
    // is Errc::uninitialised.
    std::shared_ptr<const Parts> parts_;
};

}  // namespace reeve

template <>
struct std::is_error_code_enum<reeve::Errc> : std::true_type {};
