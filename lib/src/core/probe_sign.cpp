#include "reeve/base/cancelled.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/probe.hpp"

#include <boost/asio/this_coro.hpp>

namespace reeve {
namespace {

class SignProbe final : public Probe {
  public:
    SignProbe(Notifier& changed, std::function<Sign()> ask, std::string missing, Patience patience)
        : changed_(changed), ask_(std::move(ask)), missing_(std::move(missing)), patience_(patience) {}

    bool waits_for_a_sign() const override { return true; }

    Task<Status> look(std::chrono::milliseconds limit) override {
        const auto until = Notifier::Clock::now() + limit;
        for (;;) {
            const Sign sign = ask_();
            if (sign.what == Sign::What::good) co_return done;
            if (sign.what == Sign::What::bad) co_return Error(Errc::failed, "waiting for a sign", sign.why);
            if (sign.what == Sign::What::never)
                co_return Error(Errc::refused, "waiting for a sign", sign.why);
            const bool over = patience_ == Patience::limited && Notifier::Clock::now() >= until;
            if (over)
                co_return Error(Errc::timed_out, "waiting for a sign",
                                missing_ + " within " + format_duration(limit));
            if (patience_ == Patience::endless)
                co_await changed_.wait();
            else
                co_await changed_.wait(until);
            const bool cancelled = co_await is_cancelled();
            if (cancelled) co_return Error(Errc::cancelled, "waiting for a sign");
        }
    }

  private:
    Notifier& changed_;
    std::function<Sign()> ask_;
    std::string missing_;
    Patience patience_;
};

}  // namespace

std::unique_ptr<Probe> make_sign_probe(Notifier& changed, std::function<Sign()> ask, std::string missing,
                                       Patience patience) {
    return std::make_unique<SignProbe>(changed, std::move(ask), std::move(missing), patience);
}

}  // namespace reeve
