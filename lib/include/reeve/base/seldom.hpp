// A value that is nearly always missing: an optional that takes the room of a pointer while it is. For what
// of a thousand sessions hardly one has.
#pragma once

#include <memory>
#include <optional>
#include <utility>

namespace reeve {

template <class T>
class Seldom {
  public:
    Seldom() = default;
    Seldom(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Seldom(const std::optional<T>& value) : value_(value ? std::make_unique<T>(*value) : nullptr) {}
    Seldom(const Seldom& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
    Seldom(Seldom&&) noexcept = default;
    Seldom& operator=(Seldom other) noexcept {
        value_ = std::move(other.value_);
        return *this;
    }
    ~Seldom() = default;

    explicit operator bool() const { return value_ != nullptr; }
    bool has_value() const { return value_ != nullptr; }
    T& operator*() { return *value_; }
    const T& operator*() const { return *value_; }
    T* operator->() { return value_.get(); }
    const T* operator->() const { return value_.get(); }
    T value_or(T otherwise) const { return value_ ? *value_ : std::move(otherwise); }
    operator std::optional<T>() const { return value_ ? std::optional<T>(*value_) : std::nullopt; }
    void reset() { value_.reset(); }
    // What stands for one that is missing: T as it is made.
    const T& or_default() const {
        static const T made{};
        return value_ ? *value_ : made;
    }
    T& emplace() {
        value_ = std::make_unique<T>();
        return *value_;
    }

    friend bool operator==(const Seldom& a, const Seldom& b) {
        return a && b ? *a == *b : a.has_value() == b.has_value();
    }

  private:
    std::unique_ptr<T> value_;
};

}  // namespace reeve
