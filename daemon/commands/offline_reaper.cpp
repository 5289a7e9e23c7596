#include "commands/offline_reaper.hpp"

#include "config_file.hpp"
#include "open_files.hpp"
#include "reeve/engine/docker_cli.hpp"
#include "reeve/os/process_table.hpp"

namespace reeve {
Result<std::unique_ptr<OfflineReaper>> OfflineReaper::make(const Options& options, const InstanceId& finish) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(Store store, Store::open(root));
    TRY(const Host here, this_host());
    (void)raise_open_files();  // every record that is reaped is held open
    TRY(const ConfigFile file, read_config_file(options.config));
    const Config config =
        file.problems.empty() ? file.config : Config{};  // a typo must not keep the dead alive
    std::unique_ptr<OfflineReaper> made(new OfflineReaper(std::move(store)));
    made->engine_ = make_engine(config.engine);
    ReaperSettings settings;
    settings.paths = made->store_.paths();
    settings.store = made->store_.id();
    settings.here = here;
    settings.finish = finish;
    settings.only_recorded_engines = !finish.empty();
    settings.spare_adoptable = !options.all;
    settings.grace = config.reap_grace;
    settings.engines = {made->engine_.get()};
    settings.foreign_registries = config.foreign_registries;
    settings.make_engine = engine_maker(config.engine.timeout);
    made->reaper_ =
        std::make_unique<Reaper>(made->loop_.get_executor(), std::move(settings), made->worker_, made->log_);
    return made;
}

}  // namespace reeve
