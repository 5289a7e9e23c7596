// The labels on everything that we ask an engine to make, and the variables in every session's environment.
#pragma once

#include "reeve/model/ids.hpp"

#include <map>
#include <string>

namespace reeve {

inline constexpr const char* label_store = "reeve.store";        // StoreId
inline constexpr const char* label_instance = "reeve.instance";  // InstanceId
inline constexpr const char* label_session = "reeve.session";    // SessionName

inline constexpr const char* env_store = "REEVE_STORE";        // path of the store
inline constexpr const char* env_instance = "REEVE_INSTANCE";  // InstanceId
inline constexpr const char* env_session = "REEVE_SESSION";    // SessionName

using Labels = std::map<std::string, std::string>;

inline Labels labels_for(const StoreId& store, const InstanceId& instance, const SessionName& session) {
    return {{label_store, store.value}, {label_instance, instance.value}, {label_session, session.value}};
}

}  // namespace reeve
