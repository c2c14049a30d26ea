#include "libs/token/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "libs/token/encoding.h"

namespace lmsmail::token {
namespace {

using ::testing::MatchesRegex;
using ::testing::SizeIs;

TEST(RandomHex, HasTwoDigitsForEachByte) {
  EXPECT_EQ(RandomHex(0), "");
  EXPECT_THAT(HexDecode(RandomHex(20)), ::testing::Optional(SizeIs(20)));
}

TEST(Uuid4, HasTheVersionAndTheVariant) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(Uuid4(), MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                      "[0-9a-f]{12}"));
  }
}

TEST(Random, DoesNotRepeatItself) {
  std::set<std::string> values;
  for (int i = 0; i < 1000; ++i) {
    values.insert(RandomHex(16));
    values.insert(Uuid4());
  }
  EXPECT_THAT(values, SizeIs(2000));
}

}  // namespace
}  // namespace lmsmail::token
