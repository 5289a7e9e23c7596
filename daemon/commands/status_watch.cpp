#include "commands/status_watch.hpp"

#include "reeve/base/text.hpp"
#include "reeve/os/file_watch.hpp"
#include "reeve/os/process_handle.hpp"
#include "terminal.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

namespace reeve {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds between_figures{2};

// The store has other files that change, and drafts of this one.
bool is_of_the_status(std::string_view name) { return name == "status.json" || name == ".locked"; }

// As much of the line as fits; colours cost no column, and end where it is cut.
std::string clipped(const std::string& line, std::size_t columns) {
    std::string shown;
    std::size_t used = 0;
    for (std::size_t i = 0; i < line.size();) {
        if (line[i] == '\033') {
            const auto end = line.find('m', i);
            if (end == line.npos) break;
            shown += line.substr(i, end + 1 - i);
            i = end + 1;
            continue;
        }
        if (used == columns) return shown + (shown.find('\033') == shown.npos ? "" : "\033[0m");
        const std::size_t length = std::max<std::size_t>(1, utf8_length(std::string_view(line).substr(i)));
        shown += line.substr(i, length);
        i += length;
        ++used;
    }
    return shown;
}

// The terminal's other screen: what was on the first comes back when we leave.
class Screen {
  public:
    explicit Screen(bool wanted) : wanted_(wanted) { enter(); }
    ~Screen() { leave(); }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    bool wanted() const { return wanted_; }
    void enter() {
        if (!wanted_ || ours_) return;
        ours_ = true;
        print("\033[?1049h\033[?25l");
        (void)finish_output();
    }
    void leave() {
        if (!ours_) return;
        ours_ = false;
        print("\033[?25h\033[?1049l");
        (void)finish_output();
    }
    // Every line is written over what was there, so nothing flickers.
    void draw(const std::string& text) const {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) size = {24, 80, 0, 0};
        const std::size_t rows = std::max<std::size_t>(size.ws_row, 1);
        const std::size_t columns = std::max<std::size_t>(size.ws_col, 1);
        std::vector<std::string> lines;
        std::istringstream input(text);
        for (std::string line; std::getline(input, line);) lines.push_back(line);
        if (lines.size() > rows) {
            const std::size_t hidden = lines.size() - (rows - 1);
            lines.resize(rows - 1);
            lines.push_back("... " + std::to_string(hidden) + " more lines");
        }
        std::string frame = "\033[H";
        for (std::size_t i = 0; i < lines.size(); ++i) {
            frame += (i == 0 ? "" : "\r\n") + clipped(lines[i], columns) + "\033[K";
        }
        print(frame + "\033[J");
    }

  private:
    bool wanted_, ours_ = false;
};

class StatusWatch {
  public:
    StatusWatch(UniqueFd changes, const std::function<Result<WatchFrame>()>& make)
        : make_(make),
          screen_(::isatty(STDOUT_FILENO) == 1),
          changes_(loop_, changes.release()),
          signals_(loop_, SIGINT, SIGTERM, SIGHUP),
          end_(loop_),
          reader_(loop_),
          tick_(loop_) {
        if (screen_.wanted()) signals_.add(SIGWINCH), signals_.add(SIGTSTP);
    }

    Result<int> run() {
        wait_for_changes();
        wait_for_signals();
        if (!screen_.wanted()) wait_for_reader();
        look();
        loop_.run();
        screen_.leave();
        if (problem_) return *problem_;
        return frame_.exit_code;
    }

  private:
    // Looks again, and draws what is seen.
    void look() {
        auto made = make_();
        if (!made.ok()) {
            problem_ = made.error();
            loop_.stop();
            return;
        }
        const bool same = made->text == frame_.text;
        frame_ = std::move(*made);
        if (screen_.wanted() || !same) draw();
        wait_for_end();
        if (!screen_.wanted()) return;
        tick_.expires_after(between_figures);
        tick_.async_wait([this](const boost::system::error_code& ec) {
            if (!ec) look();
        });
    }

    void draw() {
        if (screen_.wanted())
            screen_.draw(frame_.text);
        else
            print(frame_.text);
        if (!finish_output()) loop_.stop();  // nobody reads it any more
    }

    void wait_for_changes() {
        changes_.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& ec) {
                                if (ec) return;
                                if (drain_watch(changes_.native_handle(), is_of_the_status)) look();
                                wait_for_changes();
                            });
    }

    // Of a pipe: whoever reads it may leave while nothing changes.
    void wait_for_reader() {
        boost::system::error_code failed;
        reader_.assign(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), failed);
        if (failed) return;  // a file
        reader_.async_wait(asio::posix::stream_descriptor::wait_error,
                           [this](const boost::system::error_code& ec) {
                               if (!ec) loop_.stop();
                           });
    }

    // A supervisor that is killed writes nothing any more, but the kernel tells of its end.
    void wait_for_end() {
        if (frame_.supervisor == watched_) return;
        watched_ = frame_.supervisor;
        boost::system::error_code ignored;
        end_.close(ignored);
        if (!watched_) return;
        auto handle = ProcessHandle::open(*watched_);
        if (!handle.ok() || !handle->has_value()) return;
        end_.assign(::fcntl((*handle)->exit_fd(), F_DUPFD_CLOEXEC, 0), ignored);
        if (ignored) return;
        end_.async_wait(asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& ec) {
                            if (!ec) look();
                        });
    }

    void wait_for_signals() {
        signals_.async_wait([this](const boost::system::error_code& ec, int number) {
            if (ec) return;
            if (number == SIGWINCH) {
                draw();
            } else if (number == SIGTSTP) {
                // Stopped with the terminal as it was; continued where it stood.
                screen_.leave();
                ::raise(SIGSTOP);
                screen_.enter();
                draw();
            } else {
                loop_.stop();
                return;
            }
            wait_for_signals();
        });
    }

    const std::function<Result<WatchFrame>()>& make_;
    asio::io_context loop_{1};
    Screen screen_;
    asio::posix::stream_descriptor changes_;
    asio::signal_set signals_;
    asio::posix::stream_descriptor end_;
    asio::posix::stream_descriptor reader_;
    asio::steady_timer tick_;
    WatchFrame frame_;
    std::optional<pid_t> watched_;
    std::optional<Error> problem_;
};

}  // namespace

Result<int> watch_status(const std::filesystem::path& directory,
                         const std::function<Result<WatchFrame>()>& make) {
    TRY(UniqueFd changes, watch_directory(directory));
    StatusWatch watch(std::move(changes), make);
    return watch.run();
}

}  // namespace reeve
