#include "reeve/model/process_identity.hpp"

namespace reeve {
namespace {

enum class Place { here, earlier_boot, elsewhere };

// Boot ids are random, so an equal one is the same machine whatever its machine id says (containers may have
// none, or their own). Only an equal machine id makes another boot id an *earlier boot*; without it, it is a
// stranger's.
Place place_of(const ProcessIdentity& recorded, const Host& here) {
    if (recorded.boot_id.empty() || here.boot_id.empty()) return Place::elsewhere;
    if (recorded.boot_id == here.boot_id) {
        return recorded.pid_ns == here.pid_ns ? Place::here : Place::elsewhere;
    }
    const bool same_machine = !recorded.machine_id.empty() && recorded.machine_id == here.machine_id;
    return same_machine ? Place::earlier_boot : Place::elsewhere;
}

}  // namespace

Identity compare(const ProcessIdentity& recorded, const Host& here, const ProcessSeen& seen) {
    if (recorded.pid <= 0) return Identity::unknown;
    switch (place_of(recorded, here)) {
        case Place::elsewhere:
            return Identity::unknown;
        case Place::earlier_boot:
            return Identity::different;
        case Place::here:
            break;
    }
    switch (seen.state) {
        case ProcessSeen::State::absent:
        case ProcessSeen::State::zombie:
            return Identity::different;
        case ProcessSeen::State::hidden:
            return Identity::unknown;
        case ProcessSeen::State::running:
            break;
    }
    const bool both_inodes = recorded.pidfs_inode != 0 && seen.pidfs_inode != 0;
    if (both_inodes && recorded.pidfs_inode != seen.pidfs_inode) return Identity::different;
    const bool both_starts = recorded.start_time != 0 && seen.start_time != 0;
    if (both_starts && recorded.start_time != seen.start_time) return Identity::different;
    return both_starts || both_inodes ? Identity::same : Identity::unknown;
}

OwnerState judge_owner(const ProcessIdentity& recorded, const Host& here, const ProcessSeen& seen) {
    if (place_of(recorded, here) == Place::elsewhere && !recorded.boot_id.empty()) return OwnerState::foreign;
    switch (compare(recorded, here, seen)) {
        case Identity::same:
            return OwnerState::alive;
        case Identity::different:
            return OwnerState::dead;
        case Identity::unknown:
            return OwnerState::unknown;
    }
    return OwnerState::unknown;
}

const char* to_string(Identity identity) {
    switch (identity) {
        case Identity::same:
            return "same";
        case Identity::different:
            return "different";
        case Identity::unknown:
            return "unknown";
    }
    return "unknown";
}

const char* to_string(OwnerState state) {
    switch (state) {
        case OwnerState::alive:
            return "alive";
        case OwnerState::dead:
            return "dead";
        case OwnerState::foreign:
            return "foreign";
        case OwnerState::unknown:
            return "unknown";
    }
    return "unknown";
}

}  // namespace reeve
