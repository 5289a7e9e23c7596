// The real reeve in a private home: nothing of the user who runs the tests is read or written.
#pragma once

#include "support/run_program.hpp"
#include "support/temp_dir.hpp"

#include <fstream>
#include <string>
#include <vector>

namespace reeve::test {

class ReeveProgram {
  public:
    Ended run(std::vector<std::string> words) const {
        Program program;
        program.argv = {REEVE_BINARY};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        program.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", home().string()}};
        for (const auto& [name, value] : env) program.env[name] = value;
        return run_program(program);
    }
    const std::filesystem::path& home() const { return home_.path(); }
    std::filesystem::path store() const { return home() / "store"; }
    // Writes a file below the home directory and returns its path.
    std::string file(const std::string& name, const std::string& content) const {
        const std::filesystem::path path = home() / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
        return path.string();
    }

    std::map<std::string, std::string> env;  // on top of PATH and HOME

  private:
    TempDir home_;
};

}  // namespace reeve::test
