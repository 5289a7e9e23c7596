// A service manager that does as it is told: systemctl and loginctl as scripts in a folder that comes first
// on PATH.
//
// Each call is a line of `calls`. A file fail.VERB makes that verb fail, and is what it says.
#pragma once

#include "support/reeve_program.hpp"
#include "support/text_file.hpp"

#include <filesystem>
#include <string>

namespace reeve::test {

class FakeServices {
  public:
    explicit FakeServices(ReeveProgram& reeve) : reeve_(reeve) {
        program("systemctl", R"(#!/bin/sh
echo "$0 $*" | sed 's|.*/||' >> "$HOME/calls"
[ "$1" = --user ] && shift
if [ -e "$HOME/fail.$1" ]; then cat "$HOME/fail.$1" >&2; exit 1; fi
case $1 in
    show) cat "$HOME/show" ;;
    show-environment) cat "$HOME/environment" ;;
esac
)");
        program("loginctl", "#!/bin/sh\necho \"Linger=$(cat \"$HOME/linger\")\"\n");
        reeve.file("show", "UnitFileState=enabled\nActiveState=active\n");
        reeve.file("environment", "LANG=C\nPATH=/usr/local/bin:/usr/bin:/bin\n");
        reeve.file("linger", "yes");
        reeve.env["PATH"] = (reeve.home() / "bin").string() + ":/usr/bin:/bin";
    }
    void fails(const std::string& verb, const std::string& saying) const {
        reeve_.file("fail." + verb, saying + "\n");
    }
    std::string calls() const { return read_text(reeve_.home() / "calls"); }
    // Makes an executable in the folder on PATH.
    std::string program(const std::string& name, const std::string& script) const {
        std::string path = reeve_.file("bin/" + name, script);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    std::filesystem::path unit() const { return reeve_.home() / ".config/systemd/user/reeve.service"; }

  private:
    ReeveProgram& reeve_;
};

}  // namespace reeve::test
