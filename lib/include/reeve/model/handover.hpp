// What a supervisor leaves for the program that is executed in its place, as handover.json in the store holds
// it for the moment of the exec: everything that neither the kernel nor another file of the store can tell.
//
// The process stays the same one: its pid, its children and the descriptors named here go on. The record of
// the instance says what runs; this says how far each session is. Newer writers only add fields, and what an
// older one did not write has a default, so two versions understand each other in both directions.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/model/status_snapshot.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// Descriptors are numbers that stay open across the exec; -1: none.
struct HandedProcess {
    pid_t anchor = -1;            // of this session alone
    int link = -1;                // to that anchor
    int output = -1;              // the reading end of its output
    bool between_lines = true;    // the last byte that was taken from there ended a line
    std::uint64_t log_inode = 0;  // where the output of this life begins in the log
    std::uint64_t log_offset = 0;
    int notify = -1;  // the socket behind its $NOTIFY_SOCKET
    bool notified_ready = false;
    std::uint64_t beats = 0;
    bool operator==(const HandedProcess&) const = default;
};

// What the status does not say of a session.
struct HandedSession {
    bool wanted = false;  // up
    int lives = 0, lives_before_start = 0;
    std::chrono::milliseconds ran{0};                     // since the life under way began
    std::optional<std::chrono::milliseconds> pause_left;  // before the next life
    std::optional<HandedProcess> process;                 // of a process session that has a life
    bool operator==(const HandedSession&) const = default;
};

struct Handover {
    std::optional<std::string> config;  // the text that is in effect; nothing: there is no file
    std::string config_path;            // where it came from, for people
    InstanceRecord record;              // of the life that goes on
    StatusSnapshot status;              // as it stands
    std::map<SessionName, HandedSession> sessions;
    int lock = -1, control = -1;  // descriptors: the locked file, the listening socket
    std::optional<std::uint64_t> open_files_soft, open_files_hard;  // RLIMIT_NOFILE of sessions

    // Those that must stay open.
    std::vector<int> descriptors() const;
};

std::string to_json(const Handover& handover);
// Errc::invalid_data with the first thing that is wrong. Never throws, whatever the bytes.
Result<Handover> handover_from_json(std::string_view text);

}  // namespace reeve
