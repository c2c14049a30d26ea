#include "libs/token/siv.h"

#include <gtest/gtest.h>

#include "libs/strings/encoding.h"

namespace lmsmail::token {
namespace {

std::string Key() {
  std::string key;
  for (std::size_t i = 0; i < Siv::kKeySize; ++i) key.push_back(static_cast<char>(i));
  return key;
}

// The expected bytes are those of AESSIV in Python's `cryptography`.
TEST(SivTest, KnownAnswer) {
  const std::string sealed = Siv(Key()).Seal("associated", "plaintext");
  EXPECT_EQ(HexEncode(sealed), "b033c3212213214c167ad72c4e64c0f17a39dfb8bdfb3a5e64");
  EXPECT_EQ(Siv(Key()).Open("associated", sealed), "plaintext");
}

TEST(SivTest, RefusesEveryFlippedBit) {
  const std::string sealed = Siv(Key()).Seal("associated", "plaintext");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(Siv(Key()).Open("associated", changed), std::nullopt) << bit;
  }
}

TEST(SivTest, RefusesOtherKeysAndAssociatedDataAndSizes) {
  const std::string sealed = Siv(Key()).Seal("associated", "plaintext");
  std::string other = Key();
  other.back() = 'x';
  EXPECT_EQ(Siv(other).Open("associated", sealed), std::nullopt);
  EXPECT_EQ(Siv(Key()).Open("other", sealed), std::nullopt);
  EXPECT_EQ(Siv(Key()).Open("associated", sealed + "x"), std::nullopt);
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(Siv(Key()).Open("associated", sealed.substr(0, size)), std::nullopt) << size;
  }
}

}  // namespace
}  // namespace lmsmail::token
