#include "service/plan.hpp"

#include "installed_program.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"
#include "reeve/store/store.hpp"

namespace reeve {
namespace {

namespace fs = std::filesystem;

// As config_file.hpp finds it, and only when the service, which has the service manager's environment, would
// not.
std::optional<fs::path> config_of_this_shell(const fs::path& home) {
    if (const auto named = environment_value("REEVE_CONFIG")) return fs::absolute(*named);
    const auto settings = environment_directory("XDG_CONFIG_HOME");
    if (!settings || *settings == home / ".config") return std::nullopt;
    const fs::path file = *settings / "reeve/reeve.json";
    std::error_code ignored;
    return fs::exists(file, ignored) ? std::optional(file) : std::nullopt;
}

}  // namespace

std::optional<fs::path> path_behind(std::string_view option, std::string_view service_text) {
    const std::vector<std::string> words = command_of_service(service_text);
    const std::string with_value = std::string(option) + "=";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].starts_with(with_value)) return fs::path(words[i].substr(with_value.size()));
        if (words[i] == option && i + 1 < words.size()) return fs::path(words[i + 1]);
    }
    return std::nullopt;
}

Result<ServicePlan> plan_service(const Options& options) {
    ServicePlan plan;
    ServiceWish wish;
    TRY(wish.program, installed_program());
    TRY(plan.file.path, service_file_path());
    TRY(const fs::path home, home_directory());
    std::error_code ignored;
    const auto status = fs::symlink_status(plan.file.path, ignored);
    plan.present = fs::exists(status);
    if (fs::is_symlink(status)) plan.link = fs::read_symlink(plan.file.path, ignored);
    auto text = read_file(plan.file.path);
    if (text.ok()) plan.text = std::move(*text);
    const std::string installed = plan.text.value_or("");

    const bool named = (options.store && !options.store->empty()) || environment_value("REEVE_STORE");
    const auto kept = named ? std::nullopt : path_behind("--store", installed);
    TRY(plan.store, find_store(kept ? std::optional(kept->string()) : options.store));
    wish.store = plan.store;
    if (options.config)
        wish.config = fs::absolute(*options.config);
    else
        wish.config = config_of_this_shell(home);
    if (!wish.config) wish.config = path_behind("--config", installed);
    TRY(plan.file.text, service_file_text(wish));
    plan.current = plan.text == plan.file.text;
    return plan;
}

}  // namespace reeve
