#include "selftest/selftest.hpp"

#include "exit_code.hpp"
#include "json_output.hpp"
#include "selftest/scenario.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

struct Named {
    const char* name;
    Victim victim;
};

constexpr Named scenarios[] = {
    {"orderly stop", Victim::nobody_stop_asked},
    {"kill -9 supervisor", Victim::supervisor},
    {"kill -9 anchor", Victim::anchor},
    {"kill -9 both, start again", Victim::both},
    {"exec: kill -9 caller", Victim::exec_caller},
    {"exec: kill -9 its anchor", Victim::exec_anchor},
};

bool passed(const ScenarioResult& result) {
    return result.trouble.empty() && result.survivors == 0 && result.innocents == 0;
}

}  // namespace

int run_selftest(const Options& options) {
    TextTable table({"SCENARIO", "PROCESSES", "SURVIVORS", "INNOCENTS HURT", "TIME", "RESULT"});
    JsonOutput list = JsonOutput::array();
    bool all = true;
    for (const Named& each : scenarios) {
        const ScenarioResult result = play(each.name, each.victim, options.image);
        const bool good = passed(result);
        all = all && good;
        table.add({{result.name},
                   {std::to_string(result.members)},
                   {std::to_string(result.survivors), result.survivors == 0 ? Style::plain : Style::bad},
                   {std::to_string(result.innocents), result.innocents == 0 ? Style::plain : Style::bad},
                   {std::to_string(result.ms) + " ms"},
                   {good                     ? "passed"
                    : result.trouble.empty() ? "FAILED"
                                             : "FAILED: " + result.trouble,
                    good ? Style::good : Style::bad}});
        list.push_back({{"scenario", result.name},
                        {"processes", result.members},
                        {"survivors", result.survivors},
                        {"innocents", result.innocents},
                        {"ms", result.ms},
                        {"passed", good},
                        {"why", text_or_null(result.trouble)}});
    }
    if (options.json)
        print_json(list);
    else
        print(table.text());
    if (!all)
        print_error(
            "testing the promises: at least one does not hold here; please report it with this table");
    return all ? exit_code::done : exit_code::failed;
}

}  // namespace reeve
