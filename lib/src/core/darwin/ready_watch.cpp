// By Asio's own descriptors, which are kept here and not in the watch, so that the header is the same
// everywhere.
#include "reeve/core/ready_watch.hpp"

#include "../loop_service.hpp"
#include "reeve/base/scope_exit.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <fcntl.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace reeve {

class ReadyWatch::Loop final : public asio::execution_context::service {
  public:
    inline static asio::execution_context::id id;  // by which Asio finds it

    explicit Loop(asio::io_context& context) : service(context), context_(context) {}

    // 0, or why not.
    int add(ReadyWatch& watch) {
        if (::fcntl(watch.fd_, F_GETFD) < 0) return errno;  // Asio would say so only to the wait
        auto& place = places_[&watch];
        place.number = ++numbers_;
        boost::system::error_code refused;
        place.descriptor.emplace(context_).assign(watch.fd_, refused);
        if (refused) {
            places_.erase(&watch);
            return refused.value();
        }
        watch.armed_ = true;
        ScopeExit undo([&] { remove(watch); });
        wait(watch, place);
        undo.dismiss();
        return 0;
    }

    // The descriptor's owner closes it.
    void remove(ReadyWatch& watch) {
        watch.armed_ = false;
        const auto found = places_.find(&watch);
        if (found == places_.end()) return;  // the context has ended
        found->second.descriptor->release();
        places_.erase(found);
    }

  private:
    struct Place {
        // Of this watch and no later one that lies where it lay: a call that was due already may come when
        // the watch has ended.
        std::uint64_t number = 0;
        std::optional<asio::posix::basic_stream_descriptor<asio::io_context::executor_type>> descriptor;
    };

    void wait(ReadyWatch& watch, Place& place) {
        place.descriptor->async_wait(
            asio::posix::descriptor_base::wait_read,
            [this, &watch, number = place.number](const boost::system::error_code& ec) {
                // Whatever else is wrong with it, reading it will tell.
                if (ec != asio::error::operation_aborted && place_of(watch, number) != nullptr)
                    tell(watch, number);
            });
    }

    Place* place_of(const ReadyWatch& watch, std::uint64_t number) {
        const auto found = places_.find(&watch);
        return found != places_.end() && found->second.number == number ? &found->second : nullptr;
    }

    void tell(ReadyWatch& watch, std::uint64_t number) {
        if (watch.tells_ == Tells::once) {
            remove(watch);
            const auto ready = std::exchange(watch.ready_, {});
            ready();
            return;
        }
        const ScopeExit again([this, &watch, number] {
            if (Place* const place = place_of(watch, number)) wait(watch, *place);
        });
        const auto ready = watch.ready_;  // not called in its place, which the call may end
        ready();
    }

    void shutdown() override {
        for (auto& [watch, place] : places_) place.descriptor->release();
        places_.clear();
    }

    asio::io_context& context_;
    std::map<const ReadyWatch*, Place> places_;
    std::uint64_t numbers_ = 0;
};

ReadyWatch::ReadyWatch(const Executor& executor, int fd, std::function<void()> ready, Tells tells)
    : loop_(service_of<Loop>(executor)), ready_(std::move(ready)), fd_(fd), tells_(tells) {
    refused_ = loop_.add(*this);
}

ReadyWatch::~ReadyWatch() {
    if (armed_) loop_.remove(*this);
}

}  // namespace reeve
