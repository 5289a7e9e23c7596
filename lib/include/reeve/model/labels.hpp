// The labels on everything that we ask an engine to make, the variables in every session's environment, and
// the mark that its processes inherit.
#pragma once

#include "reeve/model/ids.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace reeve {

inline constexpr const char* label_store = "reeve.store";        // StoreId
inline constexpr const char* label_instance = "reeve.instance";  // InstanceId
inline constexpr const char* label_session = "reeve.session";    // SessionName

inline constexpr const char* env_store = "REEVE_STORE";        // path of the store
inline constexpr const char* env_instance = "REEVE_INSTANCE";  // InstanceId
inline constexpr const char* env_session = "REEVE_SESSION";    // SessionName

// 62 bits that follow from the instance's random id and the session's name (FNV-1a), with the highest but one
// set: never 0, and never a limit that somebody else would choose. See inherited_mark_of() in
// os/process_table.hpp.
inline std::uint64_t inherited_mark(const InstanceId& instance, const SessionName& session) {
    std::uint64_t hash = 14695981039346656037ULL;
    const auto add = [&hash](const std::string& text) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    };
    add(instance.value);
    add("/");
    add(session.value);
    return (hash >> 2U) | (1ULL << 62U);
}

using Labels = std::map<std::string, std::string>;

inline Labels labels_for(const StoreId& store, const InstanceId& instance, const SessionName& session) {
    return {{label_store, store.value}, {label_instance, instance.value}, {label_session, session.value}};
}

}  // namespace reeve
