#include "in_place.hpp"

#include "exit_code.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/os/execute.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/store/store.hpp"
#include "terminal.hpp"
#include "version.hpp"

#include <algorithm>

namespace reeve {
namespace {

constexpr std::chrono::seconds try_out_limit{10};
constexpr std::string_view greeting = "reeve ";

Result<TakenOver> read_handover(const StorePaths& paths) {
    const std::string doing = "going on in the place of another program";
    const auto text = read_file(paths.handover());
    if (!text.ok()) return text.error().while_doing(doing);
    TakenOver taken;
    auto handover = handover_from_json(*text);
    if (!handover.ok()) return handover.error().while_doing(doing);
    taken.handover = std::move(*handover);
    // The text that is in effect, which need not be what the file says by now: that is for a reload to apply.
    ConfigFile file;
    file.path = taken.handover.config_path;
    if (taken.handover.config) file = config_of_text(taken.handover.config_path, *taken.handover.config);
    for (ConfigProblem& problem : file.problems) problem.line = 0;  // of a text without line ends
    TRY(taken.config, loaded(std::move(file)));
    return taken;
}

Task<Result<std::string>> try_out(std::filesystem::path program, std::filesystem::path root) {
    ToolCall call;
    call.program = program;
    call.args = {"supervise", "--try-out", "--store", root.string()};
    call.limit = try_out_limit;
    call.max_output = std::size_t{64} * 1024;
    auto ended = co_await run_tool(std::move(call));
    const std::string doing = "trying out the new program";
    if (!ended.ok()) co_return ended.error().while_doing(doing);
    std::string said = ended->exit_code == 0 ? ended->out : ended->err;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    if (ended->exit_code == 0 && said.starts_with(greeting)) co_return said.substr(greeting.size());
    if (said.empty()) said = "it ended with " + std::to_string(ended->exit_code);
    co_return Error(Errc::refused, doing, said);
}

Error execute(const Options& options, const std::filesystem::path& root, const std::filesystem::path& program,
              const std::vector<int>& keep) {
    std::vector<std::string> argv{program.string(), "supervise", "--go-on", "--store", root.string()};
    if (options.anchor > 0) argv.insert(argv.end(), {"--anchor", std::to_string(options.anchor)});
    if (options.config) argv.insert(argv.end(), {"--config", *options.config});
    if (!options.scope.empty()) argv.insert(argv.end(), {"--scope", options.scope});
    return execute_in_place(program, std::move(argv), keep);
}

}  // namespace

Result<LoadedConfig> loaded(ConfigFile file) {
    if (!file.problems.empty()) {
        std::string report = file.report();
        while (!report.empty() && report.back() == '\n') report.pop_back();
        return Error(Errc::bad_config, "reading the configuration", report, "check it with: reeve check");
    }
    LoadedConfig config;
    config.config = std::move(file.config);
    config.path = file.path.string();
    if (file.present) config.text = without_blanks(file.text);
    return config;
}

Result<UpgradeSettings> upgrade_settings(const Options& options, const StorePaths& paths) {
    UpgradeSettings settings;
    TRY(settings.own_program, own_program());
    const std::filesystem::path root = paths.root;
    settings.try_out = [root](std::filesystem::path program) { return try_out(std::move(program), root); };
    settings.execute = [options, root](const std::filesystem::path& program, const std::vector<int>& keep) {
        return execute(options, root, program, keep);
    };
    return settings;
}

Result<TakenOver> take_handover(const StorePaths& paths, const ProcessIdentity& self) {
    TRY(TakenOver taken, read_handover(paths));
    std::error_code ignored;
    std::filesystem::remove(paths.handover(), ignored);
    // An exec changes neither the process nor its start time: a file of another life is no use.
    const ProcessIdentity& owner = taken.handover.record.owner;
    if (owner.pid != self.pid || owner.start_time != self.start_time || owner.boot_id != self.boot_id) {
        return Error(Errc::refused, "going on in the place of another program",
                     "what lies there is of process " + std::to_string(owner.pid), "start with: reeve run");
    }
    return taken;
}

int run_try_out(const Options& options) {
    const auto root = find_store(options.store);
    const auto taken = root.ok() ? read_handover(StorePaths{*root}) : Result<TakenOver>(root.error());
    if (taken.ok()) {
        print_line(std::string(greeting) + version);
        return exit_code::done;
    }
    return exit_code::after(taken.error());
}

}  // namespace reeve
