// The descriptors that are open, for a child between fork and exec: macOS has no close_range(2), and the
// numbers that are possible go into the ten thousands.
#pragma once

namespace reeve::darwin {

// Calls `visit` with every open descriptor from `lowest` up. Async-signal-safe: one system call into memory
// that is there already, which a child has for itself.
void each_descriptor_from(int lowest, void (*visit)(int fd)) noexcept;

}  // namespace reeve::darwin
