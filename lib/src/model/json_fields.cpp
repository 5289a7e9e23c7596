#include "json_fields.hpp"

#include <limits>

namespace reeve {

JsonFields::JsonFields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) problem_ = where_.empty() ? "it is no JSON object" : where_ + " is no object";
    if (!where_.empty()) where_ += ".";
}

void JsonFields::refuse(const char* name, const std::string& why) {
    if (!problem_) problem_ = where_ + name + " " + why;
}

const Json* JsonFields::find(const char* name, Need need) {
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(name);
    if (it != object_.end() && !it->is_null()) return &*it;
    if (need == Need::required) refuse(name, "is missing");
    return nullptr;
}

std::string JsonFields::text(const char* name, Need need) {
    const Json* value = find(name, need);
    if (value == nullptr) return {};
    if (!value->is_string()) {
        refuse(name, "is no string");
        return {};
    }
    auto text = value->get<std::string>();
    if (need == Need::required && text.empty()) refuse(name, "is empty");
    return text;
}

std::uint64_t JsonFields::number(const char* name) {
    const Json* value = find(name, Need::optional);
    if (value == nullptr) return 0;
    if (value->is_number_unsigned()) return value->get<std::uint64_t>();
    refuse(name, "is no whole number from 0 to 2^64");
    return 0;
}

pid_t JsonFields::pid(const char* name, Need need, pid_t lowest) {
    const Json* value = find(name, need);
    if (value == nullptr) return -1;
    // `true` is no number for this library, 1e30 no unsigned one, and -1 neither.
    if (value->is_number_unsigned()) {
        const auto number = value->get<std::uint64_t>();
        if (number >= static_cast<std::uint64_t>(lowest) && number <= std::numeric_limits<pid_t>::max()) {
            return static_cast<pid_t>(number);
        }
    }
    refuse(name, "is no process id that can be ours");
    return -1;
}

int JsonFields::schema_version(Need need) {
    const Json* value = find("schema_version", need);
    if (value == nullptr) return 1;
    if (value->is_number_unsigned()) {
        const auto number = value->get<std::uint64_t>();
        if (number > 0 && number <= std::numeric_limits<int>::max()) return static_cast<int>(number);
    }
    refuse("schema_version", "is no whole number above 0");
    return 1;
}

std::vector<std::string> JsonFields::text_list(const char* name) {
    std::vector<std::string> list;
    const Json* value = find(name, Need::optional);
    if (value == nullptr) return list;
    if (!value->is_array()) {
        refuse(name, "is no list");
        return list;
    }
    for (const Json& item : *value) {
        if (!item.is_string()) {
            refuse(name, "holds something that is no string");
            return {};
        }
        list.push_back(item.get<std::string>());
    }
    return list;
}

const Json* JsonFields::object(const char* name) {
    const Json* value = find(name, Need::required);
    if (value == nullptr || value->is_object()) return value;
    refuse(name, "is no object");
    return nullptr;
}

}  // namespace reeve
