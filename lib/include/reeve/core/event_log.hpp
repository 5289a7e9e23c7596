// The supervisor's own log: one JSON object a line, for people with jq and for machines.
//
// {"ts": RFC 3339, "level": "info", "event": "session exited", "session": "api", ...}. Levels: error = a
// person should act; warn = we coped; info = life-cycle events; debug = the rest. Whoever handles an error
// logs it, nobody else.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace spdlog {
class logger;
}

namespace reeve {

class EventLog {
  public:
    using Value = std::variant<std::string, long long, double, bool>;
    using Field = std::pair<std::string_view, Value>;
    using Fields = std::initializer_list<Field>;

    // Appends to `file`, rotated at 10 MiB, five kept; and writes plain text to stderr when `to_stderr`.
    static EventLog open(const std::filesystem::path& file, bool to_stderr);
    static EventLog nowhere();

    void debug(std::string_view event, Fields fields = {});
    void info(std::string_view event, Fields fields = {});
    void warn(std::string_view event, Fields fields = {});
    void error(std::string_view event, Fields fields = {});

  private:
    EventLog(std::shared_ptr<spdlog::logger> file, std::shared_ptr<spdlog::logger> console)
        : file_(std::move(file)), console_(std::move(console)) {}
    void write(int level, std::string_view event, Fields fields);
    std::shared_ptr<spdlog::logger> file_, console_;
};

}  // namespace reeve
