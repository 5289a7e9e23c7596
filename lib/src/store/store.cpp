#include "reeve/store/store.hpp"

#include "../model/json_text.hpp"
#include "reeve/model/fingerprint.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/os/random.hpp"

namespace reeve {
namespace {

constexpr std::size_t longest_socket_path = 103;

// A socket's usual path, or a short name elsewhere when that is too long.
std::filesystem::path short_enough(std::filesystem::path usual, const std::string& name) {
    if (usual.native().size() <= longest_socket_path) return usual;
    auto place = runtime_directory() / name;
    if (place.native().size() <= longest_socket_path) return place;
    return private_temporary_directory() / name;
}

// One name for one store, however it was written: labels, the environment of sessions and the name of the
// control socket are made from it.
Result<std::filesystem::path> resolved(const std::filesystem::path& path) {
    const std::string doing = "resolving " + path.string();
    std::error_code failed;
    auto whole = std::filesystem::absolute(path, failed);
    if (!failed) whole = std::filesystem::weakly_canonical(whole, failed);
    if (failed) return Error(failed, doing);
    if (!whole.has_filename()) whole = whole.parent_path();  // "store/" is "store"
    return whole;
}

std::string identity_json(const StoreId& id) {
    OrderedJson json = OrderedJson::object();
    json["schema_version"] = 1;
    json["store_id"] = id.value;
    return dump_json_pretty(json);
}

Result<StoreId> read_identity(const std::filesystem::path& path) {
    const std::string doing = "reading " + path.string();
    TRY(const std::string text, read_file(path));
    const auto damaged = [&](const std::string& why) {
        return Error(Errc::invalid_data, doing, why,
                     "restore it from a copy, or remove it to give the store a new id: containers that bear "
                     "the old one are then no longer known to be ours");
    };
    const auto json = parse_json(text, doing);
    if (!json.ok()) return damaged(json.error().why());
    StoreId id{string_field(*json, "store_id").value_or("")};
    if (!is_uuid(id.value)) return damaged("store_id is no UUID");
    return id;
}

}  // namespace

std::filesystem::path StorePaths::control() const {
    return short_enough(root / "control.sock", "reeve-" + stable_hash(root.native()) + ".sock");
}

std::filesystem::path StorePaths::notify(const SessionName& name) const {
    const auto usual = root / "notify" / (name.value + ".sock");
    return short_enough(usual, "reeve-" + stable_hash(usual.native()) + ".notify");
}

Result<std::filesystem::path> find_store(const std::optional<std::string>& option) {
    if (option && !option->empty()) return resolved(*option);
    if (const auto store = environment_value("REEVE_STORE")) return resolved(*store);
    TRY(const std::filesystem::path usual, default_state_directory());
    return resolved(usual);
}

Result<Store> Store::open_or_create(const std::filesystem::path& root) {
    TRY(std::filesystem::path place, resolved(root));
    StorePaths paths{std::move(place)};
    CHECK(make_private_directory(paths.root));
    CHECK(make_private_directory(paths.instances()));
    CHECK(make_private_directory(paths.quarantine()));
    CHECK(make_private_directory(paths.logs()));
    // Those of the root go when the lock is taken. What cannot be cleaned is untidy, and no reason not to
    // run.
    (void)remove_leftovers(paths.instances());
    auto id = read_identity(paths.identity());
    if (!id.ok() && id.error().code() == std::errc::no_such_file_or_directory) {
        // Of many that start at once one makes the file, and all read what that one wrote.
        CHECK(create_file(paths.identity(), identity_json(StoreId{new_uuid()})));
        id = read_identity(paths.identity());
    }
    if (!id.ok()) return id.error();
    return Store(std::move(paths), std::move(*id));
}

Result<Store> Store::open(const std::filesystem::path& root) {
    TRY(std::filesystem::path place, resolved(root));
    StorePaths paths{std::move(place)};
    CHECK(check_private_directory(paths.root));
    for (const auto& directory : {paths.instances(), paths.quarantine(), paths.logs()}) {
        const Status usable = check_private_directory(directory);
        if (!usable.ok() && usable.error().code() != Errc::not_found) return usable.error();
    }
    auto id = read_identity(paths.identity());
    if (!id.ok() && id.error().code() == std::errc::no_such_file_or_directory) {
        return Error(Errc::not_found, "opening the store " + paths.root.string(),
                     "it has no store.json, so no supervisor has run in it", "start one with 'reeve run'");
    }
    if (!id.ok()) return id.error();
    return Store(std::move(paths), std::move(*id));
}

Status Store::prepare_control() const { return make_private_directory(paths_.control().parent_path()); }

}  // namespace reeve
