// A ContainerEngine in memory, for tests of what uses one: its containers are plain values to look at and
// change, and any one verb can be made to fail, once or until told otherwise.
#pragma once

#include "reeve/engine/container_engine.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstdio>
#include <list>

namespace reeve::test {

class FakeEngine final : public ContainerEngine {
  public:
    // What exists, by id and by name. Tests may put in what they like.
    std::map<std::string, ContainerInfo> containers;
    std::map<std::string, VolumeOrNetwork> networks;
    std::map<std::string, VolumeOrNetwork> volumes;

    // Switches. The keys are the verbs: "info", "list_containers", "inspect_containers", "create_container",
    // "start_container", "stop_containers", "remove_containers", "list_networks", "remove_networks",
    // "list_volumes", "remove_volumes", "follow_events".
    std::map<std::string, Error> fails;       // every call, until erased
    std::map<std::string, Error> fails_once;  // the next call
    // Listings ignore their filter, as some engines have: only inspection tells the truth then.
    bool ignores_filters = false;
    // These say that they are gone only when the test takes them out: stop and remove have no effect on them.
    std::vector<std::string> immortal_ids;
    // Called at the start of every verb: lets a test change the world between two calls.
    std::function<void(const std::string& verb)> before_verb;

    // What was asked, in order: "stop_containers 3f2a… 77b1…".
    std::vector<std::string> calls;
    std::vector<ContainerSpec> created;

    EngineInfo engine{"fake-1.0", "FAKE:ENGINE"};

    explicit FakeEngine(std::string name = "docker", std::string endpoint = {})
        : name_(std::move(name)), endpoint_(std::move(endpoint)) {}

    // A container that exists before the test begins.
    ContainerId add_container(const std::string& name, Labels labels, bool running = true) {
        ContainerInfo info;
        info.id = next_id();
        info.name = name;
        info.image = "fake:1";
        info.labels = std::move(labels);
        info.created_at = "2026-11-21T02:04:00.000Z";
        containers[info.id.value] = info;
        if (running) set_running(info.id.value);
        return info.id;
    }
    void add_network(const std::string& name, Labels labels) {
        networks[name] = {name, std::move(labels), next_id().value};
    }
    void add_volume(const std::string& name, Labels labels) { volumes[name] = {name, std::move(labels), {}}; }

    // Ends a container as if its program had.
    void end_container(const ContainerId& id, int exit_code) {
        const auto it = containers.find(id.value);
        if (it == containers.end() || !it->second.running) return;
        it->second.running = false;
        it->second.pid = 0;
        it->second.exit_code = exit_code;
        tell("die", it->second, exit_code);
    }
    // Ends every stream of events, as when the engine goes away.
    void drop_event_streams() {
        for (Follower& follower : followers_) follower.over->cancel();
    }

    const std::string& name() const override { return name_; }
    const std::string& endpoint() const override { return endpoint_; }

    Task<Result<EngineInfo>> info() override {
        CO_CHECK(begin("info", {}));
        co_return engine;
    }

    Task<Result<std::vector<ContainerId>>> list_containers(std::string key, std::string value) override {
        CO_CHECK(begin("list_containers", {key + "=" + value}));
        std::vector<ContainerId> ids;
        for (const auto& [id, info] : containers) {
            if (bears(info.labels, key, value)) ids.push_back({id});
        }
        co_return ids;
    }

    Task<Result<std::vector<ContainerInfo>>> inspect_containers(
        std::vector<std::string> ids_or_names) override {
        CO_CHECK(begin("inspect_containers", ids_or_names));
        std::vector<ContainerInfo> found;
        for (const auto& [id, info] : containers) {
            const auto asked = [&info = info](const std::string& n) {
                return n == info.id.value || n == info.name;
            };
            if (std::any_of(ids_or_names.begin(), ids_or_names.end(), asked)) found.push_back(info);
        }
        co_return found;
    }

    Task<Result<ContainerId>> create_container(ContainerSpec spec) override {
        CO_CHECK(begin("create_container", {spec.name}));
        for (const auto& [id, info] : containers) {
            if (info.name == spec.name) co_return Error(Errc::failed, "creating " + spec.name, "name in use");
        }
        const ContainerId id = add_container(spec.name, spec.labels, false);
        containers[id.value].image = spec.image;
        created.push_back(std::move(spec));
        tell("create", containers[id.value], std::nullopt);
        co_return id;
    }

    Task<Status> start_container(ContainerId id) override {
        CO_CHECK(begin("start_container", {id.value}));
        if (containers.count(id.value) == 0) co_return Error(Errc::failed, "starting", "no such container");
        set_running(id.value);
        tell("start", containers[id.value], std::nullopt);
        co_return done;
    }

    Task<Status> stop_containers(std::vector<ContainerId> ids, std::chrono::seconds) override {
        CO_CHECK(begin("stop_containers", texts(ids)));
        for (const ContainerId& id : ids) {
            if (!is_immortal(id.value)) end_container(id, 143);
        }
        co_return done;
    }

    Task<Status> remove_containers(std::vector<ContainerId> ids) override {
        CO_CHECK(begin("remove_containers", texts(ids)));
        for (const ContainerId& id : ids) {
            if (is_immortal(id.value) || containers.count(id.value) == 0) continue;
            end_container(id, 137);
            const ContainerInfo gone = containers[id.value];
            containers.erase(id.value);
            tell("destroy", gone, std::nullopt);
        }
        co_return done;
    }

    Task<Result<ToolResult>> run_inside(ContainerId id, std::vector<std::string>,
                                        std::chrono::milliseconds) override {
        CO_CHECK(begin("run_inside", {id.value}));
        co_return ToolResult{0, {}, {}};
    }
    Task<Result<std::string>> last_output(ContainerId id, int) override {
        CO_CHECK(begin("last_output", {id.value}));
        co_return std::string();
    }
    Task<Status> follow_output(ContainerId id, std::string, std::function<bool(std::string_view)>) override {
        co_return begin("follow_output", {id.value});
    }

    Task<Result<std::vector<VolumeOrNetwork>>> list_networks(std::string key, std::string value) override {
        CO_CHECK(begin("list_networks", {key + "=" + value}));
        co_return those_with(networks, key, value);
    }
    Task<Status> remove_networks(std::vector<std::string> names_or_ids) override {
        CO_CHECK(begin("remove_networks", names_or_ids));
        for (const std::string& name : names_or_ids) {
            for (auto it = networks.begin(); it != networks.end();) {
                it = it->first == name || it->second.id == name ? networks.erase(it) : std::next(it);
            }
        }
        co_return done;
    }
    Task<Result<std::vector<VolumeOrNetwork>>> list_volumes(std::string key, std::string value) override {
        CO_CHECK(begin("list_volumes", {key + "=" + value}));
        co_return those_with(volumes, key, value);
    }
    Task<Status> remove_volumes(std::vector<std::string> names) override {
        CO_CHECK(begin("remove_volumes", names));
        for (const std::string& name : names) volumes.erase(name);
        co_return done;
    }

    Task<Status> follow_events(std::string key, std::string value,
                               std::function<void(const EngineEvent&)> on_event) override {
        CO_CHECK(begin("follow_events", {key + "=" + value}));
        const Executor executor = co_await asio::this_coro::executor;
        asio::steady_timer over(executor, asio::steady_timer::time_point::max());
        const auto self = followers_.insert(followers_.end(), {key, value, std::move(on_event), &over});
        const auto [ec] = co_await over.async_wait(as_result);
        (void)ec;
        followers_.erase(self);
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none)
            co_return Error(Errc::cancelled, "following events");
        co_return Error(Errc::unreachable, "following events", "the engine ended the stream");
    }

  private:
    struct Follower {
        std::string key, value;
        std::function<void(const EngineEvent&)> on_event;
        asio::steady_timer* over = nullptr;
    };

    Status begin(const std::string& verb, const std::vector<std::string>& words) {
        std::string line = verb;
        for (const std::string& word : words) line += " " + word;
        calls.push_back(line);
        if (before_verb) before_verb(verb);
        if (const auto once = fails_once.find(verb); once != fails_once.end()) {
            const Error error = once->second;
            fails_once.erase(once);
            return error;
        }
        if (const auto always = fails.find(verb); always != fails.end()) return always->second;
        return done;
    }

    bool bears(const Labels& labels, const std::string& key, const std::string& value) const {
        if (ignores_filters) return true;
        const auto it = labels.find(key);
        return it != labels.end() && (value.empty() || it->second == value);
    }
    bool is_immortal(const std::string& id) const {
        return std::find(immortal_ids.begin(), immortal_ids.end(), id) != immortal_ids.end();
    }
    std::vector<VolumeOrNetwork> those_with(const std::map<std::string, VolumeOrNetwork>& all,
                                            const std::string& key, const std::string& value) const {
        std::vector<VolumeOrNetwork> found;
        for (const auto& [name, one] : all) {
            if (bears(one.labels, key, value)) found.push_back(one);
        }
        return found;
    }
    static std::vector<std::string> texts(const std::vector<ContainerId>& ids) {
        std::vector<std::string> out;
        for (const ContainerId& id : ids) out.push_back(id.value);
        return out;
    }
    ContainerId next_id() {
        char text[65];
        std::snprintf(text, sizeof text, "%064x", ++last_id_);
        return {text};
    }
    void set_running(const std::string& id) {
        containers[id].running = true;
        containers[id].pid = 1'000'000'000;  // above every kernel's limit: nothing can be hit by mistake
        containers[id].started_at = "2026-11-21T02:04:01.000Z";
    }
    void tell(const std::string& action, const ContainerInfo& about, std::optional<int> exit_code) {
        for (const Follower& follower : followers_) {
            if (bears(about.labels, follower.key, follower.value))
                follower.on_event({action, about.id, about.labels, exit_code});
        }
    }

    std::string name_, endpoint_;
    unsigned last_id_ = 0;
    std::list<Follower> followers_;
};

}  // namespace reeve::test
