#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// Searches text sixteen octets at a time, with the vector extensions of GCC and Clang. They use the
// registers of the target processor without code that depends on it.
namespace lmsmail {

using Octets = std::uint8_t __attribute__((vector_size(16)));
// The result of comparing Octets: -1 where the comparison is true, 0 elsewhere.
using OctetMask = std::int8_t __attribute__((vector_size(16)));

// Whether any element is true.
inline bool AnyOctet(OctetMask mask) {
  const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(mask);
  return (words[0] | words[1]) != 0;
}

namespace octets_internal {

// The position of the first true element, or 16.
inline std::size_t FirstIn(OctetMask mask) {
  const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(mask);
  const auto first = [](std::uint64_t word) -> std::size_t {
    return (std::endian::native == std::endian::little ? std::countr_zero(word)
                                                       : std::countl_zero(word)) /
           8;
  };
  return words[0] != 0 ? first(words[0]) : sizeof(std::uint64_t) + first(words[1]);
}

// The sixteen octets from `at` on. `text` must have them.
inline Octets Load(std::string_view text, std::size_t at) {
  Octets octets;
  std::memcpy(&octets, text.data() + at, sizeof octets);
  return octets;
}

// The octets from `at` on, which are fewer than sixteen, followed by zeros.
inline Octets LoadLast(std::string_view text, std::size_t at) {
  Octets octets{};
  std::memcpy(&octets, text.data() + at, text.size() - at);
  return octets;
}

}  // namespace octets_internal

// The position of the first octet that `matches`, or text.size():
//   FindOctet(text, [](Octets x) { return (x == '\r') | (x == '\n'); })
template <typename Matches>
std::size_t FindOctet(std::string_view text, Matches matches) {
  std::size_t at = 0;
  for (; text.size() - at >= sizeof(Octets); at += sizeof(Octets)) {
    const OctetMask found = matches(octets_internal::Load(text, at));
    if (AnyOctet(found)) return at + octets_internal::FirstIn(found);
  }
  if (at == text.size()) return at;
  const OctetMask found = matches(octets_internal::LoadLast(text, at));
  return std::min(at + octets_internal::FirstIn(found), text.size());
}

// As text.find(what, from), several times as fast where the first octet of `what` is frequent: the
// last one has to match too.
inline std::size_t FindText(std::string_view text, std::string_view what, std::size_t from = 0) {
  const std::size_t size = what.size();
  if (size < 2 || from > text.size()) return text.find(what, from);
  const auto first = static_cast<std::uint8_t>(what.front());
  const auto last = static_cast<std::uint8_t>(what.back());
  for (; text.size() - from >= sizeof(Octets) + size - 1; from += sizeof(Octets)) {
    const OctetMask mask = (octets_internal::Load(text, from) == first) &
                           (octets_internal::Load(text, from + size - 1) == last);
    if (!AnyOctet(mask)) continue;
    for (std::size_t i = 0; i < sizeof(Octets); ++i) {
      if (mask[i] != 0 && text.substr(from + i, size) == what) return from + i;
    }
  }
  return text.find(what, from);
}

// Calls `found` with the position of each octet that `matches`, in order, until `found` returns
// false. `matches` gets sixteen octets and the octet before each; `before` precedes the first:
//   ForEachOctet(text, '\n', [](Octets x, Octets before) { return before == '\n'; }, ...)
template <typename Matches, typename Found>
void ForEachOctet(std::string_view text, char before, Matches matches, Found found) {
  constexpr std::size_t kStep = sizeof(Octets);
  std::array<char, kStep> start{before};
  text.copy(start.data() + 1, kStep - 1);
  const auto load = [](std::string_view from, std::size_t at) {
    return from.size() - at >= kStep ? octets_internal::Load(from, at)
                                     : octets_internal::LoadLast(from, at);
  };
  for (std::size_t at = 0; at < text.size(); at += kStep) {
    const Octets earlier =
        at == 0 ? octets_internal::Load({start.data(), kStep}, 0) : load(text, at - 1);
    const OctetMask mask = matches(load(text, at), earlier);
    if (!AnyOctet(mask)) continue;
    for (std::size_t i = 0; i < std::min(kStep, text.size() - at); ++i) {
      if (mask[i] != 0 && !found(at + i)) return;
    }
  }
}

// The number of octets that match. `matches` is as for FindOctet and must not match zero.
template <typename Matches>
std::size_t CountOctets(std::string_view text, Matches matches) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, 255 * sizeof(Octets));
    text.remove_prefix(part.size());
    Octets sums{};  // Each element counts one octet of every sixteen, up to 255.
    const auto add = [&](Octets octets) { sums -= std::bit_cast<Octets>(matches(octets)); };
    std::size_t at = 0;
    for (; part.size() - at >= sizeof(Octets); at += sizeof(Octets)) {
      add(octets_internal::Load(part, at));
    }
    if (at < part.size()) add(octets_internal::LoadLast(part, at));
    for (std::size_t i = 0; i < sizeof sums; ++i) count += sums[i];
  }
  return count;
}

}  // namespace lmsmail
