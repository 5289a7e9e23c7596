#include "reeve/model/fingerprint.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace reeve {
namespace {

// Every part with its length in front, so that no two lists of parts make one text.
class Parts {
  public:
    void add(std::string_view part) { text_.append(std::to_string(part.size())).append(":").append(part); }
    void add(const std::vector<std::string>& list) {
        add(std::to_string(list.size()));
        for (const std::string& part : list) add(part);
    }
    template <class Number>
    void add(const std::optional<Number>& limit) {
        add(limit ? std::to_string(*limit) : std::string("-"));
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace

std::string stable_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    std::string digits;
    for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(hash >> shift) & 0xf];
    return digits;
}

std::string fingerprint_of(const SessionConfig& session) {
    Parts parts;
    parts.add(session.command);
    parts.add(session.image);
    parts.add(session.cwd);
    parts.add(std::to_string(session.env.size()));
    for (const auto& [name, value] : session.env) parts.add(name), parts.add(value);
    parts.add(session.env_file);
    parts.add(session.options);
    parts.add(session.args);
    const LimitsConfig limits = session.limits.value_or({});
    parts.add(limits.nofile);
    parts.add(limits.nproc);
    for (const auto& limit :
         {limits.as, limits.core, limits.data, limits.fsize, limits.memlock, limits.stack})
        parts.add(limit);
    parts.add(limits.cpu ? std::optional(limits.cpu->count()) : std::nullopt);
    parts.add(limits.nice);
    return stable_hash(parts.text());
}

Seldom<Succession> succession_for(const SessionConfig& session) {
    if (session.on_owner_death != OnOwnerDeath::adopt) return {};
    return Succession{true, fingerprint_of(session), {}};
}

}  // namespace reeve
