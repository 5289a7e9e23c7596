#include "commands/schema.hpp"

#include "exit_code.hpp"
#include "reeve/model/config_parse.hpp"
#include "terminal.hpp"

namespace reeve {

int run_schema(const Options& /*options*/) {
    print(config_schema());
    return exit_code::done;
}

}  // namespace reeve
