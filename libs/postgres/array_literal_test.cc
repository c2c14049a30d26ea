#include "libs/postgres/array_literal.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace lmsmail::postgres {
namespace {

TEST(ArrayLiteralTest, WritesEmptyArray) {
  EXPECT_EQ(ToArrayLiteral(std::vector<std::string>{}), "{}");
}

TEST(ArrayLiteralTest, QuotesTextButNotNull) {
  const std::vector<std::optional<std::string>> texts = {"", "NULL", std::nullopt, "a,b", "{}"};
  EXPECT_EQ(ToArrayLiteral(texts), R"({"","NULL",NULL,"a,b","{}"})");
}

TEST(ArrayLiteralTest, EscapesQuotesAndBackslashes) {
  EXPECT_EQ(ToArrayLiteral(std::vector<std::string_view>{R"(say "hi")", R"(c:\new)"}),
            R"({"say \"hi\"","c:\\new"})");
}

TEST(ArrayLiteralTest, WritesNumbersExactly) {
  EXPECT_EQ(ToArrayLiteral(std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 0}),
            "{-9223372036854775808,0}");
  EXPECT_EQ(ToArrayLiteral(std::vector<short>{-1, 7}), "{-1,7}");
  EXPECT_EQ(ToArrayLiteral(std::vector<double>{0.1, 1e300}), "{0.1,1e+300}");
  EXPECT_EQ(ToArrayLiteral(std::vector<bool>{true, false}), "{t,f}");
}

TEST(ArrayLiteralTest, WritesTimesInUtc) {
  EXPECT_EQ(ToArrayLiteral(std::vector<absl::Time>{absl::UnixEpoch(), absl::InfiniteFuture()}),
            R"({"1970-01-01 00:00:00.000000+00","infinity"})");
}

TEST(ArrayLiteralTest, ProjectsMembers) {
  struct Recipient {
    int id;
    std::string locale;
  };
  const std::vector<Recipient> recipients = {{1, "en"}, {2, "uk"}};
  EXPECT_EQ(ToArrayLiteral(recipients, &Recipient::id), "{1,2}");
  EXPECT_EQ(ToArrayLiteral(recipients, &Recipient::locale), R"({"en","uk"})");
}

}  // namespace
}  // namespace lmsmail::postgres
