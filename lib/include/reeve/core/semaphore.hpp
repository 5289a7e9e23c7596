// So many at a time, and the others in the order in which they came. One thread: the executor's.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/notifier.hpp"

#include <cstddef>
#include <list>
#include <utility>

namespace reeve {

class Semaphore {
  public:
    // Gives itself back when it is destroyed; the semaphore must still be there.
    class Permit {
      public:
        explicit Permit(Semaphore& from) : from_(&from) {}
        Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
        Permit& operator=(Permit&&) = delete;
        ~Permit() {
            if (from_ != nullptr) from_->give_back();
        }

      private:
        Semaphore* from_;
    };

    Semaphore(Executor executor, std::size_t permits) : executor_(std::move(executor)), free_(permits) {}

    // The task that waits here must not be cancelled.
    Task<Permit> acquire() {
        if (free_ > 0) {
            --free_;
        } else {
            Waiter mine(executor_);
            waiting_.push_back(&mine);
            while (!mine.granted) co_await mine.wake.wait();
        }
        co_return Permit(*this);
    }

  private:
    struct Waiter {
        explicit Waiter(const Executor& executor) : wake(executor) {}
        Notifier wake;
        bool granted = false;
    };

    // Handed on, not put back: whoever comes just now does not overtake.
    void give_back() {
        if (waiting_.empty()) {
            ++free_;
            return;
        }
        waiting_.front()->granted = true;
        waiting_.front()->wake.notify();
        waiting_.pop_front();
    }

    Executor executor_;
    std::size_t free_;
    std::list<Waiter*> waiting_;
};

}  // namespace reeve
