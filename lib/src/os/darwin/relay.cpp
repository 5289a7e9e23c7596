#include "relay.hpp"

#include "../quiet_socket.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <mutex>

namespace reeve::darwin {
namespace {

constexpr const char* doing = "watching for events of the kernel";

struct Watch {
    UniqueFd kqueue;
    UniqueFd peer;  // the far end of what the caller holds
    TakeEvents take;
};

// One for the process, because callers hold plain descriptors and know of no object that they could close.
class Relay {
  public:
    // Starts the thread, unless it runs already.
    Status start();
    Status add(Watch watch);

  private:
    using Key = std::uintptr_t;

    static void* run(void* self);
    void pass_on(const struct kevent& event);
    Status start_thread();

    std::mutex mutex_;
    UniqueFd all_;  // a kqueue of the kqueues and of the sockets, which tell that the caller has closed
    bool runs_ = false;
    // A key is never given twice, so an event that was already on its way when its watch ended finds nothing.
    Key last_key_ = 0;
    std::map<Key, Watch> watches_;
};

Status Relay::start() {
    const std::lock_guard lock(mutex_);
    if (runs_) return done;
    TRY(all_, make_kqueue());
    CHECK(start_thread());
    runs_ = true;
    return done;
}

// Signals are for the thread of events, which expects them: this thread blocks them all, from its birth on.
Status Relay::start_thread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);  // a macro here, which takes no "::"
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread{};
    const int failure = ::pthread_create(&thread, nullptr, &Relay::run, this);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (failure != 0) return Error(std::error_code(failure, std::generic_category()), doing);
    ::pthread_detach(thread);
    return done;
}

Status Relay::add(Watch watch) {
    const std::lock_guard lock(mutex_);
    const Key key = ++last_key_;
    void* const user = reinterpret_cast<void*>(key);
    std::array<struct kevent, 2> changes{};
    // The socket brings nothing but the end: nobody writes to it from the other side.
    EV_SET(&changes[0], static_cast<uintptr_t>(watch.peer.get()), EVFILT_READ, EV_ADD, 0, 0, user);
    EV_SET(&changes[1], static_cast<uintptr_t>(watch.kqueue.get()), EVFILT_READ, EV_ADD, 0, 0, user);
    // Events may come before the watch is in the map: whoever handles them waits for the lock.
    const auto count = static_cast<int>(changes.size());
    if (::kevent(all_.get(), changes.data(), count, nullptr, 0, nullptr) != 0)
        return Error::from_errno(doing);
    watches_.emplace(key, std::move(watch));
    return done;
}

void* Relay::run(void* self) {
    auto& relay = *static_cast<Relay*>(self);
    std::array<struct kevent, 64> events{};
    for (;;) {
        const auto room = static_cast<int>(events.size());
        const int count = ::kevent(relay.all_.get(), nullptr, 0, events.data(), room, nullptr);
        for (int i = 0; i < count; ++i) relay.pass_on(events[static_cast<std::size_t>(i)]);
    }
    return nullptr;
}

void Relay::pass_on(const struct kevent& event) {
    const std::lock_guard lock(mutex_);
    const auto found = watches_.find(reinterpret_cast<Key>(event.udata));
    if (found == watches_.end()) return;
    const Watch& watch = found->second;
    const bool closed = event.ident == static_cast<uintptr_t>(watch.peer.get());
    if (closed || watch.take(watch.kqueue.get()) == Coming::nothing) {
        watches_.erase(found);  // closes our end of the socket, which is the last that the caller reads
        return;
    }
    // A full socket means that the caller has plenty to look at already.
    const char byte = 1;
    (void)send_quietly(watch.peer.get(), &byte, 1);
}

}  // namespace

Result<UniqueFd> make_kqueue() {
    UniqueFd queue(::kqueue());
    if (!queue) return Error::from_errno(doing);
    // A kqueue is not inherited by fork(2), but execve(2) without a fork would keep it.
    if (::fcntl(queue.get(), F_SETFD, FD_CLOEXEC) != 0) return Error::from_errno(doing);
    return queue;
}

Result<UniqueFd> relay(UniqueFd kqueue, TakeEvents take) {
    // Never destroyed: its thread goes on until the process is gone.
    static auto& relay = *new Relay;
    CHECK(relay.start());
    TRY(SocketPair ends, make_socket_pair());
    for (const int end : {ends.ours.get(), ends.theirs.get()}) {
        if (::fcntl(end, F_SETFL, O_NONBLOCK) != 0) return Error::from_errno(doing);
    }
    CHECK(relay.add({std::move(kqueue), std::move(ends.theirs), std::move(take)}));
    return std::move(ends.ours);
}

Result<UniqueFd> readable_at_once() {
    TRY(SocketPair ends, make_socket_pair());
    return std::move(ends.ours);  // the other end closes here
}

}  // namespace reeve::darwin
