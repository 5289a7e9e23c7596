// Passes on, through a socket, that a kqueue(2) has something to tell.
//
// A kqueue is readable itself, but Asio cannot wait on one. Before it waits on a descriptor it makes it
// non-blocking, by ioctl(2) FIONBIO or fcntl(2), and a kqueue refuses both with ENOTTY (fo_no_ioctl in xnu's
// kern_event.c; asio#1406): the wait then ends at once with that error. So one thread, started with the first
// watch, waits on all of our kqueues together and speaks for each through a socket.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <functional>

namespace reeve::darwin {

Result<UniqueFd> make_kqueue();

enum class Coming { more, nothing };

// Takes what the kqueue has to tell, and says whether more can come. Called on the relay's thread, never
// twice at once for one watch, and destroyed when the watch has ended.
using TakeEvents = std::function<Coming(int kqueue)>;

// A descriptor that is readable once `kqueue` was: by one byte for each time, or by its end after the last.
// It never blocks. Closing it, and every copy of it, ends the watch.
Result<UniqueFd> relay(UniqueFd kqueue, TakeEvents take);

// One that is readable from the start, for what has happened already.
Result<UniqueFd> readable_at_once();

}  // namespace reeve::darwin
