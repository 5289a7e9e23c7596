// Watches the directories of another program's instance files and the processes that seem to own them, and
// says when it is time to look: by the kernel's word, not by a timer.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/model/config.hpp"
#include "reeve/os/process_handle.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <list>
#include <map>
#include <vector>

namespace reeve {

class ForeignWatch {
  public:
    // `on_change` is called on the loop's thread: a name appeared or went, or an owner ended.
    ForeignWatch(Executor executor, std::function<void()> on_change);

    // From now on these directories. One that is not there is not watched: it is looked at with every reap.
    void watch(const std::vector<ForeignRegistryConfig>& registries);
    // From now on these processes, whoever they are: a wrong guess costs one look.
    void hold(const std::vector<pid_t>& owners);
    void close();

  private:
    struct Owner {
        ProcessHandle handle;
        asio::posix::stream_descriptor ended;
    };
    void wait(asio::posix::stream_descriptor& directory);

    Executor executor_;
    std::function<void()> on_change_;
    std::list<asio::posix::stream_descriptor> directories_;
    std::map<pid_t, Owner> owners_;
    bool closed_ = false;  // nothing that is held from then on would let the loop end
};

}  // namespace reeve
