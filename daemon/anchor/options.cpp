#include "options.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace anchor {
namespace {

bool number(const char* text, long& value) {
    char* end = nullptr;
    value = std::strtol(text, &end, 10);
    return end != text && *end == '\0' && value >= 0;
}

bool take(const char* argument, Options& options) {
    const char* equals = std::strchr(argument, '=');
    if (equals == nullptr) return false;
    const auto length = static_cast<size_t>(equals - argument);
    const auto is = [&](const char* key) {
        return std::strlen(key) == length && std::strncmp(argument, key, length) == 0;
    };
    const char* value = equals + 1;
    long n = 0;
    if (is("crashes")) return options.crashes = value, true;
    if (is("adoptable")) return options.adoptable = value, true;
    if (is("cgroup")) return options.cgroup = value, true;
    if (is("record")) return options.record = value, true;
    if (is("finish")) return options.finish = value, true;
    if (is("finish-id")) return options.finish_id = value, true;
    if (!number(value, n)) return false;
    if (is("parent")) return options.parent = static_cast<pid_t>(n), true;
    if (is("child")) return options.child = static_cast<pid_t>(n), true;
    if (is("link")) return options.link = static_cast<int>(n), true;
    if (is("guard")) return options.guard = static_cast<pid_t>(n), true;
    if (is("gate")) return options.gate = static_cast<int>(n), true;
    if (is("grace-ms")) return options.grace_ms = n, true;
    if (is("watch-input")) return options.watch_input = n != 0, true;
    return false;
}

}  // namespace

void complain(const char* what, const char* why, const char* fix) {
    char text[1024];
    const int length = fix != nullptr
                           ? std::snprintf(text, sizeof text, "reeve: %s: %s; %s\n", what, why, fix)
                           : std::snprintf(text, sizeof text, "reeve: %s: %s\n", what, why);
    if (length <= 0) return;
    const auto bytes =
        static_cast<size_t>(length) < sizeof text ? static_cast<size_t>(length) : sizeof text - 1;
    const ssize_t ignored = ::write(2, text, bytes);
    (void)ignored;
}

bool parse(int argc, char** argv, Options& options) {
    const char* const misuse = "this program is reeve's own; use: reeve run, reeve exec";
    if (argc < 2) return complain("starting the anchor", misuse), false;
    if (std::strcmp(argv[1], "run") == 0)
        options.role = Role::run;
    else if (std::strcmp(argv[1], "exec") == 0)
        options.role = Role::exec;
    else if (std::strcmp(argv[1], "session") == 0)
        options.role = Role::session;
    else
        return complain("starting the anchor", misuse), false;
    int i = 2;
    for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) {
        if (!take(argv[i], options)) return complain("starting the anchor", argv[i], misuse), false;
    }
    if (i + 1 < argc) options.command = argv + i + 1;
    bool complete = options.command != nullptr;
    if (options.role == Role::exec) complete = options.child > 1 && options.gate >= 0;
    if (options.role == Role::session) complete = options.child > 1 && options.link >= 0;
    if (!complete) return complain("starting the anchor", misuse), false;
    return true;
}

}  // namespace anchor
