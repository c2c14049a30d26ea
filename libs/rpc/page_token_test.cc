#include "libs/rpc/page_token.h"

#include <gtest/gtest.h>

#include <string>

#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::_;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

const PageQuery kQuery = {"courses/cpp", "state=ACTIVE", "name"};
const PageCursor kRow = {"2026-01-31T09:00:00Z", std::string("a\0b", 3), ""};

TEST(PageTokenTest, ReturnsTheCursor) {
  EXPECT_THAT(ParsePageToken(kQuery, MakePageToken(kQuery, kRow)), IsOkAndHolds(kRow));
}

TEST(PageTokenTest, IsSafeInAUrl) {
  EXPECT_THAT(MakePageToken(kQuery, {std::string(300, '~'), "\u00e9"}),
              MatchesRegex("[A-Za-z0-9_-]+"));
}

TEST(PageTokenTest, EmptyTokenIsTheFirstPage) {
  EXPECT_THAT(ParsePageToken(kQuery, ""), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(MakePageToken(kQuery, {}), "");
}

TEST(PageTokenTest, RefusesATokenOfAnotherQuery) {
  const std::string token = MakePageToken(kQuery, kRow);
  for (const PageQuery& other : {PageQuery{"courses/cpp", "state=ACTIVE", "name desc"},
                                 PageQuery{"courses/cp", "pstate=ACTIVE", "name"}, PageQuery{}}) {
    EXPECT_THAT(ParsePageToken(other, token), HasViolation("page_token", _));
  }
}

TEST(PageTokenTest, RefusesATokenThatAnotherKeySigned) {
  const std::string forged = MakePageToken(kQuery, kRow);
  SetPageTokenKey("a key that callers do not know");
  EXPECT_THAT(ParsePageToken(kQuery, forged), HasViolation("page_token", _));
  EXPECT_THAT(ParsePageToken(kQuery, MakePageToken(kQuery, kRow)), IsOkAndHolds(kRow));
  SetPageTokenKey("");
}

TEST(PageTokenTest, RefusesMalformedTokens) {
  std::string changed = MakePageToken(kQuery, kRow);
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  for (const std::string& token :
       {changed, std::string("x"), std::string("%%%"), MakePageToken(kQuery, kRow).substr(0, 20)}) {
    EXPECT_THAT(ParsePageToken(kQuery, token), HasViolation("page_token", _)) << token;
  }
}

TEST(PageSizeTest, AppliesDefaultAndMaximum) {
  const PageSizes sizes{.default_size = 50, .max_size = 100};
  Violations violations;
  EXPECT_EQ(PageSize(0, sizes, violations), 50);
  EXPECT_EQ(PageSize(7, sizes, violations), 7);
  EXPECT_EQ(PageSize(5000, sizes, violations), 100);
  EXPECT_TRUE(violations.empty());
  PageSize(-1, sizes, violations);
  EXPECT_THAT(violations.ToStatus(), HasViolation("page_size", _));
}

}  // namespace
}  // namespace lmsmail::rpc
