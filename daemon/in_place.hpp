// How the supervisor's program is replaced while it runs: what is done before the exec, and after it.
#pragma once

#include "config_file.hpp"
#include "options.hpp"
#include "reeve/core/supervisor.hpp"

#include <boost/asio/any_io_executor.hpp>

namespace reeve {

// The configuration as the supervisor keeps it; Errc::bad_config when it has problems.
Result<LoadedConfig> loaded(ConfigFile file);

// For a supervisor on this store, started with these options.
Result<UpgradeSettings> upgrade_settings(const Options& options, const StorePaths& paths);

// What the former program of this process has left, and its configuration. The file is removed: it is good
// for one exec.
struct TakenOver {
    Handover handover;
    LoadedConfig config;
};
Result<TakenOver> take_handover(const StorePaths& paths, const ProcessIdentity& self);

// `reeve supervise --try-out`: whether this program could go on with what lies there. Touches nothing.
int run_try_out(const Options& options);

}  // namespace reeve
