// A program and its arguments, which nobody changes any more: copies share them. The configuration of a
// session holds its command, and so does its record.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reeve {

class Argv {
  public:
    using Words = std::vector<std::string>;
    using value_type = std::string;
    using const_iterator = Words::const_iterator;
    using iterator = const_iterator;

    Argv() = default;
    Argv(Words words) : words_(words.empty() ? nullptr : std::make_shared<const Words>(std::move(words))) {}
    Argv(std::initializer_list<std::string> words) : Argv(Words(words)) {}

    operator const Words&() const { return words(); }
    const Words& words() const {
        static const Words none;
        return words_ ? *words_ : none;
    }
    bool empty() const { return words_ == nullptr; }
    std::size_t size() const { return words().size(); }
    const std::string& front() const { return words().front(); }
    const_iterator begin() const { return words().begin(); }
    const_iterator end() const { return words().end(); }

    friend bool operator==(const Argv& a, const Argv& b) {
        return a.words_ == b.words_ || a.words() == b.words();
    }

  private:
    std::shared_ptr<const Words> words_;  // none: there are no words
};

}  // namespace reeve
