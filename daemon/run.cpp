#include "run.hpp"

#include "anchor_program.hpp"
#include "exit_code.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/store/store.hpp"
#include "terminal.hpp"

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
    std::vector<std::string> arguments{"run", "crashes=" + store->paths().crashes().string(), "--", own->string(),
                                       "supervise", "--anchored", "--store", root->string()};
    if (options.config) {
        arguments.emplace_back("--config");
        arguments.push_back(*options.config);
    }
    return become_anchor(*anchor, std::move(arguments));
}

}  // namespace

int run_run(const Options& options) {
    const Error failed = run(options);
    print_error(failed);
    return exit_code::of(failed);
}

}  // namespace reeve
