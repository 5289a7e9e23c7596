#include "options.hpp"

#include "exit_code.hpp"
#include "reeve/base/text.hpp"
#include "reeve/model/ids.hpp"
#include "terminal.hpp"
#include "version.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>

namespace reeve {
namespace {

constexpr const char* examples = R"(Examples:
  reeve run                      run what the configuration names, until SIGTERM
  reeve status                   what runs, what failed, what needs attention
  reeve restart api              stop "api", see it gone, start it again
  reeve logs -f api              follow what "api" prints
  reeve reap --dry-run           what would be cleaned up, and on what evidence
  reeve check my.json            find every mistake in a configuration

Exit status: 0 done, 1 failed, 64 usage, 65 bad data, 69 supervisor or engine
unreachable, 75 held by another supervisor, 78 bad configuration. status: 3 when
no supervisor lives; service status: 3 when the service is not active.)";

// One command line. CLI11 keeps pointers into it, so it is neither copied nor moved.
class Grammar {
  public:
    // Of all commands, or, because each costs more than most commands do themselves, only as much of it as
    // `command` is read with.
    explicit Grammar(std::string_view command = {});
    Grammar(const Grammar&) = delete;
    Grammar& operator=(const Grammar&) = delete;

    std::variant<Options, int> parse(int argc, const char* const* argv);
    const CLI::App& app() const { return app_; }

  private:
    CLI::App& command(const std::string& name, const std::string& what, const std::string& example);
    void add_run_commands();
    void add_status_commands();
    void add_session_commands();
    void add_log_commands();
    void add_added_session_commands();
    void add_cleaning_commands();
    void add_config_commands();
    void add_exec_commands();
    void add_owner_commands();
    void add_machine_commands();

    // In the order in which --help shows them.
    struct Part {
        void (Grammar::*add)();
        std::string_view commands;  // each between blanks
        bool has(std::string_view command) const {
            return commands.find(" " + std::string(command) + " ") != commands.npos;
        }
    };
    static constexpr Part parts[] = {
        {&Grammar::add_run_commands, " run supervise "},
        {&Grammar::add_status_commands, " status upgrade reload "},
        {&Grammar::add_session_commands, " start stop restart "},
        {&Grammar::add_added_session_commands, " add rm "},
        {&Grammar::add_log_commands, " logs "},
        {&Grammar::add_cleaning_commands, " ps reap lock force-unlock "},
        {&Grammar::add_config_commands, " check schema "},
        {&Grammar::add_exec_commands, " exec "},
        {&Grammar::add_owner_commands, " instance selftest zoo finish-exec why "},
        {&Grammar::add_machine_commands, " service mcp doctor completion man names "},
    };

    void accept_json(CLI::App& app) { app.add_flag("--json", options_.json, "print JSON"); }
    void accept_config(CLI::App& app) {
        app.add_option("--config", options_.config, "the configuration file")->type_name("FILE");
    }
    void accept_names(CLI::App& app, bool required) {
        app.add_option("NAME", options_.names, "a session's name")
            ->required(required)
            ->type_name("")
            ->check([](const std::string& name) {
                return is_session_name(name) ? std::string() : in_quotes(name) + " is not a session's name";
            });
    }

    const CLI::App& parsed_command() const;
    int refuse(const CLI::ParseError& error) const;
    std::string unexpected(const std::string& word) const;

    Options options_;
    CLI::App app_{"Runs sessions for an owner: nothing outlives it, and nothing else is ever touched.",
                  "reeve"};
};

Grammar::Grammar(std::string_view command) {
    app_.set_version_flag("--version", std::string("reeve ") + version, "print the version and exit");
    app_.set_help_flag("-h,--help", "print this help and exit");
    app_.add_option("--store", options_.store, "the state directory")->type_name("DIR");
    app_.require_subcommand(0, 1);
    app_.footer(examples);
    const bool known =
        std::any_of(std::begin(parts), std::end(parts), [&](const Part& part) { return part.has(command); });
    for (const Part& part : parts) {
        if (!known || part.has(command)) (this->*part.add)();
    }
}

CLI::App& Grammar::command(const std::string& name, const std::string& what, const std::string& example) {
    CLI::App& added = *app_.add_subcommand(name, what);
    added.fallthrough();  // --store is understood behind the command too
    added.footer("Example: " + example + "\n--store DIR is understood here too.");
    return added;
}

void Grammar::add_run_commands() {
    accept_config(
        command("run", "run the configured sessions in the foreground", "reeve run --config my.json"));
    // The process that `run` starts and watches; not for people.
    CLI::App& supervise = command("supervise", "be the supervisor that run watches", "reeve supervise");
    accept_config(supervise);
    supervise.add_option("--anchor", options_.anchor, "the pid of the parent, which is an anchor");
    supervise.add_flag("--go-on", options_.go_on, "in the place of the program that was executed before");
    supervise.add_flag("--try-out", options_.try_out, "only say whether that could be done");
    supervise.add_option("--scope", options_.scope, "the systemd scope that both are in");
    supervise.add_option("--no-scope", options_.no_scope, "why they have none");
    supervise.group("");
}

void Grammar::add_status_commands() {
    CLI::App& status =
        command("status", "show what runs and what needs attention", "reeve status api --json");
    accept_names(status, false);
    accept_json(status);
    status.add_flag("--watch", options_.watch, "show it again on every change");
    CLI::App& upgrade = command("upgrade", "execute a new version in place; sessions go on", "reeve upgrade");
    upgrade.add_option("PROGRAM", options_.file, "the new program; default: the reeve that this command is")
        ->type_name("");
    accept_json(upgrade);
    CLI::App& reload = command("reload", "apply the changed configuration, touching only what changed",
                               "reeve reload --dry-run");
    reload.add_flag("--dry-run", options_.dry_run, "only show what would change");
    accept_json(reload);
}

void Grammar::add_session_commands() {
    accept_names(command("start", "start sessions", "reeve start api db"), true);
    accept_names(command("stop", "stop sessions; returns when they are seen gone", "reeve stop api"), true);
    accept_names(command("restart", "stop sessions and start them again", "reeve restart api"), true);
}

void Grammar::add_log_commands() {
    CLI::App& logs = command("logs", "print what a session wrote", "reeve logs -f -n 20 api");
    accept_names(logs, true);
    logs.get_option("NAME")->expected(1);
    logs.add_option("-n,--lines", options_.lines, "so many of the last lines")
        ->type_name("N")
        ->capture_default_str()
        ->check(CLI::Range(0, 1'000'000'000));
    logs.add_flag("-f,--follow", options_.follow, "go on with what is written next");
}

// Sessions that are not in the configuration.
void Grammar::add_added_session_commands() {
    AddOptions& wanted = options_.add;
    CLI::App& add = command("add", "add a session that is not in the configuration", "");
    accept_names(add, true);
    add.get_option("NAME")->expected(1);
    const auto value = [&](const char* name, auto& place, const char* what, const char* type) {
        add.add_option(name, place, what)->type_name(type)->take_last();
    };
    const auto values = [&](const char* name, std::vector<std::string>& place, const char* what,
                            const char* type) {
        add.add_option(name, place, what)->type_name(type)->expected(1)->take_all();
    };
    value("--image", wanted.image, "run a container of this image; what is behind -- are its arguments",
          "IMAGE");
    values("--option", wanted.engine_options, "an option of the engine's create command", "OPTION");
    value("--cwd", wanted.cwd, "the directory to run in", "DIR");
    values("--env", wanted.env, "a variable", "NAME=VALUE");
    value("--restart", wanted.restart,
          "when it is started again: never, on-failure, always or unless-stopped", "POLICY");
    values("--after", wanted.after, "a session that must be ready first", "NAME");
    value("--grace", wanted.grace, "time to end before SIGKILL", "TIME");
    value("--stop-signal", wanted.stop_signal, "the signal that asks it to end", "SIGNAL");
    values("--set", wanted.set, "any other key of the configuration, e.g. log.keep=3", "KEY=VALUE");
    add.add_flag("--no-autostart", wanted.no_autostart, "only add it; reeve start starts it");
    add.footer(
        "Examples: reeve add web -- python3 -m http.server 8137\n"
        "          reeve add db --image postgres:16 --option=-p --option=5432:5432\n"
        "It stays until reeve rm, also when the supervisor is started again.");
    accept_names(command("rm", "stop added sessions, see them gone, and forget them", "reeve rm web"), true);
}

void Grammar::add_cleaning_commands() {
    accept_json(command("ps", "show every instance in the registry, with its processes", "reeve ps"));
    CLI::App& reap = command("reap", "clean up after dead instances now", "reeve reap --dry-run");
    reap.add_flag("--dry-run", options_.dry_run, "only show what would be done, and why");
    reap.add_flag("--all", options_.all, "also sessions that the next supervisor would take over");
    accept_json(reap);
    accept_json(command("lock", "show who holds the store", "reeve lock"));
    CLI::App& unlock = command("force-unlock", "remove a lock that nobody should hold", "reeve force-unlock");
    unlock.add_flag("--force", options_.force, "even while it is held: its supervisor then stops and leaves");
    accept_json(unlock);
}

void Grammar::add_config_commands() {
    CLI::App& check = command("check", "find every mistake in a configuration", "reeve check my.json");
    CLI::Option* file = check.add_option("FILE", options_.config, "the file; default: that of run");
    accept_config(check);
    file->excludes(check.get_option("--config"));
    accept_json(check);
    command("schema", "print the JSON Schema of the configuration", "reeve schema > reeve.schema.json");
}

// What other programs use to bind what they run to themselves.
void Grammar::add_exec_commands() {
    CLI::App& exec = command("exec", "run a command that ends with its caller, with everything it starts",
                             "reeve exec -- npx -y some-server");
    exec.add_option("--name", options_.name, "the session's name")->type_name("NAME")->capture_default_str();
    exec.add_option("--grace", options_.grace, "time to leave before SIGKILL")
        ->type_name("TIME")
        ->capture_default_str();
    exec.footer(
        "Example: reeve exec -- npx -y some-server\nEverything behind -- is the command; nothing of it is "
        "read here.");
}

void Grammar::add_owner_commands() {
    CLI::App& instance =
        command("instance", "register other programs' processes and containers", "reeve instance register");
    instance.add_option("ACTION", options_.action, "register, track, untrack or unregister")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"register", "track", "untrack", "unregister"}));
    instance.add_option("ID", options_.id, "the instance's id, as register printed it")->type_name("");
    instance.add_option("--name", options_.name, "the session's name")
        ->type_name("NAME")
        ->capture_default_str();
    instance
        .add_option("--pid", options_.pid, "register: the owner (default: the caller); track: the process")
        ->type_name("PID");
    instance.add_option("--container", options_.container, "track: a container")->type_name("ID");
    instance
        .add_option("--engine", options_.engine,
                    "track: the container's engine (default: the configured one)")
        ->type_name("NAME");
    accept_json(instance);

    CLI::App& selftest = command("selftest", "kill everything in a temporary store, and count the survivors",
                                 "reeve selftest");
    selftest.add_option("--image", options_.image, "an image with a shell, for a container session")
        ->type_name("IMAGE");
    accept_json(selftest);
    // Not for people: the processes that selftest kills, and what the anchor of `reeve exec` becomes.
    CLI::App& zoo = command("zoo", "be processes that try to escape", "reeve zoo MARK");
    zoo.add_option("MARK", options_.subject, "what marks them")->required();
    zoo.add_option("KIND", options_.action, "one of them");
    zoo.group("");
    CLI::App& finish = command("finish-exec", "clear what an exec has left", "reeve finish-exec ID 0");
    finish.add_option("ID", options_.id, "the instance's id")->required();
    finish.add_option("STATUS", options_.status, "the command's, to exit with")->required();
    finish.group("");

    CLI::App& why =
        command("why", "tell whose a process or container is, and by what proof", "reeve why 4711");
    why.add_option("PID|CONTAINER", options_.subject, "a pid, or a container's id or name")
        ->required()
        ->type_name("");
    accept_json(why);
}

// What fits Reeve into a machine and its other programs.
void Grammar::add_machine_commands() {
    CLI::App& service =
        command("service", "install the service that starts reeve at login", "reeve service install --now");
    service.add_option("ACTION", options_.action, "install, uninstall or status")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"install", "uninstall", "status"}));
    accept_config(service);
    service.add_flag("--now", options_.now, "install: start it too");
    service.add_flag("--dry-run", options_.dry_run, "only show what would be done");
    accept_json(service);

    CLI::App& mcp = command("mcp", "put reeve exec before the servers of an MCP client, or take it out again",
                            "reeve mcp wrap ~/.cursor/mcp.json");
    mcp.add_option("ACTION", options_.action, "wrap or unwrap")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"wrap", "unwrap"}));
    mcp.add_option("FILE", options_.file,
                   "the client's configuration; without it, those of this machine are listed")
        ->type_name("");
    mcp.add_flag("--dry-run", options_.dry_run, "only show what would be changed");
    accept_json(mcp);

    accept_json(command("doctor", "find what is wrong on this machine, and how to mend it", "reeve doctor"));

    CLI::App& completion =
        command("completion", "print the completions of a shell",
                "reeve completion bash > ~/.local/share/bash-completion/completions/reeve");
    completion.add_option("SHELL", options_.subject, "bash, zsh or fish")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    // What the build makes the manual pages with, and what completions ask for the names of sessions.
    CLI::App& manual = command("man", "print a manual page", "reeve man 1");
    manual.add_option("SECTION", options_.subject, "1 or 5")->required()->check(CLI::IsMember({"1", "5"}));
    manual.group("");
    command("names", "print the names of sessions", "reeve names").group("");
}

const CLI::App& Grammar::parsed_command() const {
    const auto found = app_.get_subcommands();
    return found.empty() ? app_ : *found.front();
}

std::variant<Options, int> Grammar::parse(int argc, const char* const* argv) {
    // What stands behind -- is somebody else's command line, so it is taken away before ours is read.
    const auto* const end = argv + argc;
    const auto* const cut =
        std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
    if (cut != end) options_.argv.assign(cut + 1, end);
    try {
        app_.parse(static_cast<int>(cut - argv), argv);
    } catch (const CLI::Success& asked) {  // --help, --version: CLI11 prints them
        return app_.exit(asked);
    } catch (const CLI::ParseError& error) {
        return refuse(error);
    }
    if (&parsed_command() == &app_) {
        print_error("no command was given; see reeve --help");
        return exit_code::usage;
    }
    options_.command = parsed_command().get_name();
    if (options_.command == "exec" && options_.argv.empty()) {
        print_error(
            "running a command: none was given; put it behind --, as in: reeve exec -- npx -y some-server");
        return exit_code::usage;
    }
    if (options_.command == "add" && options_.argv.empty() && !options_.add.image) {
        print_error(
            "adding a session: there is no command; put it behind --, as in: reeve add web -- python3 -m "
            "http.server, or name an image with --image");
        return exit_code::usage;
    }
    if (options_.command != "exec" && options_.command != "add" && !options_.argv.empty()) {
        print_error("reading the command line: only exec and add take a command behind --; see reeve --help");
        return exit_code::usage;
    }
    return options_;
}

int Grammar::refuse(const CLI::ParseError& error) const {
    const auto rest = app_.remaining(true);
    const bool is_unexpected = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !rest.empty();
    std::string what = is_unexpected ? unexpected(rest.front()) : std::string(error.what());
    const std::string shown_by =
        &parsed_command() == &app_ ? "reeve --help" : "reeve " + parsed_command().get_name() + " --help";
    if (what.find(';') == what.npos) what += "; see " + shown_by;
    print_error("reading the command line: " + what);
    return exit_code::usage;
}

// "unknown command "statsu"; did you mean "status"?"
std::string Grammar::unexpected(const std::string& word) const {
    const CLI::App& where = parsed_command();
    const bool is_option = word.starts_with('-');
    std::vector<std::string> known;
    if (is_option) {
        for (const CLI::Option* option : where.get_options())
            for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
        known.emplace_back("--store");
    } else if (&where == &app_) {
        for (const CLI::App* each : app_.get_subcommands([](const CLI::App*) { return true; })) {
            if (!each->get_group().empty()) known.push_back(each->get_name());
        }
    }
    const char* const kind = is_option         ? "unknown option "
                             : &where == &app_ ? "unknown command "
                                               : "one word too many: ";
    const auto meant = nearest(word, known);
    if (meant == word) return in_quotes(word) + " stands after the command " + where.get_name();
    return kind + in_quotes(word) + (meant ? "; did you mean " + in_quotes(*meant) + "?" : "");
}

}  // namespace

void describe_command_line(const std::function<void(const CLI::App& app)>& describe) {
    describe(Grammar().app());
}

std::variant<Options, int> parse_options(int argc, const char* const* argv) {
    Grammar grammar(argc > 1 ? argv[1] : "");
    return grammar.parse(argc, argv);
}

}  // namespace reeve
