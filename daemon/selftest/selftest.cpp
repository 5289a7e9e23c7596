#include "selftest/selftest.hpp"

#include "exit_code.hpp"
#include "json_output.hpp"
#include "selftest/containers.hpp"
#include "selftest/scenario.hpp"
#include "terminal.hpp"

namespace reeve {
namespace {

struct Named {
    const char* name;
    Victim victim;
    bool needs_session_anchors = false;
};

constexpr Named scenarios[] = {
    {"orderly stop", Victim::nobody_stop_asked},
    {"stop of each session", Victim::nobody_sessions_stopped},
    {"kill -9 supervisor", Victim::supervisor},
    {"kill -9 anchor", Victim::anchor},
    {"kill -9 both, start again", Victim::both},
    {"kill -9 sessions' anchors", Victim::session_anchors, true},
    {"kill -9 all of these at once", Victim::all_anchors, true},
    {"exec: kill -9 caller", Victim::exec_caller},
    {"exec: kill -9 its anchor", Victim::exec_anchor},
};

bool passed(const ScenarioResult& result) {
    return result.trouble.empty() && result.survivors == 0 && result.innocents == 0 &&
           result.containers_left == 0;
}

class Report {
  public:
    void add(const ScenarioResult& result) {
        const bool good = passed(result);
        all_ = all_ && good;
        table_.add({{result.name},
                    {result.containment},
                    {std::to_string(result.members)},
                    {std::to_string(result.survivors), result.survivors == 0 ? Style::plain : Style::bad},
                    {std::to_string(result.innocents), result.innocents == 0 ? Style::plain : Style::bad},
                    {std::to_string(result.ms) + " ms"},
                    {verdict(result), good ? Style::good : Style::bad}});
        list_.push_back({{"scenario", result.name},
                         {"containment", text_or_null(result.containment)},
                         {"processes", result.members},
                         {"survivors", result.survivors},
                         {"innocents", result.innocents},
                         {"containers", result.containers},
                         {"containers_left", result.containers_left},
                         {"ms", result.ms},
                         {"passed", good},
                         {"why", text_or_null(result.trouble)}});
    }

    void show(bool json, const std::string& no_containers) const {
        if (json) {
            print_json(list_);
            return;
        }
        reeve::print(table_.text());
        if (!no_containers.empty()) print_line("containers: not tried: " + no_containers);
    }
    bool all_passed() const { return all_; }

  private:
    static std::string verdict(const ScenarioResult& result) {
        if (passed(result)) return "passed";
        if (!result.trouble.empty()) return "FAILED: " + result.trouble;
        return result.containers_left != 0 ? "FAILED: a container is left" : "FAILED";
    }

    TextTable table_{
        {"SCENARIO", "CONTAINMENT", "PROCESSES", "SURVIVORS", "INNOCENTS HURT", "TIME", "RESULT"}};
    JsonOutput list_ = JsonOutput::array();
    bool all_ = true;
};

// Returns the containment that its sessions had.
std::string play_all(const Setting& setting, Report& report) {
    std::string containment;
    for (const Named& each : scenarios) {
        if (each.needs_session_anchors && containment != "subreaper") continue;
        const ScenarioResult result = play(each.name, each.victim, setting);
        if (!result.containment.empty()) containment = result.containment;
        report.add(result);
    }
    return containment;
}

}  // namespace

int run_selftest(const Options& options) {
    Setting setting;
    std::string no_containers;
    auto image = find_image(options.image);
    if (!image.ok() && options.image) {  // asked for, and not to be had: no success
        print_error(image.error());
        return exit_code::failed;
    }
    if (image.ok())
        setting.image = std::move(*image);
    else
        no_containers = image.error().message();
    Report report;
    const std::string strongest = play_all(setting, report);
    // Control groups are the strongest step, and hide whether the next one holds.
    if (strongest == "cgroup") {
        setting.cgroups = false;
        setting.image.reset();  // a container has its own, in any case
        play_all(setting, report);
    }
    report.show(options.json, no_containers);
    if (!report.all_passed())
        print_error(
            "testing the promises: at least one does not hold here; please report it with this table");
    return report.all_passed() ? exit_code::done : exit_code::failed;
}

}  // namespace reeve
