#include "reeve/core/event_hub.hpp"

namespace reeve {

// Once something was lost everything is, until the reader has been told: so the order it sees is the true
// one.
void EventStream::push(const EventLine& line) {
    const bool full = queue_.size() >= limits_.lines || bytes_ + line->size() > limits_.bytes;
    if (dropped_ > 0 || full) {
        ++dropped_;
    } else {
        queue_.push_back(line);
        bytes_ += line->size();
    }
    arrived_.notify();
}

Task<EventLine> EventStream::next() {
    while (!ended_ && queue_.empty() && dropped_ == 0) co_await arrived_.wait();
    if (ended_) co_return nullptr;
    if (queue_.empty()) {
        auto told = std::make_shared<const std::string>(R"({"event":"dropped","count":)" +
                                                        std::to_string(dropped_) + "}");
        dropped_ = 0;
        co_return told;
    }
    EventLine line = std::move(queue_.front());
    queue_.pop_front();
    bytes_ -= line->size();
    co_return line;
}

void EventStream::end() {
    ended_ = true;
    arrived_.notify();
}

std::shared_ptr<EventStream> EventHub::subscribe() {
    auto stream = std::make_shared<EventStream>(limits_);
    streams_.push_back(stream);
    if (on_subscribe_) on_subscribe_();
    return stream;
}

bool EventHub::has_listeners() {
    std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
    return !streams_.empty();
}

void EventHub::publish(std::string event) {
    if (!has_listeners()) return;
    const EventLine line = std::make_shared<const std::string>(std::move(event));
    for (const auto& each : streams_) {
        if (const auto stream = each.lock()) stream->push(line);
    }
}

}  // namespace reeve
