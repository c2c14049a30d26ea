#include "libs/strings/octets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lmsmail {
namespace {

constexpr auto kIsSpecial = [](Octets x) { return (x == '=') | (x > 0x7e); };
bool IsSpecial(char c) { return c == '=' || static_cast<unsigned char>(c) > 0x7e; }

TEST(OctetsTest, FindsFirstMatchAtAnyPosition) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string plain(size, 'a');
    EXPECT_EQ(FindOctet(plain, kIsSpecial), size);
    for (std::size_t at = 0; at < size; ++at) {
      std::string text = plain;
      text[at] = '=';
      text.back() = '\xff';
      EXPECT_EQ(FindOctet(text, kIsSpecial), at);
    }
  }
}

TEST(OctetsTest, IgnoresOctetsPastTheEnd) {
  const std::string_view text = std::string_view("plain=").substr(0, 5);
  EXPECT_EQ(FindOctet(text, kIsSpecial), 5U);
  EXPECT_EQ(FindOctet(text, [](Octets x) { return x == 0; }), 5U);
  EXPECT_EQ(CountOctets(text, kIsSpecial), 0U);
}

TEST(OctetsTest, PassesEachOctetWithItsPredecessor) {
  const auto repeats = [](Octets x, Octets before) { return x == before; };
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 100; ++size) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random() % 3);
    std::vector<std::size_t> expected, found;
    for (std::size_t i = 0; i < size; ++i) {
      if (text[i] == (i == 0 ? '\1' : text[i - 1])) expected.push_back(i);
    }
    ForEachOctet(text, '\1', repeats, [&](std::size_t at) {
      found.push_back(at);
      return true;
    });
    EXPECT_EQ(found, expected) << size;
  }
}

TEST(OctetsTest, StopsWhenCallbackReturnsFalse) {
  std::vector<std::size_t> found;
  ForEachOctet(
      std::string(40, 'a'), ' ', [](Octets x, Octets) { return x == 'a'; },
      [&](std::size_t at) {
        found.push_back(at);
        return at < 20;
      });
  EXPECT_EQ(found.size(), 21U);
}

TEST(OctetsTest, CountsMatches) {
  std::mt19937 random(7);
  for (const std::size_t size : {0, 1, 15, 16, 17, 1000, 255 * 16, 255 * 16 + 1, 10'000}) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random());
    EXPECT_EQ(CountOctets(text, kIsSpecial), std::count_if(text.begin(), text.end(), IsSpecial));
    const std::string all(size, '=');
    EXPECT_EQ(CountOctets(all, kIsSpecial), size);
  }
}

TEST(FindTextTest, FindsWhatStdFindFinds) {
  std::string text = "ab";
  for (int i = 0; i < 60; ++i) text += i % 7 == 0 ? "abc" : "xaby";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string_view part = std::string_view(text).substr(0, size);
    for (const std::string_view what : {"", "a", "ab", "abc", "abcx", "yabc", "cc", "xabyxabyxaby",
                                        "abyxabyxabyxabyxabyxabcxab", "zzzzzzzzzzzzzzzzzzzzzzz"}) {
      for (const std::size_t from : {std::size_t{0}, std::size_t{1}, size / 2, size, size + 1}) {
        ASSERT_EQ(FindText(part, what, from), part.find(what, from)) << what << size << "/" << from;
      }
    }
  }
}

}  // namespace
}  // namespace lmsmail
