#include "support/fake_services.hpp"
#include "support/private_daemon.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <chrono>

namespace reeve::test {
namespace {

using testing::HasSubstr;

class Doctor : public testing::Test {
  protected:
    Doctor() {
        reeve.env["SHELL"] = services.program("login-shell", "#!/bin/sh\nPATH=/usr/bin:/bin\neval \"$3\"\n");
        reeve.env["REEVE_STORE"] = reeve.store().string();
        reeve.file(".config/reeve/reeve.json", R"({"engine": {"command": "fake-engine", "timeout": "5s"}})");
        engine("exit 0");
        // Makes the store as the program itself does.
        EXPECT_EQ(reeve.run({"exec", "--", "true"}).code, 0);
        EXPECT_EQ(reeve.run({"service", "install"}).code, 0);
    }
    void engine(const std::string& what) { services.program("fake-engine", "#!/bin/sh\n" + what + "\n"); }
    // The finding of this name; null when there is none.
    Json find(const std::string& what) {
        last = reeve.run({"doctor", "--json"});
        EXPECT_FALSE(last.timed_out);
        const Json said = Json::parse(last.out, nullptr, false);
        for (const Json& check : said["checks"]) {
            if (check["what"] == what) return check;
        }
        return {};
    }
    // It was well, and is not after the break: with a reason, a fix and the exit status that goes with it.
    void expect(const std::string& what, const std::string& state, const std::string& why) {
        const Json found = find(what);
        ASSERT_TRUE(found.is_object()) << what << last.out << last.err;
        EXPECT_EQ(found["state"], state) << found;
        EXPECT_THAT(found["why"].get<std::string>(), HasSubstr(why));
        EXPECT_EQ(found["fix"].is_null(), state == "ok") << found;
        if (state == "fail") {
            EXPECT_EQ(last.code, 1) << last.out;
        }
    }

    ReeveProgram reeve;
    FakeServices services{reeve};
    Ended last;
};

TEST_F(Doctor, FindsAHealthyStoreAndServiceHealthy) {
    for (const char* what :
         {"configuration", "reeve-anchor", "store", "permissions", "control socket", "temporary files",
          "quarantine", "records", "crashes", "clock", "service", "linger", "PATH"})
        expect(what, "ok", "");
    EXPECT_EQ(last.code, 0) << last.out;
}

TEST_F(Doctor, PrintsATableWithTheFixesBelow) {
    const Ended ended = reeve.run({"doctor"});
    EXPECT_THAT(ended.out, HasSubstr("warn  supervisor"));
    EXPECT_THAT(ended.out, HasSubstr("supervisor: start one: reeve service install --now"));
}

TEST_F(Doctor, ReportsABadConfiguration) {
    reeve.file(".config/reeve/reeve.json", "{\"sesions\": {}}");
    expect("configuration", "fail", "did you mean \"sessions\"");
}

TEST_F(Doctor, ReportsAStoreThatOthersCanWrite) {
    ASSERT_EQ(::chmod(reeve.store().c_str(), 0777), 0);
    expect("store", "fail", "");
    ASSERT_EQ(::chmod(reeve.store().c_str(), 0700), 0);
    expect("store", "ok", "");
}

TEST_F(Doctor, ReportsFilesThatOthersCanRead) {
    ASSERT_EQ(::chmod((reeve.store() / "store.json").c_str(), 0644), 0);
    expect("permissions", "warn", "store.json");
}

TEST_F(Doctor, ReportsAPathThatIsTooLongForASocket) {
    reeve.env["REEVE_STORE"] = (reeve.home() / std::string(120, 'x')).string();
    EXPECT_EQ(reeve.run({"exec", "--", "true"}).code, 0);
    expect("control socket", "warn", "too long");
}

TEST_F(Doctor, ReportsFoldersThatAreCopiedToOtherMachines) {
    for (const char* folder : {"Dropbox", "OneDrive - Work", "Mobile Documents/a", "Google Drive"}) {
        reeve.env["REEVE_STORE"] = (reeve.home() / folder / "reeve").string();
        expect("synchronised folder", "fail", "copies the store");
    }
    reeve.env["REEVE_STORE"] = reeve.store().string();
    EXPECT_TRUE(find("synchronised folder").is_null());
    std::filesystem::create_directory(reeve.home() / ".stfolder");
    expect("synchronised folder", "fail", "Syncthing");
}

TEST_F(Doctor, ReportsLeftoversOfInterruptedWrites) {
    reeve.file("store/instances/.tmp-1-abcdef", "half");
    expect("temporary files", "warn", "1 file");
}

TEST_F(Doctor, ReportsTheQuarantineAndRecordsThatCannotBeRead) {
    reeve.file("store/instances/quarantine/x.json", "?");
    expect("quarantine", "warn", "1 record");
    reeve.file("store/instances/0b5e4a3c-2d7f-4d0e-9c55-6a3e1f2d4c5b.json", "{broken");
    expect("records", "warn", "0b5e4a3c");
}

TEST_F(Doctor, ReportsTheSocketOfADeadSupervisor) {
    reeve.file("store/control.sock", "");
    expect("supervisor", "warn", "left over");
}

TEST_F(Doctor, ReportsCrashes) {
    reeve.file("store/crashes", "1\n2\n");
    expect("crashes", "warn", "2 times");
}

TEST_F(Doctor, ReportsAFileOfTheFuture) {
    std::filesystem::last_write_time(reeve.store() / "store.json",
                                     std::filesystem::file_time_type::clock::now() + std::chrono::hours(48));
    expect("clock", "warn", "store.json was written in the future");
}

TEST_F(Doctor, ReportsAStartInTheFuture) {
    reeve.file("store/status.json", R"({"schema_version": 1, "version": "0.1.0", "seq": 1,
        "updated_at": "2026-01-01T00:00:00.000Z", "state": "running", "instance_id": "", "pid": 1,
        "hostname": "h", "started_at": "2199-01-01T00:00:00.000Z", "control": "", "sessions": {}})");
    expect("clock", "warn", "status.json tells of a start");
}

TEST_F(Doctor, ReportsAnEngineThatIsMissingRefusesOrHangs) {
    engine("echo no permission >&2; exit 1");
    expect("engine", "warn", "no permission");
    reeve.file(
        ".config/reeve/reeve.json",
        R"({"engine": {"command": "fake-engine", "timeout": "300ms"}, "sessions": {"db": {"image": "x"}}})");
    expect("engine", "fail", "no permission");
    engine("exec sleep 60");
    expect("engine", "fail", "");
    reeve.file(".config/reeve/reeve.json", R"({"engine": {"command": "no-such-engine"}})");
    expect("engine", "warn", "no session needs it");
}

TEST_F(Doctor, ReportsAServiceThatIsMissingOldOrBroken) {
    std::string unit = read_text(services.unit());
    write_text(services.unit(), unit + "# mine\n");
    expect("service", "warn", "not what this version would install");
    unit.replace(unit.find(REEVE_BINARY), std::string(REEVE_BINARY).size(), "/gone/reeve");
    write_text(services.unit(), unit);
    expect("service", "fail", "/gone/reeve, which is not there");
    std::filesystem::remove(services.unit());
    reeve.file("show", "UnitFileState=disabled\nActiveState=inactive\n");
    expect("service", "warn", "not installed");
    reeve.file("show", "UnitFileState=enabled\nFragmentPath=/usr/lib/systemd/user/reeve.service\n");
    expect("service", "ok", "/usr/lib/systemd/user/reeve.service");
}

TEST_F(Doctor, ReportsServicesThatEndWithTheSession) {
    reeve.file("linger", "no");
    expect("linger", "warn", "last session");
}

TEST_F(Doctor, ReportsWhatTheServiceDoesNotFindAndTheLoginShellDoes) {
    const std::string shell =
        services.program("shell", "#!/bin/sh\necho welcome\nPATH=/usr/bin:$HOME/bin\neval \"$3\"\n");
    reeve.env["SHELL"] = shell;
    expect("PATH", "warn", (reeve.home() / "bin").string());
}

TEST_F(Doctor, DoesNotWaitForALoginShellThatHangs) {
    reeve.env["SHELL"] = services.program("shell", "#!/bin/sh\nexec sleep 100\n");
    expect("PATH", "warn", "does not tell");
}

TEST_F(Doctor, ReportsAnAnchorThatIsMissingOrOfAnotherVersion) {
    const auto copy = reeve.home() / "copy";
    std::filesystem::create_directory(copy);
    std::filesystem::copy_file(REEVE_BINARY, copy / "reeve");
    Program program;
    program.argv = {(copy / "reeve").string(), "doctor", "--json"};
    program.env = reeve.env;
    program.env["HOME"] = reeve.home().string();
    const auto anchor = [&] {
        const Ended ended = run_program(program);
        EXPECT_EQ(ended.code, 1);
        const Json said = Json::parse(ended.out, nullptr, false);
        for (const Json& check : said["checks"]) {
            if (check["what"] == "reeve-anchor") {
                return check["state"].get<std::string>() + ": " + check["why"].get<std::string>();
            }
        }
        return std::string();
    };
    EXPECT_THAT(anchor(), HasSubstr("fail"));
    const std::string old = services.program("../copy/reeve-anchor", "#!/bin/sh\necho reeve-anchor 0.0.1\n");
    EXPECT_THAT(anchor(), HasSubstr("of another version"));
}

TEST(DoctorOfASupervisor, ReportsSafeMode) {
    PrivateDaemon daemon;
    std::filesystem::create_directories(daemon.store());
    std::filesystem::permissions(daemon.store(), std::filesystem::perms::owner_all);
    std::string crashes;
    for (int i = 0; i < 5; ++i) crashes += "1700000000\n";
    write_text(daemon.store() / "crashes", crashes);
    std::filesystem::permissions(daemon.store() / "crashes", std::filesystem::perms(0600));
    daemon.launch();
    ASSERT_TRUE(wait_until([&] {
        const Json status = daemon.status();
        return status.is_object() && status["state"] == "safe";
    }));
    const Ended ended = daemon.reeve({"doctor", "--json"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.out, HasSubstr("safe mode: the supervisor had crashed"));
    EXPECT_THAT(ended.out, HasSubstr("it lives"));
    daemon.stop_if_it_runs();
}

}  // namespace
}  // namespace reeve::test
