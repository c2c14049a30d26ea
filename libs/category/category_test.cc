#include "libs/category/category.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lmsmail/type/v1/mail.pb.h"

namespace lmsmail {
namespace {

using testing::ElementsAre;

TEST(CategoryTest, CoversEveryCategoryAndLaneOfTheProto) {
  EXPECT_EQ(static_cast<int>(kCategories.back()), type::v1::Category_MAX);
  EXPECT_EQ(static_cast<int>(kLanes.back()), type::v1::Lane_MAX);
  for (const Category category : kCategories) {
    const auto* value =
        type::v1::Category_descriptor()->FindValueByNumber(static_cast<int>(category));
    ASSERT_NE(value, nullptr);
    EXPECT_TRUE(value->options().HasExtension(type::v1::category_policy)) << value->name();
    EXPECT_GT(PolicyOf(category).default_lifetime, absl::ZeroDuration()) << value->name();
    EXPECT_NE(static_cast<int>(PolicyOf(category).default_lane), 0) << value->name();
  }
}

TEST(CategoryTest, AReceiptIsMandatoryUrgentAndSentAgainWhenUncertain) {
  const CategoryPolicy& policy = PolicyOf(Category::kPayment);
  EXPECT_TRUE(policy.mandatory);
  EXPECT_TRUE(policy.resend_when_uncertain);
  EXPECT_EQ(policy.default_lane, Lane::kTransactional);
  EXPECT_EQ(policy.default_lifetime, absl::Hours(72));
}

TEST(CategoryTest, AnAnnouncementIsOptionalBulkAndNotSentAgainWhenUncertain) {
  const CategoryPolicy& policy = PolicyOf(Category::kAnnouncement);
  EXPECT_FALSE(policy.mandatory);
  EXPECT_FALSE(policy.resend_when_uncertain);
  EXPECT_EQ(policy.default_lane, Lane::kBulk);
  EXPECT_EQ(policy.default_lifetime, absl::Hours(48));
}

TEST(CategoryTest, RecipientsDecideAboutWhatIsNotMandatory) {
  EXPECT_THAT(OptionalCategories(), ElementsAre(Category::kDemo, Category::kProgress,
                                                Category::kContent, Category::kAnnouncement));
}

TEST(CategoryTest, NamesAreThoseOfTheProtoInLowerCase) {
  for (const Category category : kCategories) {
    EXPECT_EQ(CategoryNamed(NameOf(category)), category);
  }
  EXPECT_EQ(NameOf(Category::kEnrollment), "enrollment");
  EXPECT_EQ(NameOf(Lane::kBulk), "bulk");
  EXPECT_EQ(CategoryNamed("newsletter"), std::nullopt);
  EXPECT_EQ(CategoryNamed(""), std::nullopt);
}

}  // namespace
}  // namespace lmsmail
