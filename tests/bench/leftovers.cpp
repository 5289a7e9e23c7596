// Leaves what a killed supervisor leaves: records of an owner that is gone (this program, once it has ended),
// and live processes with the tokens of their sessions. Containers are only recorded; whoever asks for them
// makes them.
//
// usage: bench_leftovers STORE INSTANCES PROCESSES CONTAINERS COMMAND...
// prints: store ID, instance ID for each, process PID for each
#include "reeve/base/time_text.hpp"
#include "reeve/model/labels.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "reeve/store/instance_registry.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace reeve {
namespace {

struct Wanted {
    std::string store;
    int instances = 0, processes = 0, containers = 0;
    std::vector<std::string> command;
};

LaunchSpec spec_for(const Wanted& wanted, const InstanceId& instance, const SessionName& name) {
    LaunchSpec spec;
    spec.program = wanted.command.front();
    spec.argv = wanted.command;
    spec.env = {std::string(env_store) + "=" + wanted.store, std::string(env_instance) + "=" + instance.value,
                std::string(env_session) + "=" + name.value, "PATH=/usr/local/bin:/usr/bin:/bin"};
    return spec;
}

ProcessSessionRecord record_of(const GatedChild& child, const Wanted& wanted) {
    const ProcessSeen seen = child.handle().look();
    ProcessSessionRecord record;
    record.pid = record.pgid = child.pid();
    record.start_time = seen.start_time;
    record.pidfs_inode = seen.pidfs_inode;
    record.command = wanted.command;
    record.started_at = now_rfc3339();
    return record;
}

Status let_run(GatedChild& child, const LaunchSpec& spec) {
    CHECK(child.open());
    pollfd report{child.report_fd(), POLLIN, 0};
    ::poll(&report, 1, -1);
    const auto failure = child.outcome();
    if (failure) return Error(Errc::failed, failure->message(spec));
    return done;
}

// As the supervisor does it: launched behind the gate, recorded, let run.
Status leave_one(const Wanted& wanted, const InstanceRegistry& registry, InstanceRecord record) {
    record.instance_id.value = new_uuid();
    std::vector<GatedChild> children;
    std::vector<LaunchSpec> specs;
    for (int i = 0; i < wanted.processes; ++i) {
        const SessionName name{"process-" + std::to_string(i)};
        specs.push_back(spec_for(wanted, record.instance_id, name));
        TRY(GatedChild child, launch_gated(specs.back()));
        record.sessions.emplace(name, record_of(child, wanted));
        children.push_back(std::move(child));
    }
    for (int i = 0; i < wanted.containers; ++i) {
        ContainerSessionRecord container;
        container.engine = "docker";
        container.container = "reeve-bench-" + record.instance_id.value + "-" + std::to_string(i);
        container.started_at = now_rfc3339();
        record.sessions.emplace(SessionName{"container-" + std::to_string(i)}, container);
    }
    CHECK(registry.save(record));
    for (std::size_t i = 0; i < children.size(); ++i) {
        CHECK(let_run(children[i], specs[i]));
    }
    std::cout << "instance " << record.instance_id.value << "\n";
    for (const GatedChild& child : children) std::cout << "process " << child.pid() << "\n";
    return done;
}

Status leave(const Wanted& wanted) {
    TRY(const Host here, this_host());
    TRY(const Store store, Store::open_or_create(wanted.store));
    InstanceRecord record;
    TRY(record.owner, identify(::getpid(), here));
    record.hostname = here.hostname;
    record.started_at = now_rfc3339();
    std::cout << "store " << store.id().value << "\n";
    const InstanceRegistry registry(store.paths());
    for (int i = 0; i < wanted.instances; ++i) {
        CHECK(leave_one(wanted, registry, record));
    }
    return done;
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
    if (argc < 6) {
        std::cerr << "usage: bench_leftovers STORE INSTANCES PROCESSES CONTAINERS COMMAND...\n";
        return 64;
    }
    const reeve::Wanted wanted{argv[1], std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]),
                               std::vector<std::string>(argv + 5, argv + argc)};
    const reeve::Status left = reeve::leave(wanted);
    if (left.ok()) return 0;
    std::cerr << left.error().message() << "\n";
    return 1;
}
