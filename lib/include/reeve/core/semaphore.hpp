// So many at a time, and the others in the order in which they came. Whoever waits needs no coroutine for it.
// One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <list>

namespace reeve {

class Semaphore {
  public:
    explicit Semaphore(std::size_t permits) : free_(permits) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    // One's place in the queue, and then the permit, until it is destroyed; the semaphore must still be
    // there.
    class Turn {
      public:
        // `granted` is called when it has come, unless that is at once.
        Turn(Semaphore& of, std::function<void()> granted) : of_(of), granted_(std::move(granted)) {
            if (of_.free_ > 0) {
                --of_.free_;
                has_come_ = true;
            } else {
                place_ = of_.waiting_.insert(of_.waiting_.end(), this);
            }
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() {
            if (has_come_)
                of_.give_back();
            else
                of_.waiting_.erase(place_);
        }
        bool has_come() const { return has_come_; }

      private:
        friend class Semaphore;
        Semaphore& of_;
        std::function<void()> granted_;
        std::list<Turn*>::iterator place_;
        bool has_come_ = false;
    };

  private:
    // Handed on, not put back: whoever comes just now does not overtake.
    void give_back() {
        if (waiting_.empty()) {
            ++free_;
            return;
        }
        Turn& next = *waiting_.front();
        waiting_.pop_front();
        next.has_come_ = true;
        next.granted_();
    }

    std::size_t free_;
    std::list<Turn*> waiting_;
};

}  // namespace reeve
