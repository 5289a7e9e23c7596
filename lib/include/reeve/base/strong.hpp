// A string that means one thing: ids and names that the compiler keeps apart.
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace reeve {

template <class Tag>
struct Strong {
    std::string value;
    auto operator<=>(const Strong&) const = default;  // NOLINT(modernize-use-nullptr): a false alarm of 14
    const std::string& str() const { return value; }
    bool empty() const { return value.empty(); }
};

}  // namespace reeve

template <class Tag>
struct std::hash<reeve::Strong<Tag>> {
    std::size_t operator()(const reeve::Strong<Tag>& id) const { return std::hash<std::string>{}(id.value); }
};
