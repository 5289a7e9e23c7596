#include "run.hpp"

#include "anchor_program.hpp"
#include "config_file.hpp"
#include "exit_code.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/store/store.hpp"
#include "scope/scope.hpp"

#include <unistd.h>

namespace reeve {
namespace {

Error run(const Options& options) {
    const auto root = find_store(options.store);
    if (!root.ok()) return root.error();
    // Made and checked here, so that what is wrong with it is said once, and not by every new supervisor.
    const auto store = Store::open_or_create(*root);
    if (!store.ok()) return store.error();
    const auto anchor = find_anchor();
    if (!anchor.ok()) return anchor.error();
    const auto own = own_program();
    if (!own.ok()) return own.error();
    // How long what a killed supervisor leaves may take to leave. A configuration that cannot be read is the
    // supervisor's to report.
    const auto file = read_config_file(options.config);
    const auto grace = file.ok() && file->problems.empty() ? file->config.reap_grace : Config{}.reap_grace;
    // Before anything is started: what we become, and all that it starts, is born in it.
    const auto scope = enter_own_scope();
    std::vector<std::string> arguments{"run",
                                       "grace-ms=" + std::to_string(grace.count()),
                                       "crashes=" + store->paths().crashes().string(),
                                       "adoptable=" + store->paths().adoptable().string(),
                                       "--",
                                       own->string(),
                                       "supervise",
                                       "--anchor",
                                       std::to_string(::getpid()),  // we are about to become it
                                       "--store",
                                       root->string()};
    if (options.config) {
        arguments.emplace_back("--config");
        arguments.push_back(*options.config);
    }
    if (scope) {
        arguments.emplace_back(scope->ok() ? "--scope" : "--no-scope");
        arguments.push_back(scope->ok() ? **scope : scope->error().message());
    }
    return become_anchor(*anchor, std::move(arguments));
}

}  // namespace

int run_run(const Options& options) { return exit_code::after(run(options)); }

}  // namespace reeve
