#include "core/probe_connect.hpp"
#include "reeve/core/probe.hpp"

namespace reeve {
namespace {

class TcpProbe final : public Probe {
  public:
    explicit TcpProbe(TcpAddress address) : address_(std::move(address)) {}

    Task<Status> look(std::chrono::milliseconds limit) override {
        const Executor executor = co_await asio::this_coro::executor;
        boost::beast::tcp_stream stream(executor);
        co_return co_await connect_to(stream, address_, limit);
    }

  private:
    TcpAddress address_;
};

}  // namespace

std::unique_ptr<Probe> make_tcp_probe(TcpAddress address) {
    return std::make_unique<TcpProbe>(std::move(address));
}

}  // namespace reeve
