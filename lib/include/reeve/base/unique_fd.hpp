// Owns one file descriptor and closes it exactly once.
//
// Every descriptor of ours is close-on-exec from birth: an inherited lock or pipe would outlive its owner.
#pragma once

#include <utility>

namespace reeve {

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    explicit operator bool() const { return fd_ >= 0; }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }
    // Keeps errno, so that it may stand between a failed call and the report of it.
    void reset(int fd = -1) noexcept;

  private:
    int fd_ = -1;
};

}  // namespace reeve
