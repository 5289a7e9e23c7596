#include "selftest/containers.hpp"

#include "reeve/engine/docker_cli.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/model/labels.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>

namespace reeve {
namespace {

template <class T>
T run(asio::io_context& loop, Task<T> task) {
    T result;
    asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& bug, T value) {
        if (bug) std::rethrow_exception(bug);
        result = std::move(value);
    });
    loop.restart();
    loop.run();
    return result;
}

}  // namespace

Result<std::string> find_image(const std::optional<std::string>& wanted) {
    const std::string image = wanted.value_or(usual_test_image);
    asio::io_context loop(1);
    const auto engine = make_engine({});
    const auto info = run(loop, engine->info());
    if (!info.ok()) return info.error();
    TRY(const std::filesystem::path program, find_program(engine->name()));
    ToolCall call;
    call.program = program;
    call.args = {"image", "inspect", "--format", "{{.Id}}", image};
    const auto seen = run(loop, run_tool(std::move(call)));
    if (!seen.ok()) return seen.error();
    if (seen->exit_code == 0) return image;
    return Error(Errc::not_found, "looking for the image " + image, "it is not there",
                 "name one that is, and that has a shell, with --image");
}

int count_containers(const StorePaths& paths) {
    const auto store = Store::open(paths.root);
    if (!store.ok()) return -1;
    asio::io_context loop(1);
    const auto engine = make_engine({});
    const auto ids = run(loop, engine->list_containers(label_store, store->id().value));
    return ids.ok() ? static_cast<int>(ids->size()) : -1;
}

}  // namespace reeve
