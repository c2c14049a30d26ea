#include "libs/return_path/return_path.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::return_path {
namespace {

using address::EmailAddress;

EmailAddress Address(std::string_view text) { return address::ParseEmailAddress(text).value(); }

ReturnPaths Paths(std::string_view id = "k1", char digit = 'a') {
  return ReturnPaths(
      token::KeyRing::Parse(fmt::format("{}:{}", id, std::string(64, digit))).value());
}

class ReturnPathTest : public ::testing::Test {
 protected:
  const ReturnPaths paths_ = Paths();
  const EmailAddress ada_ = Address("Ada@students.example");
};

TEST_F(ReturnPathTest, NamesMailAndRecipient) {
  const std::string address = paths_.LocalPart(4711, ada_) + "@bounces.school.example";
  const auto path = paths_.Parse(address);
  ASSERT_TRUE(path.has_value());
  EXPECT_EQ(path->mail, 4711);
  EXPECT_TRUE(path->WentTo(Address("ada@Students.example")));
  EXPECT_FALSE(path->WentTo(Address("bob@students.example")));
  EXPECT_EQ(paths_.Parse(paths_.LocalPart(INT64_MAX, ada_))->mail, INT64_MAX);
  EXPECT_EQ(address, paths_.LocalPart(4711, ada_) + "@bounces.school.example");
}

// Return paths stay in use for days after a release.
TEST_F(ReturnPathTest, FormatDoesNotChange) {
  EXPECT_EQ(paths_.LocalPart(4711, ada_), "k1.aw7mqaym6xfzzx32xl3ipg3r6k7xbc5rtnclfuawwgj6q");
}

TEST_F(ReturnPathTest, SurvivesMailServers) {
  const std::string local = paths_.LocalPart(4711, ada_);
  EXPECT_EQ(paths_.Parse(absl::AsciiStrToUpper(local) + "@BOUNCES.SCHOOL.EXAMPLE")->mail, 4711);
  EXPECT_THAT(local, ::testing::MatchesRegex("[a-z0-9._-]+"));
  const std::string longest = Paths("Sixteen_letters1").LocalPart(INT64_MAX, ada_);
  EXPECT_EQ(longest.size(), 62u);
  EXPECT_OK(address::ParseEmailAddress(longest + "@bounces.school.example"));
}

TEST_F(ReturnPathTest, RefusesOtherAddresses) {
  const std::string local = paths_.LocalPart(4711, ada_);
  EXPECT_FALSE(Paths("k1", 'b').Parse(local).has_value()) << "another deployment";
  EXPECT_FALSE(Paths("k2", 'a').Parse(local).has_value()) << "a retired key";
  for (const std::string& text :
       {std::string(), std::string("@"), std::string("ada@students.example"), "x" + local,
        local + "a", local.substr(0, local.size() - 1), local + "@a@b",
        std::string(1 << 20, '@')}) {
    EXPECT_FALSE(paths_.Parse(text).has_value()) << text.substr(0, 80);
  }
  // Another token of the same ring.
  const auto ring = token::KeyRing::Parse("k1:" + std::string(64, 'a')).value();
  EXPECT_FALSE(paths_.Parse(ring.SealCaseless("unsubscribe", "123456789012")).has_value());
  EXPECT_FALSE(paths_.Parse(ring.SealCaseless("return-path", "short")).has_value());
}

TEST_F(ReturnPathTest, KnowsTheFormWithoutTheKey) {
  EXPECT_TRUE(HasForm(Paths("other", 'c').LocalPart(1, ada_) + "@bounces.school.example"));
  for (const char* text :
       {"", "@", "fbl@bounces.school.example", "abuse.desk@x", "k1.@x", ".a@x"}) {
    EXPECT_FALSE(HasForm(text)) << text;
  }
}

}  // namespace
}  // namespace lmsmail::return_path
