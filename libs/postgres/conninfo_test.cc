#include "libs/postgres/conninfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ConninfoTest, DsnOverridesParameters) {
  EXPECT_THAT(MakeConninfo("postgresql://ann@db/mail?connect_timeout=9", {{"connect_timeout", "3"}},
                           /*settings=*/{}),
              IsOkAndHolds(AllOf(HasSubstr("host='db'"), HasSubstr("dbname='mail'"),
                                 HasSubstr("user='ann'"), HasSubstr("connect_timeout='9'"))));
}

TEST(ConninfoTest, DsnOptionsFollowSettings) {
  EXPECT_THAT(MakeConninfo("host=db options='-c jit=on'", /*parameters=*/{}, {{"jit", "off"}}),
              IsOkAndHolds(HasSubstr("options='-c jit=off -c jit=on'")));
}

TEST(ConninfoTest, QuotesValuesAndEscapesSpacesOfSettings) {
  EXPECT_THAT(MakeConninfo(R"(host=db password='it\'s \\')", {{"application_name", "two words"}},
                           {{"DateStyle", "ISO, DMY"}}),
              IsOkAndHolds(AllOf(HasSubstr(R"(password='it\'s \\')"),
                                 HasSubstr("application_name='two words'"),
                                 HasSubstr(R"(options='-c DateStyle=ISO,\\ DMY ')"))));
}

TEST(ConninfoTest, RefusesMalformedDsnWithoutRepeatingIt) {
  EXPECT_THAT(
      MakeConninfo("host=db password=hunter2 secret", {}, {}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               AllOf(HasSubstr("malformed"), Not(HasSubstr("hunter2")), Not(HasSubstr("secret")))));
}

TEST(ConninfoTest, RecognizesPlainIdentifiers) {
  EXPECT_TRUE(IsPlainIdentifier("dispatch_2"));
  for (const char* name : {"", "2a", "Dispatch", "a-b", "a\"b", "a b"}) {
    EXPECT_FALSE(IsPlainIdentifier(name)) << name;
  }
}

}  // namespace
}  // namespace lmsmail::postgres
