// One thread beside the loop, for what blocks on the disk. Work is done in the order it was given.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include <pthread.h>

#include <csignal>
#include <functional>
#include <utility>

namespace reeve {

class Worker {
  public:
    // Signals are for the first thread: one that is about to execute another program blocks them, and must
    // not lose one to us.
    Worker() {
        asio::post(pool_, [] {
            sigset_t all;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, nullptr);
        });
    }
    // Runs `work` on the worker's thread; the caller goes on, on its own executor, with what it returned.
    // `work` must not throw. It always runs to its end: a cancelled task still waits for it.
    template <class T>
    Task<T> run(std::function<T()> work) {
        const Executor loop = co_await asio::this_coro::executor;
        auto initiate = [this, loop, work = std::move(work)](auto handler) mutable {
            asio::post(pool_, [loop, work = std::move(work), handler = std::move(handler)]() mutable {
                T result = work();
                asio::post(loop, [handler = std::move(handler), result = std::move(result)]() mutable {
                    std::move(handler)(std::move(result));
                });
            });
        };
        T result = co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(T)>(
            std::move(initiate), asio::use_awaitable);  // moved: `work` may hold a text of megabytes
        co_return result;
    }
    // Waits for what was given so far; nothing may be given afterwards.
    void join() { pool_.join(); }

  private:
    asio::thread_pool pool_{1};
};

}  // namespace reeve
