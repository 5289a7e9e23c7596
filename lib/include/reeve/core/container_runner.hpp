// A container session: made with our labels, watched by the engine's events, removed when it ends.
#pragma once

#include "reeve/core/engine_service.hpp"
#include "reeve/core/receipts.hpp"
#include "reeve/core/session.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace reeve {

struct ContainerSurroundings {
    StoreId store;
    InstanceId instance;
    std::chrono::milliseconds patience{30'000};  // with the engine, beyond the grace, for a whole end
    std::function<void(const Receipt&)> on_removed;
};

class ContainerRunner final : public SessionRunner {
  public:
    ContainerRunner(Executor executor, const ContainerSurroundings& surroundings, SessionHost& host,
                    EngineService& service)
        : executor_(std::move(executor)),
          around_(surroundings),
          host_(host),
          service_(service),
          end_limit_(executor_) {}

    const char* kind() const override { return "container"; }
    Semaphore* starts() const override { return nullptr; }  // one that an engine holds up holds up no other
    Task<bool> begin(Session& session, Life& life) override;
    Task<bool> ended(Session& session) override;
    Task<void> end(Session& session, Life& life) override;
    std::optional<HandedProcess> hand_over() override { return std::nullopt; }  // the engine knows it all
    void take_over(Session& session, const SessionRecord& record,
                   const std::optional<HandedProcess>& handed) override;
    void describe(SessionStatus& status) const override;
    void hurry() override;
    std::vector<std::string> waiting_for() const override;
    std::optional<std::chrono::milliseconds> killed_in() const override { return std::nullopt; }
    Result<std::unique_ptr<Probe>> make_probe(Session& session, const ProbeTarget& target,
                                              Question question) override;
    std::string last_output(const Session&) const override { return last_output_; }

  private:
    Sign health_sign(Question question) const;
    ContainerEngine& engine() const { return engine_ != nullptr ? *engine_ : service_.engine(); }
    Task<Status> is_the_same_engine();
    Task<void> note_output(const Session& session, const ContainerInfo& info);
    Task<Result<ContainerId>> create(Session& session);
    void watch(Session& session);
    static Task<void> until_it_must_end(Session& session);
    Task<void> stop_and_remove(Session& session, Life& life);
    void limit_the_end(std::chrono::milliseconds left);
    void write_receipt(const Session& session, const ContainerInfo& removed) const;
    ContainerSpec spec_for(const Session& session) const;
    ContainerSessionRecord record_for(const Session& session) const;

    Executor executor_;
    const ContainerSurroundings& around_;
    SessionHost& host_;
    EngineService& service_;
    ContainerEngine* engine_ = nullptr;  // of the life under way; the service keeps it
    std::string engine_id_;              // and who it was; empty: not known
    InstanceId
        launched_by_;  // whose labels it bears: ours, or those of the supervisor that it was adopted of
    std::string container_name_;
    ContainerId id_;
    std::optional<ContainerInfo> last_seen_;
    Notifier seen_;                                 // last_seen_ has changed
    std::map<std::string, std::string> variables_;  // of the life under way: what its config says
    std::string last_output_;
    bool watched_ = false;  // look_again_ is set when something has happened to it
    bool look_again_ = false;
    bool hurried_ = false;  // no more grace for this life
    asio::cancellation_signal end_of_grace_, end_of_calls_;
    asio::steady_timer end_limit_;
    bool ending_ = false, out_of_time_ = false;
};

}  // namespace reeve
