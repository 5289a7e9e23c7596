#include "reeve/core/event_log.hpp"

#include "model/json_text.hpp"
#include "reeve/base/time_text.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>

namespace reeve {
namespace {

constexpr std::size_t max_log_bytes = 10u * 1024 * 1024;
constexpr std::size_t kept_logs = 5;
constexpr std::array level_names{"trace", "debug", "info", "warn", "error", "critical", "off"};

std::string as_text(const EventLog::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* whole = std::get_if<long long>(&value)) return std::to_string(*whole);
    if (const auto* number = std::get_if<double>(&value)) return std::to_string(*number);
    return std::get<bool>(value) ? "true" : "false";
}

std::shared_ptr<spdlog::logger> logger_with(spdlog::sink_ptr sink) {
    auto logger = std::make_shared<spdlog::logger>("reeve", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::info);
    logger->flush_on(
        spdlog::level::debug);  // a line that was not written when we are killed is no use to anybody
    logger->set_error_handler([](const std::string&) {});  // a full disk must not fill stderr, nor stop us
    return logger;
}

}  // namespace

EventLog EventLog::open(const std::filesystem::path& file, bool to_stderr) {
    std::shared_ptr<spdlog::logger> to_file;
    std::shared_ptr<spdlog::logger> console;
    try {
        to_file = logger_with(
            std::make_shared<spdlog::sinks::rotating_file_sink_st>(file.string(), max_log_bytes, kept_logs));
    } catch (const spdlog::spdlog_ex&) {
        to_stderr = true;  // no log file is no reason not to run, but the log must go somewhere
    }
    if (to_stderr) console = logger_with(std::make_shared<spdlog::sinks::stderr_sink_st>());
    return {std::move(to_file), std::move(console)};
}

EventLog EventLog::nowhere() { return {nullptr, nullptr}; }

void EventLog::debug(std::string_view event, Fields fields) { write(spdlog::level::debug, event, fields); }
void EventLog::info(std::string_view event, Fields fields) { write(spdlog::level::info, event, fields); }
void EventLog::warn(std::string_view event, Fields fields) { write(spdlog::level::warn, event, fields); }
void EventLog::error(std::string_view event, Fields fields) { write(spdlog::level::err, event, fields); }

void EventLog::write(int level, std::string_view event, Fields fields) {
    const auto wanted = static_cast<spdlog::level::level_enum>(level);
    if (file_ && file_->should_log(wanted)) {
        OrderedJson line{{"ts", now_rfc3339()}, {"level", level_names.at(static_cast<std::size_t>(level))}};
        line["event"] = event;
        for (const auto& [name, value] : fields) {
            std::visit([&, key = std::string(name)](const auto& v) { line[key] = v; }, value);
        }
        file_->log(wanted, dump_json(line));
    }
    if (console_ && console_->should_log(wanted)) {
        std::string line = "reeve: ";
        if (wanted >= spdlog::level::warn)
            line += std::string(level_names.at(static_cast<std::size_t>(level))) + ": ";
        line += event;
        for (const auto& [name, value] : fields) {
            line += ' ';
            line += name;
            line += '=';
            line += as_text(value);
        }
        console_->log(wanted, line);
    }
}

}  // namespace reeve
