// An engine's command line as a shell script: it says exactly what a test wants, and notes how it was called.
#pragma once

#include "reeve/engine/docker_cli.hpp"
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

namespace reeve::test {

class ScriptedEngine {
  public:
    explicit ScriptedEngine(std::string name = "docker") : path_(dir_ / name) {}

    // `cases` are the branches of a shell case over "$1 $2": `"container rm") exit 1 ;;`. What none of them
    // names succeeds in silence. "info -- format" answers unless the test says otherwise.
    void write(const std::string& cases) {
        std::ofstream script(path_);
        script << "#!/bin/sh\n"
               << "dir=" << dir_.path().string() << "\n"
               << "(flock 9; printf '%s\\n' \"$*\" >&9) 9>>$dir/calls\n"  // calls at once must not mix
               << "case \"$1 $2\" in\n"
               << cases << "\n"
               << "'info --format') echo '{\"ID\": \"FAKE\", \"ServerVersion\": \"1.0\"}' ;;\n"
               << "esac\n";
        script.close();
        ::chmod(path_.c_str(), 0700);
    }

    std::unique_ptr<ContainerEngine> open(std::chrono::milliseconds timeout = std::chrono::seconds(20),
                                          std::string endpoint = {}) const {
        DockerCliOptions options;
        options.command = path_.string();
        options.endpoint = std::move(endpoint);
        options.timeout = timeout;
        return make_docker_cli(std::move(options));
    }

    std::vector<std::string> calls() const { return lines_of("calls"); }
    std::vector<std::string> lines_of(const std::string& file) const {
        std::vector<std::string> lines;
        std::ifstream in(dir_ / file);
        for (std::string line; std::getline(in, line);) lines.push_back(line);
        return lines;
    }
    std::filesystem::path file(const std::string& name) const { return dir_ / name; }

    // What `inspect` says of a container, without the brackets around all of them.
    static std::string described(const std::string& id, const std::string& name, bool running = true,
                                 const std::string& store = "s") {
        return R"({"Id": ")" + id + R"(", "Name": "/)" + name +
               R"(", "Config": {"Labels": {"reeve.store": ")" + store + R"("}}, "State": {"Running": )" +
               (running ? "true" : "false") + "}}";
    }

  private:
    TempDir dir_;
    std::filesystem::path path_;
};

}  // namespace reeve::test
