// A pipe with a name: what is written into it waits there for a reader that is yet to come.
//
// Thread rule: any thread.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/os/descriptors.hpp"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>

namespace reeve {

// Makes it anew (0600, its directory 0700) and opens both ends. The writing end counts as a reader too
// (O_RDWR): whoever has it gets no SIGPIPE while nobody else reads, but waits when the pipe is full. The
// reading end does not block, and sees the end when nobody has the writing end any more.
Result<Pipe> make_fifo(const std::filesystem::path& path);

// The reading end of one that is there. Errc::refused when it is none, or not ours.
Result<UniqueFd> open_fifo(const std::filesystem::path& path);

// From a pipe into a file without a moment in which the bytes are only in this process, where a kill would
// lose them. Linux: tee(2) and splice(2). ENOSYS where the system has nothing of the kind.

// The first bytes of the pipe, which stay in it; otherwise as read(2). `aside` is an empty pipe to use
// meanwhile.
ssize_t peek_pipe(int pipe, const Pipe& aside, char* buffer, std::size_t room);
// Takes up to `length` bytes, which must be there, out of the pipe and appends them to the file; as write(2).
ssize_t move_to_file(int pipe, int file, std::size_t length);

}  // namespace reeve
