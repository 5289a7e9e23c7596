#include "engine/docker_create.hpp"

#include "engine/docker_parse.hpp"

#include <algorithm>
#include <array>

namespace reeve {
namespace {

bool starts_with(std::string_view text, std::string_view start) { return text.rfind(start, 0) == 0; }

// Variables that the client itself obeys: which engine it talks to, where its credentials and helpers are. A
// container's PATH or DOCKER_HOST must reach the container and leave the client alone.
bool means_something_to_the_client(const std::string& name) {
    static constexpr std::array exact = {"PATH",     "HOME",   "USER",         "LANG",
                                         "LANGUAGE", "TMPDIR", "NOTIFY_SOCKET"};
    static constexpr std::array prefixes = {
        "DOCKER_",   "CONTAINER", "NERDCTL_", "PODMAN_", "BUILDAH_", "BUILDKIT_", "STORAGE_",
        "REGISTRY_", "XDG_",      "DBUS_",    "SSH_",    "SSL_",     "LC_",       "LD_",
        "DYLD_",     "GO",        "LISTEN_",  "OTEL_",   "MALLOC_",  "GLIBC_",    "_"};
    std::string upper = name;
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (upper.size() > 6 && upper.substr(upper.size() - 6) == "_PROXY") return true;
    if (std::find(exact.begin(), exact.end(), upper) != exact.end()) return true;
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const char* p) { return starts_with(upper, p); });
}

bool is_variable_name(const std::string& name) {
    return !name.empty() && name.front() != '#' &&
           std::none_of(name.begin(), name.end(),
                        [](unsigned char c) { return c <= ' ' || c == '=' || c == 0x7f; });
}

// Options come first of what the user wrote, ours before them: nothing of theirs can swallow ours. What could
// override ours is refused instead.
Status check_option(const std::string& option, const Labels& labels, const std::string& doing) {
    const auto is = [&](const char* flag) {
        return option == flag || starts_with(option, std::string(flag) + "=");
    };
    if (option == "--") return Error(Errc::refused, doing, "the option -- is not accepted", "remove it");
    if (is("--name"))
        return Error(Errc::refused, doing, "the option --name is not accepted",
                     "remove it: the container's name is chosen for it");
    if (is("--label-file"))
        return Error(Errc::refused, doing, "the option --label-file is not accepted", "use --label");
    for (const auto& [key, value] : labels) {
        if (option.find(key) != std::string::npos)
            return Error(Errc::refused, doing, "the option " + option + " speaks of the label " + key,
                         "remove it: that label tells whose the container is");
    }
    return done;
}

Status add_variable(const std::string& name, const std::string& value, CreateCall& call,
                    const std::string& doing) {
    if (!is_variable_name(name) || value.find('\0') != std::string::npos)
        return Error(Errc::refused, doing, "not a variable that a container can have: " + name, "rename it");
    if (!means_something_to_the_client(name)) {
        call.args.insert(call.args.end(), {"--env", name});
        call.env[name] = value;
        return done;
    }
    if (value.find_first_of("\r\n") != std::string::npos)
        return Error(Errc::refused, doing, "the variable " + name + " cannot have a value of several lines",
                     "set it in the image or in the container's command");
    call.input += name + "=" + value + "\n";
    return done;
}

}  // namespace

Result<CreateCall> create_call(const ContainerSpec& spec) {
    const std::string doing = "creating container " + spec.name;
    if (!is_engine_name(spec.name)) return Error(Errc::refused, doing, "not a name that engines accept");
    if (spec.image.empty() || spec.image.front() == '-')
        return Error(Errc::refused, doing, "not an image: '" + spec.image + "'", "name an image");

    CreateCall call;
    call.args = {"create", "--name", spec.name};
    for (const auto& [key, value] : spec.labels)
        call.args.insert(call.args.end(), {"--label", key + "=" + value});
    for (const auto& [name, value] : spec.env) {
        CHECK(add_variable(name, value, call, doing));
    }
    if (!call.input.empty()) call.args.insert(call.args.end(), {"--env-file", "/dev/stdin"});
    for (const std::string& option : spec.options) {
        CHECK(check_option(option, spec.labels, doing));
        call.args.push_back(option);
    }
    call.args.push_back(spec.image);
    call.args.insert(call.args.end(), spec.args.begin(), spec.args.end());
    return call;
}

}  // namespace reeve
