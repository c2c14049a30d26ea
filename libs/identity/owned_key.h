#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace lmsmail::identity {

// Keys that callers choose, such as request ids, belong to their callers: the same key of two of
// them names two things. Stored as one text, "KEY\x1fCALLER", in which all owners of a key are
// neighbours. Keys and names of callers are printable, so neither contains the separator (U+001F,
// unit separator).
inline constexpr char kOwnerSeparator = '\x1f';

struct OwnedKey {
  std::string_view key;
  std::string_view owner;
};

inline std::string MakeOwnedKey(std::string_view owner, std::string_view key) {
  std::string stored;
  stored.reserve(key.size() + 1 + owner.size());
  stored.append(key).push_back(kOwnerSeparator);
  return std::move(stored.append(owner));
}

// Both are empty for an empty text. `stored` must outlive the result.
inline OwnedKey SplitOwnedKey(std::string_view stored) {
  const std::size_t end = stored.find(kOwnerSeparator);
  if (end == std::string_view::npos) return {stored, {}};
  return {stored.substr(0, end), stored.substr(end + 1)};
}

// The bounds, both exclusive, between which all owners of a key are stored, in octet order.
struct OwnersRange {
  std::string after;
  std::string before;
};
inline OwnersRange OwnersOf(std::string_view key) {
  return {MakeOwnedKey("", key), std::string(key) + static_cast<char>(kOwnerSeparator + 1)};
}

}  // namespace lmsmail::identity
