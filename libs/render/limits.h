#pragma once

#include <cstddef>

// Limits that keep a hostile or careless template from overloading a service.
namespace lmsmail::render {

inline constexpr std::size_t kMaxSourceBytes = 256 * 1024;  // of each part
// Gmail shows the first 102 KB of HTML and hides the rest, including the unsubscribe link.
inline constexpr std::size_t kGmailClipBytes = 102 * 1024;
inline constexpr std::size_t kMaxOutputBytes = 1024 * 1024;  // of each rendered part
// Evaluated tags plus list items of one part. Stops nested sections over the same list, which take
// time without producing output.
inline constexpr std::size_t kMaxSteps = 200'000;

inline constexpr std::size_t kMaxSectionDepth = 64;
inline constexpr int kMaxFieldDepth = 8;  // of declared variables
inline constexpr std::size_t kMaxNameBytes = 100;
inline constexpr std::size_t kMaxErrors = 100;  // reported about one template

}  // namespace lmsmail::render
