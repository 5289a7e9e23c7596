// What the exit status of every command means. Numbers are those of sysexits(3), except for status.
#pragma once

#include "reeve/base/result.hpp"
#include "terminal.hpp"

namespace reeve::exit_code {

inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int no_supervisor = 3;  // `status` and `service status`: what service scripts expect
inline constexpr int usage = 64;
inline constexpr int bad_data = 65;
inline constexpr int unreachable = 69;  // the supervisor or an engine
inline constexpr int held = 75;         // by another supervisor: trying later may work
inline constexpr int bad_config = 78;

inline int of(const Error& error) {
    if (error.code() == Errc::bad_config) return bad_config;
    if (error.code() == Errc::held) return held;
    if (error.code() == Errc::unreachable) return unreachable;
    if (error.code() == Errc::invalid_data) return bad_data;
    return failed;
}

// How a command ends: says its error if there is one, and what it then exits with.
inline int after(const Error& error) {
    print_error(error);
    return of(error);
}
inline int after(const Status& outcome) { return outcome.ok() ? done : after(outcome.error()); }
inline int after(const Result<int>& outcome) { return outcome.ok() ? *outcome : after(outcome.error()); }

}  // namespace reeve::exit_code
