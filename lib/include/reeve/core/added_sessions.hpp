// Sessions that `reeve add` made: not in the configuration, and kept in a file of the store, so that they
// outlive the supervisor. See docs/decisions/0033-added-sessions.md.
//
// Thread rule: the loop's thread. A name is taken from put() on, before the file is written.
#pragma once

#include "reeve/core/durable_file.hpp"
#include "reeve/model/config.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace reeve {

class AddedSessions {
  public:
    struct Entry {
        SessionConfig config;
        std::string text;  // the session as it was given, a JSON object
    };
    AddedSessions(Worker& worker, std::filesystem::path path);

    // Reads the file. What cannot be read is put aside under another name, and what is wrong with it comes
    // back, for people: nothing of it may keep the supervisor from starting.
    std::vector<std::string> load();

    const std::map<SessionName, Entry>& all() const { return entries_; }
    bool contains(const SessionName& name) const { return entries_.contains(name); }
    void put(const SessionName& name, Entry entry) { entries_[name] = std::move(entry); }
    void erase(const SessionName& name) { entries_.erase(name); }
    // Completes when what was changed before the call is on disk.
    Task<Status> commit() { return file_.commit(); }
    bool settled() const { return file_.settled(); }

  private:
    std::string render() const;
    std::filesystem::path path_;
    std::map<SessionName, Entry> entries_;
    DurableFile file_;
};

}  // namespace reeve
