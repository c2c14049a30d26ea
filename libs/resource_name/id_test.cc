#include "libs/resource_name/id.h"

#include <gtest/gtest.h>

#include <string>

namespace lmsmail::resource_name {
namespace {

TEST(IdTest, LmsIdsAllowUnreservedUrlCharacters) {
  EXPECT_TRUE(IsLmsId("A-z_0.9~"));
  EXPECT_TRUE(IsLmsId(std::string(63, 'a')));
  for (const std::string& bad : {std::string(), std::string(64, 'a'), std::string("a/b"),
                                 std::string("a b"), std::string("\xc3\xa4"), std::string("a\n")}) {
    EXPECT_FALSE(IsLmsId(bad)) << bad;
  }
}

TEST(IdTest, StaffIdsBeginWithALowerCaseLetter) {
  EXPECT_TRUE(IsTemplateId("demo_completed-2"));
  EXPECT_TRUE(IsTemplateId(std::string(63, 'a')));
  for (const std::string& bad : {std::string(), std::string(64, 'a'), std::string("2nd"),
                                 std::string("_a"), std::string("Demo"), std::string("a.b")}) {
    EXPECT_FALSE(IsTemplateId(bad)) << bad;
  }
  EXPECT_TRUE(IsStaffId("queue-sweep", "-"));
  EXPECT_FALSE(IsStaffId("queue_sweep", "-"));
}

TEST(IdTest, NumbersHaveNoSignAndNoLeadingZeros) {
  EXPECT_EQ(ParseNumber("1"), 1);
  EXPECT_EQ(ParseNumber("2147483647"), 2147483647);
  for (const char* bad : {"", "0", "01", "-1", "+1", "1a", " 1", "2147483648"}) {
    EXPECT_EQ(ParseNumber(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace lmsmail::resource_name
