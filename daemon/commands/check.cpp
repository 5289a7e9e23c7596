#include "commands/check.hpp"

#include "config_file.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

std::string count_of(std::size_t count, const std::string& thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

void print_as_json(const ConfigFile& file) {
    JsonOutput problems = JsonOutput::array();
    for (const ConfigProblem& each : file.problems) {
        problems.push_back({{"line", each.line},
                            {"column", each.column},
                            {"pointer", each.pointer},
                            {"what", each.what},
                            {"fix", each.fix}});
    }
    print_json({{"file", file.path.string()},
                {"present", file.present},
                {"valid", file.problems.empty()},
                {"sessions", file.config.sessions.size()},
                {"problems", problems}});
}

}  // namespace

int run_check(const Options& options) {
    const auto file = read_config_file(options.config, LookAt::files_too);
    if (!file.ok()) return exit_code::after(file.error());
    const bool valid = file->problems.empty();
    if (options.json) {
        print_as_json(*file);
    } else if (!valid) {
        print(file->report());
        print_error(file->path.string() + " has " + count_of(file->problems.size(), "problem"));
    } else if (!file->present) {
        print_line(file->path.string() + ": not there, which is valid: no sessions, reaping alone");
    } else {
        print_line(file->path.string() + ": valid, " + count_of(file->config.sessions.size(), "session"));
    }
    return valid ? exit_code::done : exit_code::bad_config;
}

}  // namespace reeve
