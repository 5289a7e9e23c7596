#include "reeve/engine/docker_cli.hpp"

#include "engine/docker_command.hpp"
#include "engine/docker_create.hpp"
#include "engine/docker_output.hpp"
#include "engine/docker_parse.hpp"
#include "engine/docker_things.hpp"
#include "reeve/base/time_text.hpp"

#include <algorithm>

namespace reeve {
namespace {

// A pull is part of `create` when the image is not there yet.
constexpr std::chrono::minutes patience_for_a_pull{15};

std::vector<std::string> texts_of(const std::vector<ContainerId>& ids) {
    std::vector<std::string> texts;
    for (const ContainerId& id : ids) texts.push_back(id.value);
    return texts;
}

class DockerCli final : public ContainerEngine {
  public:
    explicit DockerCli(DockerCliOptions options) : command_(std::move(options)) {}

    const std::string& name() const override { return command_.name(); }
    const std::string& endpoint() const override { return command_.endpoint(); }
    Task<Result<EngineInfo>> info() override { return command_.info(); }

    Task<Result<std::vector<ContainerId>>> list_containers(std::string key, std::string value) override;
    Task<Result<std::vector<ContainerInfo>>> inspect_containers(
        std::vector<std::string> ids_or_names) override;
    Task<Result<ContainerId>> create_container(ContainerSpec spec) override;
    Task<Status> start_container(ContainerId id) override;
    Task<Status> stop_containers(std::vector<ContainerId> ids, std::chrono::seconds grace) override;
    Task<Status> remove_containers(std::vector<ContainerId> ids) override;
    Task<Result<ToolResult>> run_inside(ContainerId id, std::vector<std::string> command,
                                        std::chrono::milliseconds limit) override {
        return run_inside_container(command_, std::move(id), std::move(command), limit);
    }
    Task<Result<std::string>> last_output(ContainerId id, int lines) override {
        return last_container_output(command_, std::move(id), lines);
    }
    Task<Status> follow_output(ContainerId id, std::string since,
                               std::function<bool(std::string_view)> on_line) override {
        return follow_container_output(command_, std::move(id), std::move(since), std::move(on_line));
    }

    Task<Result<std::vector<VolumeOrNetwork>>> list_networks(std::string key, std::string value) override {
        return list_networks_or_volumes(networks_, std::move(key), std::move(value));
    }
    Task<Result<std::vector<VolumeOrNetwork>>> list_volumes(std::string key, std::string value) override {
        return list_networks_or_volumes(volumes_, std::move(key), std::move(value));
    }
    Task<Status> remove_networks(std::vector<std::string> names) override {
        return networks_.remove(std::move(names));
    }
    Task<Status> remove_volumes(std::vector<std::string> names) override {
        return volumes_.remove(std::move(names));
    }
    Task<Status> follow_events(std::string key, std::string value,
                               std::function<void(const EngineEvent&)> on_event) override;

  private:
    static Task<Result<std::vector<VolumeOrNetwork>>> list_networks_or_volumes(DockerThings& things,
                                                                               std::string key,
                                                                               std::string value);

    DockerCommand command_;
    DockerThings containers_{command_, DockerThings::Kind::container};
    DockerThings networks_{command_, DockerThings::Kind::network};
    DockerThings volumes_{command_, DockerThings::Kind::volume};
};

Task<Result<std::vector<ContainerId>>> DockerCli::list_containers(std::string key, std::string value) {
    CO_TRY(const std::string text, co_await containers_.list(key, value));
    co_return parse_container_ids(text, "listing containers");
}

Task<Result<std::vector<ContainerInfo>>> DockerCli::inspect_containers(
    std::vector<std::string> ids_or_names) {
    std::vector<ContainerInfo> found;
    const DockerThings::Collect collect = [&](std::string_view text,
                                              std::set<std::string>& missing) -> Status {
        TRY(std::vector<ContainerInfo> infos, parse_containers(text, "inspecting containers"));
        for (ContainerInfo& info : infos) {
            // Engines also look for ids that begin with what was asked: such a stranger is no answer.
            const bool asked = missing.erase(info.id.value) + missing.erase(info.name) > 0;
            if (asked) found.push_back(std::move(info));
        }
        return done;
    };
    CO_CHECK(co_await containers_.inspect(std::move(ids_or_names), collect));
    co_return found;
}

Task<Result<ContainerId>> DockerCli::create_container(ContainerSpec spec) {
    const std::string doing = "creating container " + spec.name;
    CO_TRY(CreateCall create, create_call(spec));
    CO_TRY(ToolCall look, command_.prepare({"image", "inspect", spec.image}));
    CO_TRY(const ToolResult image, co_await command_.run(std::move(look)));

    CO_TRY(ToolCall call, command_.prepare(std::move(create.args)));
    call.extra_env.merge(create.env);
    call.input = std::move(create.input);
    if (image.exit_code != 0) call.limit += patience_for_a_pull;
    CO_TRY(ToolResult result, co_await command_.run(std::move(call)));
    if (result.exit_code != 0) {
        const Error why = co_await command_.explain(std::move(result), doing);
        co_return why;
    }
    const std::vector<std::string> lines = nonempty_lines(result.out);
    if (lines.empty() || !is_container_id(lines.back())) {
        co_return Error(Errc::invalid_data, doing, "the engine printed no container id");
    }
    co_return ContainerId{lines.back()};
}

Task<Status> DockerCli::start_container(ContainerId id) {
    if (!is_container_id(id.value))
        co_return Error(Errc::refused, "starting a container", "not a container id");
    std::vector<std::string> args = {"start", id.value};
    const Result<std::string> started = co_await command_.ask(std::move(args));
    if (!started) co_return started.error().while_doing("starting container " + id.value.substr(0, 12));
    co_return done;
}

Task<Status> DockerCli::stop_containers(std::vector<ContainerId> ids, std::chrono::seconds grace) {
    std::vector<std::string> verb = {"stop", "-t", std::to_string(std::max<std::int64_t>(grace.count(), 0))};
    if (command_.is_podman()) verb.emplace_back("--ignore");
    std::vector<std::string> asked = texts_of(ids);
    // A second round for those that still run: podman stops none of several when one is gone, but for
    // --ignore.
    for (int round = 1; !asked.empty(); ++round) {
        CO_TRY(const std::vector<ToolResult> failed, co_await containers_.each(verb, asked, grace));
        if (failed.empty()) co_return done;
        // Some were gone, or would not stop: look, instead of reading English.
        CO_TRY(const std::vector<ContainerInfo> left, co_await inspect_containers(asked));
        asked.clear();
        for (const ContainerInfo& container : left) {
            if (container.running) asked.push_back(container.id.value);
        }
        if (asked.empty() || round == 1) continue;
        const Error why = co_await command_.explain(failed.front(), "stopping container " + asked.front());
        co_return why;
    }
    co_return done;
}

Task<Status> DockerCli::remove_containers(std::vector<ContainerId> ids) {
    return containers_.remove(texts_of(ids));
}

Task<Result<std::vector<VolumeOrNetwork>>> DockerCli::list_networks_or_volumes(DockerThings& things,
                                                                               std::string key,
                                                                               std::string value) {
    const std::string doing = "listing " + things.word() + "s";
    CO_TRY(const std::string text, co_await things.list(key, value));
    CO_TRY(std::vector<std::string> names, parse_names(text, doing));
    std::vector<VolumeOrNetwork> found;
    const DockerThings::Collect collect = [&](std::string_view answer,
                                              std::set<std::string>& missing) -> Status {
        TRY(std::vector<VolumeOrNetwork> inspected, parse_networks_or_volumes(answer, doing));
        for (VolumeOrNetwork& one : inspected) {
            const bool asked = missing.erase(one.id) + missing.erase(one.name) > 0;
            if (asked) found.push_back(std::move(one));
        }
        return done;
    };
    CO_CHECK(co_await things.inspect(std::move(names), collect));
    co_return found;
}

Task<Status> DockerCli::follow_events(std::string key, std::string value,
                                      std::function<void(const EngineEvent&)> on_event) {
    const std::string doing = "following the events of " + name();
    // Since now, so that what happens until the client has its connection is told as well.
    CO_TRY(ToolCall call,
           command_.prepare({"events", "--since", now_rfc3339(), "--filter", "type=container", "--filter",
                             "label=" + key + "=" + value, "--format", "{{json .}}"}));
    call.max_output = 1024 * 1024;
    std::optional<Error> nonsense;
    const std::function<bool(std::string_view)> on_line = [&](std::string_view line) {
        Result<std::optional<EngineEvent>> event = parse_event(line, doing);
        if (!event) {
            nonsense = event.error();
        } else if (*event) {
            on_event(**event);
        }
        return !nonsense;
    };
    Result<ToolResult> ended = co_await stream_tool(std::move(call), on_line);
    if (nonsense) co_return *nonsense;
    if (!ended) co_return command_.not_run(ended.error()).while_doing(doing);
    if (ended->exit_code != 0) {
        const Error why = co_await command_.explain(std::move(ended).value(), doing);
        co_return why;
    }
    co_return Error(Errc::unreachable, doing, "the engine ended the stream", "start the engine again");
}

}  // namespace

std::unique_ptr<ContainerEngine> make_docker_cli(DockerCliOptions options) {
    return std::make_unique<DockerCli>(std::move(options));
}

std::unique_ptr<ContainerEngine> make_engine(const EngineConfig& config) {
    DockerCliOptions options;
    options.command = config.command;
    options.endpoint = config.endpoint;
    options.timeout = config.timeout;
    return make_docker_cli(std::move(options));
}

MakeEngine engine_maker(std::chrono::milliseconds timeout) {
    return [timeout](const std::string& name, const std::string& endpoint) {
        EngineConfig recorded;
        recorded.command = name;
        recorded.endpoint = endpoint;
        recorded.timeout = timeout;
        return make_engine(recorded);
    };
}

}  // namespace reeve
