// The state directory: where everything is, made with the right modes, refused when it is not safe.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/ids.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace reeve {

// Paths below one store. A value; touches nothing.
struct StorePaths {
    std::filesystem::path root;
    std::filesystem::path lock() const { return root / ".locked"; }
    std::filesystem::path identity() const { return root / "store.json"; }
    std::filesystem::path instances() const { return root / "instances"; }
    std::filesystem::path quarantine() const { return root / "instances" / "quarantine"; }
    std::filesystem::path instance(const InstanceId& id) const { return instances() / (id.value + ".json"); }
    std::filesystem::path status() const { return root / "status.json"; }
    std::filesystem::path added() const { return root / "sessions.json"; }  // by reeve add
    std::filesystem::path metrics() const { return root / "metrics.prom"; }
    std::filesystem::path logs() const { return root / "logs"; }
    std::filesystem::path log(const SessionName& name) const { return logs() / (name.value + ".log"); }
    std::filesystem::path own_log() const { return logs() / "reeve.log"; }
    std::filesystem::path crashes() const { return root / "crashes"; }  // written by the anchor
    std::filesystem::path memory() const { return root / "memory.json"; }
    std::filesystem::path handover() const { return root / "handover.json"; }  // during an upgrade
    // Of a session that may outlive the supervisor: the FIFO that it prints into.
    std::filesystem::path outputs() const { return root / "output"; }
    std::filesystem::path output(const SessionName& name) const { return outputs() / (name.value + ".fifo"); }
    std::filesystem::path adoptable() const { return root / "adoptable"; }  // read by the anchor
    std::filesystem::path receipts() const { return root / "receipts.jsonl"; }
    // control.sock, or, when that path is over 103 bytes (sockaddr_un holds 104 on macOS, 108 on Linux, with
    // the final NUL), a name made from a hash of it in $XDG_RUNTIME_DIR or else in /tmp/reeve-<uid>. The same
    // for every caller with the same environment; others find it in status.json.
    std::filesystem::path control() const;
    // Where a session finds $NOTIFY_SOCKET: notify/<session>.sock, or a hashed name as for control().
    std::filesystem::path notify(const SessionName& name) const;
};

// `option` (--store), else $REEVE_STORE, else $XDG_STATE_HOME/reeve, else ~/.local/state/reeve; on macOS
// ~/Library/Application Support/reeve instead of the last two. Empty variables count as unset. Always
// absolute, with the links resolved as far as it exists, so that one store has one name.
Result<std::filesystem::path> find_store(const std::optional<std::string>& option);

class Store {
  public:
    // Makes what is missing (directories 0700), refuses a store that is not ours or that others can write
    // (Errc::refused, with the chmod or chown that mends it), and reads or makes store.json.
    static Result<Store> open_or_create(const std::filesystem::path& root);
    // The same without making anything: Errc::not_found when there is no store.
    static Result<Store> open(const std::filesystem::path& root);

    const StorePaths& paths() const { return paths_; }
    const StoreId& id() const { return id_; }
    // Makes sure that the directory of control() is there and ours. Before binding, and, because /tmp is
    // everybody's, before connecting.
    Status prepare_control() const;

  private:
    Store(StorePaths paths, StoreId id) : paths_(std::move(paths)), id_(std::move(id)) {}
    StorePaths paths_;
    StoreId id_;
};

}  // namespace reeve
