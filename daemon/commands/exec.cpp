#include "commands/exec.hpp"

#include "anchor_program.hpp"
#include "commands/container_command.hpp"
#include "commands/container_endpoint.hpp"
#include "exit_code.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/process_runner.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "reeve/store/instance_registry.hpp"
#include "terminal.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace reeve {
namespace {

const std::string container_suffix = ".container";  // of the name that a container goes on record as

struct Failure {
    Error error;
    int status;
};

Failure with_status(Error error, int status) { return {std::move(error), status}; }

InstanceRecord record_of(const ProcessIdentity& self, const Host& here) {
    InstanceRecord record;
    record.instance_id.value = new_uuid();
    record.kind = InstanceKind::exec;
    record.owner = self;
    record.hostname = here.hostname;
    record.started_at = now_rfc3339();
    return record;
}

// The child is forked here and waits at its gate, so that its identity is on disk before it runs; then this
// process becomes the anchor, with the same pid, and opens the gate. No byte of standard input or output
// passes through us.
Failure run(const Options& options) {
    const pid_t caller = ::getppid();  // first: who it is must be known before it can go
    const auto grace = parse_duration(options.grace);
    if (!grace) {
        return with_status(
            Error(Errc::invalid_data, "reading --grace", "\"" + options.grace + "\" is no duration",
                  "use for example 500ms, 5s or 1m"),
            exit_code::usage);
    }
    if (!is_session_name(options.name)) {
        return with_status(
            Error(Errc::invalid_data, "reading --name", "\"" + options.name + "\" is no session's name",
                  "use letters, digits, '_', '.' and '-'"),
            exit_code::usage);
    }
    const auto program = find_program(options.argv.front());
    if (!program.ok())
        return with_status(program.error(), program.error().code() == Errc::not_found ? 127 : 126);
    const auto container = recognise_container_command(options.argv);
    if (container && container->detached) {
        return with_status(
            Error(Errc::refused, "starting " + options.argv.front(),
                  "with -d it would end at once, and its container with it",
                  "leave -d out: the container lives until reeve exec ends, or its caller is gone"),
            exit_code::usage);
    }
    if (container && !is_session_name(options.name + container_suffix)) {
        return with_status(
            Error(Errc::invalid_data, "reading --name",
                  "\"" + options.name + "\" is too long: the container goes on record as that with \"" +
                      container_suffix + "\" behind it",
                  "use a shorter name"),
            exit_code::usage);
    }
    const auto endpoint =
        container ? endpoint_of(*container, program->string()) : Result<std::string>(std::string());
    if (!endpoint.ok()) return with_status(endpoint.error(), exit_code::failed);
    const auto root = find_store(options.store);
    if (!root.ok()) return with_status(root.error(), exit_code::failed);
    const auto store = Store::open_or_create(*root);
    if (!store.ok()) return with_status(store.error(), exit_code::failed);
    const auto here = this_host();
    if (!here.ok()) return with_status(here.error(), exit_code::failed);
    const auto self = identify(::getpid(), *here);
    if (!self.ok()) return with_status(self.error(), exit_code::failed);
    const auto anchor = find_anchor();
    if (!anchor.ok()) return with_status(anchor.error(), exit_code::failed);
    const auto own = own_program();
    if (!own.ok()) return with_status(own.error(), exit_code::failed);

    InstanceRecord record = record_of(*self, *here);
    const SessionName name{options.name};
    LaunchSpec spec;
    spec.program = program->string();
    spec.argv = options.argv;
    spec.cwd = ".";
    spec.own_session = false;
    spec.keep_stdio = true;
    spec.mark = inherited_mark(record.instance_id, name);
    spec.env = session_environment({}, store->paths(), record.instance_id, name);
    if (container) {
        spec.argv = with_labels(options.argv, *container, labels_for(store->id(), record.instance_id, name));
        ContainerSessionRecord made;
        made.engine = container->engine;
        made.endpoint = *endpoint;
        made.started_at = record.started_at;
        record.sessions[{options.name + container_suffix}] = made;
    }
    // Where a control group is to be had nothing gets away, even when the anchor is killed.
    record.cgroup = instance_cgroup(record.instance_id.value).value_or("");
    const InstanceRegistry registry(store->paths());
    if (!record.cgroup.empty()) {  // on record before it exists, so that somebody will remove it
        const Status noted = registry.note(record);
        if (!noted.ok()) return with_status(noted.error(), exit_code::failed);
        if (!make_cgroup(record.cgroup).ok()) record.cgroup.clear();
    }
    auto group = record.cgroup.empty() ? Result<UniqueFd>() : open_cgroup(record.cgroup);
    if (group.ok()) spec.cgroup = group->get();
    auto child = launch_gated(spec);
    if (!child.ok() && spec.cgroup >= 0) {
        (void)remove_cgroup(record.cgroup).ok();
        record.cgroup.clear();
        spec.cgroup = -1;
        child = launch_gated(spec);
    }
    if (!child.ok()) {
        (void)registry.remove(record.instance_id).ok();
        return with_status(child.error(), 126);
    }
    ProcessSessionRecord process;
    const ProcessSeen seen = child->handle().look();
    process.pid = child->pid();
    process.pgid = ::getpgrp();
    process.start_time = seen.start_time;
    process.cgroup = record.cgroup;
    process.pidfs_inode = seen.pidfs_inode;
    process.command = options.argv;
    process.started_at = record.started_at;
    record.sessions[name] = process;
    const Status saved = registry.save(record);
    if (!saved.ok()) return with_status(saved.error(), exit_code::failed);

    const UniqueFd gate = child->take_gate();
    ::fcntl(gate.get(), F_SETFD, 0);  // the anchor goes on with it
    ::fcntl(gate.get(), F_SETFL, 0);
    std::vector<std::string> arguments{"exec",
                                       "parent=" + std::to_string(caller),
                                       "child=" + std::to_string(process.pid),
                                       "gate=" + std::to_string(gate.get()),
                                       "grace-ms=" + std::to_string(grace->count()),
                                       "watch-input=1"};
    if (!record.cgroup.empty()) arguments.push_back("cgroup=" + cgroup_directory(record.cgroup));
    if (container) {
        arguments.push_back("finish=" + own->string());
        arguments.push_back("finish-id=" + record.instance_id.value);
        ::setenv(env_store, root->c_str(),
                 1);  // NOLINT(concurrency-mt-unsafe): one thread; for `finish-exec`
    } else {
        arguments.push_back("record=" + store->paths().instance(record.instance_id).string());
    }
    return with_status(become_anchor(*anchor, std::move(arguments)), exit_code::failed);
}

}  // namespace

int run_exec(const Options& options) {
    const Failure failure = run(options);
    print_error(failure.error);
    return failure.status;
}

}  // namespace reeve
