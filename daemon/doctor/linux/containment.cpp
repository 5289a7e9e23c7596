#include "doctor/finding.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/random.hpp"
#include "scope/scope.hpp"

namespace reeve {
namespace {

constexpr const char* what = "control groups";
constexpr const char* fix =
    "run reeve as a service of systemd, which delegates them: reeve service install --now";

// The group of the supervisor that lives, as its record tells.
std::optional<std::string> group_of_supervisor(const Patient& patient) {
    const auto text = read_file(patient.store.status());
    if (!text.ok()) return std::nullopt;
    const auto status = status_snapshot_from_json(*text);
    if (!status.ok()) return std::nullopt;
    const auto record_text = read_file(patient.store.instance(status->instance_id));
    if (!record_text.ok()) return std::nullopt;
    const auto record = instance_record_from_json(*record_text);
    return record.ok() ? std::optional(record->cgroup) : std::nullopt;
}

// Below one that reeve run has asked for.
bool in_own_scope(std::string_view group) {
    const auto end = group.find(".scope/reeve-");
    if (end == std::string_view::npos) return false;
    const auto name = group.substr(0, end).rfind('/');
    return name != std::string_view::npos && group.substr(name).starts_with("/reeve-");
}

}  // namespace

Findings check_containment(const Patient& patient) {
    if (patient.supervised) {
        const auto group = group_of_supervisor(patient);
        if (group && in_own_scope(*group))
            return {well(what, "the supervisor has one for each session, in a scope of systemd")};
        if (group && !group->empty()) return {well(what, "the supervisor has one for each session")};
        return {warning(what, "the supervisor has none, so weaker means hold its sessions", fix)};
    }
    if (own_scope_is_to_be_had())
        return {well(what, "they can be made in a scope, which reeve run asks of your systemd")};
    const auto made = instance_cgroup(new_uuid());
    if (!made || !make_cgroup(*made).ok())
        return {warning(what, "none is to be had here; weaker means would hold the sessions", fix)};
    (void)remove_cgroup(*made);
    return {well(what, "they can be made here")};
}

}  // namespace reeve
