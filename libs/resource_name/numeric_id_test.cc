#include "libs/resource_name/numeric_id.h"

#include <gtest/gtest.h>

#include <string>

namespace lmsmail::resource_name {
namespace {

TEST(NumericIdTest, IdsRoundTripAndKeepTheirOrder) {
  std::string before;
  for (const std::int64_t id : {1l, 31l, 32l, 1l << 39, 1l << 47, (1l << 62) + 5}) {
    const std::string text = EncodeId(id);
    EXPECT_EQ(text.size(), 13u);
    EXPECT_EQ(DecodeId(text), id);
    EXPECT_LT(before, text);
    before = text;
  }
}

TEST(NumericIdTest, RejectsOtherSpellingsOfIds) {
  for (const std::string text : {"", "0", "0000000000000", "000000000000A", "000000000000i",
                                 "00000000000001", "8000000000000", "000000000000 "}) {
    EXPECT_EQ(DecodeId(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace lmsmail::resource_name
