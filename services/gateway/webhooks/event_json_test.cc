#include "services/gateway/webhooks/event_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail::gateway {
namespace {

using ::testing::SizeIs;

TEST(EventJsonTest, SplitsAnArrayThatIsNotWellFormed) {
  const auto elements = ParseJsonArray(R"( [ {"a":"],[\"{"} , \q , [1,[2]] , "x" ] trailing)");
  ASSERT_TRUE(elements.has_value());
  ASSERT_THAT(*elements, SizeIs(4));
  EXPECT_EQ((*elements)[0]->at("a"), "],[\"{");
  EXPECT_FALSE((*elements)[1].has_value());
  EXPECT_EQ((*elements)[2]->size(), 2u);
  EXPECT_EQ(*(*elements)[3], "x");
}

TEST(EventJsonTest, KeepsWhatCameBeforeACut) {
  const auto elements = ParseJsonArray(R"([{"a":1},{"b":2},{"c":)");
  ASSERT_TRUE(elements.has_value());
  EXPECT_THAT(*elements, SizeIs(2));
}

TEST(EventJsonTest, MembersOfAnything) {
  EXPECT_TRUE(Member(nlohmann::json::array(), "a").is_null());
  EXPECT_TRUE(Member(nlohmann::json("text"), "a").is_null());
  EXPECT_EQ(TextMember({{"a", "x\ny"}}, "a", 10), "x y");
  EXPECT_EQ(TextMember({{"a", 1}}, "a", 10), "");
}

}  // namespace
}  // namespace lmsmail::gateway
