// Making a write survive a power cut: one call on Linux, another on macOS.
#pragma once

namespace reeve {

// Blocks until the disk has what was written through `fd`. 0, or -1 with errno set.
int flush_to_disk(int fd);

}  // namespace reeve
