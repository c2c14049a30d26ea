#pragma once

#include <cstddef>

// What keeps a hostile or careless template from taking a service down.
namespace lmsmail::render {

inline constexpr std::size_t kMaxSourceBytes = 256 * 1024;  // of each part
// Gmail shows the first 102 KB of HTML and hides the rest, the unsubscribe link with it.
inline constexpr std::size_t kGmailClipBytes = 102 * 1024;
inline constexpr std::size_t kMaxOutputBytes = 1024 * 1024;  // each rendered part
// Tags evaluated plus list items walked for one part; stops lists nested in themselves, which take
// time without making output.
inline constexpr std::size_t kMaxSteps = 200'000;

inline constexpr std::size_t kMaxSectionDepth = 64;
inline constexpr int kMaxFieldDepth = 8;  // of declared variables
inline constexpr std::size_t kMaxNameBytes = 100;
inline constexpr std::size_t kMaxErrors = 100;  // reported about one template

}  // namespace lmsmail::render
