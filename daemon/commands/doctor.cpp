#include "commands/doctor.hpp"

#include "commands/client.hpp"
#include "config_file.hpp"
#include "doctor/finding.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"
#include "reeve/os/paths.hpp"
#include "terminal.hpp"

#include <algorithm>

namespace reeve {
namespace {

using State = Finding::State;

const char* to_string(State state) {
    switch (state) {
        case State::ok:
            return "ok";
        case State::warn:
            return "warn";
        case State::fail:
            return "fail";
    }
    return "fail";
}

Style style_of(State state) {
    if (state == State::ok) return Style::good;
    return state == State::warn ? Style::warning : Style::bad;
}

Finding check_config(const Options& options, Patient& patient) {
    const auto file = read_config_file(options.config);
    if (!file.ok()) return failure("configuration", file.error().message(), file.error().fix());
    if (!file->problems.empty()) {
        return failure("configuration", file->problems.front().message(file->path.string()), "reeve check");
    }
    patient.config = file->config;
    return well("configuration",
                file->path.string() + (file->present ? "" : " is not there, which is valid"));
}

Result<Findings> examine(const Options& options) {
    Patient patient;
    TRY(patient.home, home_directory());
    TRY(const std::filesystem::path root, find_store(options.store));
    patient.store = StorePaths{root};
    patient.option = options.store;
    std::error_code ignored;
    patient.store_exists = std::filesystem::exists(root, ignored);
    const auto observed = observe_status(patient.store);
    patient.supervised = observed.ok() && observed->alive;

    Findings all{check_config(options, patient)};
    const auto add = [&](Findings more) {
        all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    add(check_programs());
    add(check_store(patient));
    add(check_folder(patient));
    add(check_leftovers(patient));
    add(check_crashes(patient));
    add(check_clock(patient));
    add(check_containment(patient));
    add(check_engine(patient));
    add(check_service(patient));
    add(check_search_path(patient));
    return all;
}

void print_for_people(const Findings& all) {
    TextTable table({"", "CHECK", "FOUND"});
    for (const Finding& each : all)
        table.add({{to_string(each.state), style_of(each.state)}, {each.what}, {each.why}});
    print(table.text());
    for (const Finding& each : all) {
        if (each.state != State::ok)
            print_line(styled(each.what, style_of(each.state)) + ": " + printable(each.fix));
    }
}

void print_as_json(const Findings& all) {
    JsonOutput checks = JsonOutput::array();
    for (const Finding& each : all) {
        checks.push_back({{"what", each.what},
                          {"state", to_string(each.state)},
                          {"why", each.why},
                          {"fix", text_or_null(each.fix)}});
    }
    print_json({{"checks", checks}});
}

}  // namespace

int run_doctor(const Options& options) {
    const auto all = examine(options);
    if (!all.ok()) return exit_code::after(all.error());
    if (options.json) {
        print_as_json(*all);
    } else {
        print_for_people(*all);
    }
    const bool failed =
        std::any_of(all->begin(), all->end(), [](const Finding& each) { return each.state == State::fail; });
    return failed ? exit_code::failed : exit_code::done;
}

}  // namespace reeve
