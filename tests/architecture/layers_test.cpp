// Dependencies point one way. The rules are first tried on lines that break them, and then on every file.
#include "architecture/include_rules.hpp"
#include "architecture/source_tree.hpp"

#include <gtest/gtest.h>

namespace reeve::test {
namespace {

std::string objection(const std::filesystem::path& file, std::string_view line) {
    const auto include = parse_include(line);
    if (!include) return "not an include";
    return objection_to(file, *include).value_or("");
}

TEST(IncludeRules, ReadEveryWayToWriteAnInclude) {
    EXPECT_EQ(parse_include("#include <map>").value().name, "map");
    EXPECT_FALSE(parse_include("#include <map>").value().quoted);
    EXPECT_TRUE(parse_include("  # include \"reeve/base/error.hpp\"  // why").value().quoted);
    EXPECT_EQ(parse_include("#  include\t\"x.hpp\"").value().name, "x.hpp");
    EXPECT_FALSE(parse_include("// #include <map>"));
    EXPECT_FALSE(parse_include("#include"));
    EXPECT_FALSE(parse_include("#include <unfinished"));
    EXPECT_FALSE(parse_include(""));
}

TEST(IncludeRules, LetALayerUseItselfAndThoseBeforeIt) {
    EXPECT_EQ(objection("lib/src/base/new.cpp", "#include \"reeve/base/error.hpp\""), "");
    EXPECT_EQ(objection("lib/src/store/new.cpp", "#include \"reeve/os/files.hpp\""), "");
    EXPECT_EQ(objection("lib/src/store/new.cpp", "#include \"model/json_text.hpp\""), "");
    EXPECT_EQ(objection("daemon/new.cpp", "#include \"reeve/store/store.hpp\""), "");
}

TEST(IncludeRules, RefuseWhatPointsUpwards) {
    EXPECT_EQ(objection("lib/src/base/new.cpp", "#include \"reeve/model/ids.hpp\""),
              "base may not include model");
    EXPECT_EQ(objection("lib/src/model/new.cpp", "#include \"reeve/os/files.hpp\""),
              "model may not include os");
    EXPECT_EQ(objection("lib/src/os/linux/new.cpp", "#include \"reeve/store/store.hpp\""),
              "os may not include store");
    EXPECT_EQ(objection("lib/src/os/new.cpp", "#include \"../store/../../include/reeve/store/store.hpp\""),
              "os may not include store");
}

TEST(IncludeRules, KeepStoreAndEngineApart) {
    EXPECT_EQ(objection("lib/src/store/new.cpp", "#include \"reeve/engine/tool.hpp\""),
              "store may not include engine");
    EXPECT_EQ(objection("lib/src/engine/new.cpp", "#include \"reeve/store/store.hpp\""),
              "engine may not include store");
}

TEST(IncludeRules, KeepPrivateHeadersOutOfPublicOnes) {
    EXPECT_NE(objection("lib/include/reeve/store/new.hpp", "#include \"model/json_text.hpp\""), "");
}

TEST(IncludeRules, GiveEveryLibraryItsHome) {
    const auto json = "#include <nlohmann/json.hpp>";
    EXPECT_EQ(objection("lib/src/model/new.cpp", json), "");
    EXPECT_EQ(objection("lib/src/model/new.hpp", json), "");
    EXPECT_NE(objection("lib/include/reeve/model/new.hpp", json), "");
    EXPECT_EQ(objection("daemon/new.cpp", json), "");
    EXPECT_NE(objection("daemon/new.hpp", json), "");
    EXPECT_EQ(objection("daemon/json_output.hpp", json), "");

    const auto log = "#include <spdlog/spdlog.h>";
    EXPECT_EQ(objection("lib/src/core/new.cpp", log), "");
    EXPECT_EQ(objection("daemon/logging.cpp", log), "");
    EXPECT_NE(objection("lib/src/store/new.cpp", log), "");

    const auto options = "#include <CLI/CLI.hpp>";
    EXPECT_EQ(objection("daemon/options.cpp", options), "");
    EXPECT_EQ(objection("daemon/grammar_view.cpp", options), "");
    EXPECT_NE(objection("daemon/main.cpp", options), "");
    EXPECT_NE(objection("lib/src/core/new.cpp", options), "");

    const auto loop = "#include <boost/asio/io_context.hpp>";
    EXPECT_EQ(objection("lib/src/base/new.cpp", loop), "");
    EXPECT_NE(objection("lib/src/model/new.cpp", loop), "");
    EXPECT_NE(objection("daemon/anchor/new.cpp", loop), "");
}

TEST(IncludeRules, KnowWhichLibrariesTheProjectHas) {
    EXPECT_EQ(objection("lib/src/os/new.cpp", "#include <sys/types.h>"), "");
    EXPECT_EQ(objection("lib/src/os/new.cpp", "#include <unistd.h>"), "");
    EXPECT_NE(objection("lib/src/os/new.cpp", "#include <absl/strings/str_cat.h>"), "");
    EXPECT_NE(objection("lib/src/os/new.cpp", "#include <reeve/base/error.hpp>"), "");
    EXPECT_NE(objection("lib/src/os/new.cpp", "#include \"reeve/os/no_such_file.hpp\""), "");
}

TEST(Layers, PointOneWayInEveryFile) {
    int includes = 0;
    for (const auto& file : sources_below({"lib", "daemon"})) {
        int number = 0;
        for (const auto& line : lines_of(file)) {
            ++number;
            const auto include = parse_include(line);
            if (!include) continue;
            ++includes;
            const auto objection = objection_to(file, *include);
            EXPECT_FALSE(objection) << file.generic_string() << ":" << number << ": " << line << ": "
                                    << *objection;
        }
    }
    EXPECT_GT(includes, 50) << "the search for sources is broken";
}

}  // namespace
}  // namespace reeve::test
