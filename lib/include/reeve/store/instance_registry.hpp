// The registry: one JSON file per instance, alive or not yet reaped.
//
// Thread rule: any thread; save and remove block on the disk. One writer per record: its owner, or whoever
// holds the claim on it.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/os/files.hpp"
#include "reeve/store/store.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace reeve {

class InstanceRegistry {
  public:
    explicit InstanceRegistry(StorePaths paths) : paths_(std::move(paths)) {}

    struct Entry {
        std::filesystem::path path;
        Result<InstanceRecord> record;  // an unreadable file is an entry too
        std::string bytes;              // that it was read from; empty when there are very many
    };
    // Every *.json below instances/, in the order of their names; an absent directory is an empty registry.
    Result<std::vector<Entry>> list() const;
    // The same files by the ids that their names promise, unread.
    Result<std::vector<InstanceId>> ids() const;
    Result<InstanceRecord> load(const InstanceId& id) const;
    Status save(const InstanceRecord& record) const;
    // The same, but only until the power fails: for what does not survive that either, as a control group.
    // For whoever saves it durably in the next moment.
    Status note(const InstanceRecord& record) const;
    Status remove(const InstanceId& id) const;  // absent is success

    // The right to reap one instance: the kernel's lock on its file. Nothing when somebody else has it, or
    // when the file is gone. The record is read again under the claim.
    struct Claim {
        LockedFile file;
        InstanceRecord record;
        Status update(const InstanceRecord& changed) { return file.replace(to_json(changed)); }
        // Durable only after make_durable(): for many at once.
        Status update_soon(const InstanceRecord& changed) {
            return file.replace(to_json(changed), Folder::later);
        }
        Status forget() { return file.remove(); }
    };
    Result<std::optional<Claim>> claim(const InstanceId& id) const;
    // The same for one that was listed: what has not changed since is not parsed again.
    Result<std::optional<Claim>> claim(Entry seen) const;
    Status make_durable() const;           // what was updated, saved or forgotten until now
    bool has(const InstanceId& id) const;  // a file of that name

    // Moves a file that cannot be read to quarantine/, under a name that is free. Returns the new path.
    Result<std::filesystem::path> quarantine(const std::filesystem::path& file) const;
    Result<std::vector<std::filesystem::path>> quarantined() const;

  private:
    StorePaths paths_;
};

}  // namespace reeve
