// One epoll(7) for all watches of a loop, and one descriptor of Asio for that epoll, which is readable when
// one of its members is.
#include "reeve/core/ready_watch.hpp"

#include "../loop_service.hpp"
#include "reeve/base/scope_exit.hpp"
#include "reeve/base/unique_fd.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/system_error.hpp>

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

namespace reeve {
namespace {

// Told in a row, before the rest of the loop has its turn: as many as Asio takes.
constexpr int at_once = 128;

}  // namespace

class ReadyWatch::Loop final : public asio::execution_context::service {
  public:
    inline static asio::execution_context::id id;  // by which Asio finds it

    // The descriptor is made here and not when it is needed: Asio ends its services in the opposite order,
    // and those that the descriptor stands on must be there longer than we.
    explicit Loop(asio::io_context& context) : service(context), members_(context) {}

    // 0, or why not.
    int add(ReadyWatch& watch) {
        if (!members_.is_open()) {
            if (const int refused = open(); refused != 0) return refused;
        }
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &watch;
        if (::epoll_ctl(members_.native_handle(), EPOLL_CTL_ADD, watch.fd_, &event) != 0) return errno;
        watch.armed_ = true;
        ++armed_;
        ScopeExit undo([&] { remove(watch); });  // the kernel must not keep what is not made
        wait();
        undo.dismiss();
        return 0;
    }

    void remove(ReadyWatch& watch) {
        ::epoll_ctl(members_.native_handle(), EPOLL_CTL_DEL, watch.fd_, nullptr);
        watch.armed_ = false;
        if (--armed_ > 0) return;
        boost::system::error_code nothing_to_cancel;
        members_.cancel(nothing_to_cancel);
    }

  private:
    int open() {
        UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
        if (!fd) return errno;
        boost::system::error_code refused;
        members_.assign(fd.get(), refused);
        if (refused) return refused.value();
        (void)fd.release();
        return 0;
    }

    void wait() {
        if (waiting_ || armed_ == 0) return;
        waiting_ = true;
        members_.async_wait(asio::posix::descriptor_base::wait_read,
                            [this](const boost::system::error_code& ec) {
                                waiting_ = false;
                                // Nothing else can be wrong with an epoll of ours; it would be so again and
                                // again.
                                if (ec && ec != asio::error::operation_aborted)
                                    throw boost::system::system_error(ec);
                                tell();
                            });
    }

    // One at a time: whatever a call ends, or throws, the others are still the kernel's to tell.
    void tell() {
        const ScopeExit again([this] { wait(); });
        for (int count = 0; count < at_once && armed_ > 0; ++count) {
            epoll_event event{};
            if (::epoll_wait(members_.native_handle(), &event, 1, 0) != 1) return;
            auto& watch = *static_cast<ReadyWatch*>(event.data.ptr);
            // Not called in its place, which the call may end.
            if (watch.tells_ == Tells::once) {
                remove(watch);
                const auto ready = std::exchange(watch.ready_, {});
                ready();
            } else {
                const auto ready = watch.ready_;
                ready();
                return;  // it may have much to read, and be told again at once
            }
        }
    }

    void shutdown() override {}  // the wait ends with Asio's own services

    // The epoll; closed: nobody has watched yet.
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> members_;
    std::size_t armed_ = 0;
    bool waiting_ = false;
};

ReadyWatch::ReadyWatch(const Executor& executor, int fd, std::function<void()> ready, Tells tells)
    : loop_(service_of<Loop>(executor)), ready_(std::move(ready)), fd_(fd), tells_(tells) {
    refused_ = loop_.add(*this);
}

ReadyWatch::~ReadyWatch() {
    if (armed_) loop_.remove(*this);
}

}  // namespace reeve
