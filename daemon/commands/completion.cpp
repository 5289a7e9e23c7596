#include "commands/completion.hpp"

#include "completion/shells.hpp"
#include "exit_code.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/os/files.hpp"
#include "reeve/store/store.hpp"
#include "terminal.hpp"

namespace reeve {

int run_completion(const Options& options) {
    const GrammarView grammar = view_grammar();
    if (options.subject == "bash") {
        print(bash_completion(grammar));
    } else if (options.subject == "zsh") {
        print(zsh_completion(grammar));
    } else {
        print(fish_completion(grammar));
    }
    return exit_code::done;
}

// A completion has no place for an error: what cannot be read has no names.
int run_names(const Options& options) {
    const auto root = find_store(options.store);
    if (!root.ok()) return exit_code::failed;
    const auto text = read_file(StorePaths{*root}.status());
    if (!text.ok()) return exit_code::failed;
    const auto status = status_snapshot_from_json(*text);
    if (!status.ok()) return exit_code::failed;
    for (const auto& [name, session] : status->sessions) print_line(name.value);
    return exit_code::done;
}

}  // namespace reeve
