#include "commands/manual.hpp"

#include "exit_code.hpp"
#include "manual/pages.hpp"
#include "reeve/model/config_parse.hpp"
#include "terminal.hpp"

namespace reeve {

int run_manual(const Options& options) {
    print(options.subject == "1" ? command_page(view_grammar()) : config_page(config_schema()));
    return exit_code::done;
}

}  // namespace reeve
