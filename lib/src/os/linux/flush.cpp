#include "../flush.hpp"

#include <unistd.h>

namespace reeve {

int flush_to_disk(int fd) { return ::fsync(fd); }

}  // namespace reeve
