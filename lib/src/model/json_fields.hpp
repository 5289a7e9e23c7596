// Reads the fields of one JSON object into a value and remembers the first thing that was wrong.
//
// A parser stays a straight list of fields: it reads them all, gets defaults for those that are wrong, and
// asks problem() once at the end.
#pragma once

#include "json_text.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace reeve {

class JsonFields {
  public:
    enum class Need { required, optional };  // optional: absent and null give the default

    // `where` stands before a field's name in the problem, e.g. "owner.". `object` must outlive this.
    JsonFields(const Json& object, std::string where);

    std::string text(const char* name, Need need);
    std::uint64_t number(const char* name);
    // A number that a process may have: at least `lowest`, and no more than a pid_t holds. -1 by default.
    pid_t pid(const char* name, Need need, pid_t lowest);
    // 1 by default. A version that we do not know yet is read: newer writers only add fields.
    int schema_version(Need need);
    std::vector<std::string> text_list(const char* name);
    // Nothing, and a problem, unless it is an object.
    const Json* object(const char* name);

    void refuse(const char* name, const std::string& why);
    const std::optional<std::string>& problem() const { return problem_; }

  private:
    const Json* find(const char* name, Need need);

    const Json& object_;
    std::string where_;
    std::optional<std::string> problem_;
};

}  // namespace reeve
