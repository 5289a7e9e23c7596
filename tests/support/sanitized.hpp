// Whether a sanitizer was built in, under which everything costs several times as much.
#pragma once

namespace reeve::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // as g++ says it
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

// How often a test tries what it tries with other values each time: a quarter there, all of it in the build
// without.
constexpr int rounds(int all) { return sanitized ? all / 4 : all; }

}  // namespace reeve::test
