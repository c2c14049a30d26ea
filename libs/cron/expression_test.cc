#include "libs/cron/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::cron {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Values = std::vector<int>;

Expression Parsed(std::string_view text) {
  absl::StatusOr<Expression> expression = Parse(text);
  EXPECT_OK(expression) << text;
  return *std::move(expression);
}

Values Minutes(std::string_view field) {
  const Expression expression = Parsed(std::string(field) + " * * * *");
  Values values;
  for (int minute = 0; minute < 60; ++minute) {
    if (expression.MatchesMinute(minute)) values.push_back(minute);
  }
  return values;
}

Values Months(std::string_view field) {
  const Expression expression = Parsed("0 0 * " + std::string(field) + " *");
  Values values;
  for (int month = 1; month <= 12; ++month) {
    if (expression.MatchesMonth(month)) values.push_back(month);
  }
  return values;
}

// The days of March 2026, which began on a Sunday.
Values DaysOfMarch(std::string_view day_of_month, std::string_view day_of_week) {
  const Expression expression =
      Parsed("0 0 " + std::string(day_of_month) + " * " + std::string(day_of_week));
  Values values;
  for (int day = 1; day <= 31; ++day) {
    if (expression.MatchesDay(absl::CivilDay(2026, 3, day))) values.push_back(day);
  }
  return values;
}

Values DaysOfWeek(std::string_view field) {
  Values values;
  for (const int day : DaysOfMarch("*", field)) {
    if (day <= 7) values.push_back(day - 1);
  }
  return values;
}

TEST(ParseTest, ReadsValuesListsRangesAndSteps) {
  EXPECT_EQ(Minutes("7"), Values({7}));
  EXPECT_EQ(Minutes("007"), Values({7}));
  EXPECT_EQ(Minutes("59,0,30,30"), Values({0, 30, 59}));
  EXPECT_EQ(Minutes("10-13"), Values({10, 11, 12, 13}));
  EXPECT_EQ(Minutes("10-10"), Values({10}));
  EXPECT_EQ(Minutes("*/20"), Values({0, 20, 40}));
  EXPECT_EQ(Minutes("5-59/25"), Values({5, 30, 55}));
  EXPECT_EQ(Minutes("1,10-12,*/30"), Values({0, 1, 10, 11, 12, 30}));
  EXPECT_EQ(Minutes("*").size(), 60);
}

TEST(ParseTest, ReadsNames) {
  EXPECT_EQ(Months("JAN,dec"), Values({1, 12}));
  EXPECT_EQ(Months("Mar-May"), Values({3, 4, 5}));
  EXPECT_EQ(DaysOfWeek("MON-fri"), Values({1, 2, 3, 4, 5}));
  EXPECT_EQ(DaysOfWeek("SUN"), Values({0}));
  EXPECT_EQ(DaysOfWeek("SUN-TUE"), Values({0, 1, 2}));
  EXPECT_EQ(DaysOfWeek("FRI-SUN"), Values({0, 5, 6}));
  EXPECT_EQ(DaysOfWeek("SUN-SUN"), Values({0}));
}

TEST(ParseTest, AcceptsBothNumbersOfSunday) {
  EXPECT_EQ(DaysOfWeek("0"), Values({0}));
  EXPECT_EQ(DaysOfWeek("7"), Values({0}));
  EXPECT_EQ(DaysOfWeek("5-7"), Values({0, 5, 6}));
  EXPECT_EQ(DaysOfWeek("0-7"), Values({0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(DaysOfWeek("*/2"), Values({0, 2, 4, 6}));
}

TEST(ParseTest, StepsOverAllDaysOfTheWeekDoNotCountSundayTwice) {
  EXPECT_EQ(DaysOfWeek("1-7/3"), Values({0, 1, 4}));
  EXPECT_EQ(DaysOfWeek("*/3"), Values({0, 3, 6}));
}

TEST(ParseTest, IgnoresExtraBlanks) {
  EXPECT_TRUE(Parsed("  0\t9  * * MON ").Matches(absl::CivilMinute(2026, 3, 2, 9, 0)));
}

TEST(ParseTest, KeepsTheText) { EXPECT_EQ(Parsed("@daily").text(), "@daily"); }

TEST(ParseTest, ExpandsMacros) {
  const auto matches = [](std::string_view text, int month, int day, int hour) {
    return Parsed(text).Matches(absl::CivilMinute(2026, month, day, hour, 0));
  };
  EXPECT_TRUE(matches("@hourly", 3, 4, 5));
  EXPECT_TRUE(matches("@daily", 3, 4, 0));
  EXPECT_FALSE(matches("@daily", 3, 4, 5));
  EXPECT_TRUE(matches("@midnight", 3, 4, 0));
  EXPECT_TRUE(matches("@Weekly", 3, 1, 0));
  EXPECT_FALSE(matches("@weekly", 3, 2, 0));
  EXPECT_TRUE(matches("@monthly", 3, 1, 0));
  EXPECT_FALSE(matches("@monthly", 3, 2, 0));
  EXPECT_TRUE(matches("@yearly", 1, 1, 0));
  EXPECT_FALSE(matches("@yearly", 2, 1, 0));
  EXPECT_TRUE(matches("@annually", 1, 1, 0));
}

TEST(MatchesDayTest, EitherDayIsEnoughWhenBothAreRestricted) {
  EXPECT_EQ(DaysOfMarch("1,15", "FRI"), Values({1, 6, 13, 15, 20, 27}));
  EXPECT_EQ(DaysOfMarch("1,15", "0-6").size(), 31);
}

TEST(MatchesDayTest, BothDaysMustMatchWhenOneStartsWithStar) {
  EXPECT_EQ(DaysOfMarch("*", "FRI"), Values({6, 13, 20, 27}));
  EXPECT_EQ(DaysOfMarch("1,15", "*"), Values({1, 15}));
  EXPECT_EQ(DaysOfMarch("*/2", "FRI"), Values({13, 27}));
  EXPECT_EQ(DaysOfMarch("1-10", "*/3"), Values({1, 4, 7, 8}));
}

TEST(EveryHourTest, DoesNotDependOnSpelling) {
  EXPECT_TRUE(Parsed("5 * 1 * *").EveryHour());
  EXPECT_TRUE(Parsed("5 0-23 * * *").EveryHour());
  EXPECT_FALSE(Parsed("* */2 * * *").EveryHour());
  EXPECT_FALSE(Parsed("* 1-23 * * *").EveryHour());
}

TEST(ParseTest, ErrorNamesFieldAndRemedy) {
  const struct {
    std::string_view text;
    std::string_view field;
    std::string_view remedy;
  } cases[] = {
      {"60 * * * *", "minute", "use 0-59"},
      {"-1 * * * *", "minute", "use 0-59"},
      {"+1 * * * *", "minute", "use 0-59"},
      {"1.5 * * * *", "minute", "use 0-59"},
      {"99999999999999999999 * * * *", "minute", "use 0-59"},
      {"* 24 * * *", "hour", "use 0-23"},
      {"* * 0 * *", "day_of_month", "use 1-31"},
      {"* * L * *", "day_of_month", "use 1-31"},
      {"* * ? * MON", "day_of_month", "write \"*\""},
      {"* * * 13 *", "month", "use 1-12 or a name like FEB"},
      {"* * * JANUARY *", "month", "a name like FEB"},
      {"* * * * 8", "day_of_week", "use 0-7 or a name like MON"},
      {"* * * * FRI#2", "day_of_week", "use 0-7"},
      {"MON * * * *", "minute", "use 0-59"},
      {"1,,2 * * * *", "minute", "remove the extra comma"},
      {"1, * * * *", "minute", "remove the extra comma"},
      {"50-10 * * * *", "minute", "a list of two ranges"},
      {"* * * * SAT-MON", "day_of_week", "a list of two ranges"},
      {"1- * * * *", "minute", "use 0-59"},
      {"1-2-3 * * * *", "minute", "use 0-59"},
      {"5/15 * * * *", "minute", "write 5-59/15"},
      {"*/0 * * * *", "minute", "outside 1-59"},
      {"*/90 * * * *", "minute", "outside 1-59; steps restart with every hour"},
      {"*/ * * * *", "minute", "outside 1-59"},
      {"*/5/5 * * * *", "minute", "outside 1-59"},
      {"** * * * *", "minute", "use 0-59"},
      {"*-5 * * * *", "minute", "use 0-59"},
      {"", "", "write five: minute hour"},
      {"0 9 * *", "", "has 4 fields; write five"},
      {"0 0 9 * * MON", "", "has 6 fields; write five"},
      {"CRON_TZ=Asia/Tokyo 0 9 * * *", "", "has 6 fields; write five"},
      {"@reboot", "", "use @hourly"},
      {"@every 5m", "", "write five"},
  };
  for (const auto& [text, field, remedy] : cases) {
    const absl::Status status = Parse(text).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << text;
    ASSERT_EQ(ViolationsOf(status).size(), 1) << text;
    EXPECT_EQ(ViolationsOf(status)[0].field, field) << text;
    EXPECT_THAT(ViolationsOf(status)[0].description, HasSubstr(remedy)) << text;
  }
}

TEST(ParseTest, ReportsAllInvalidFields) {
  std::vector<std::string> fields;
  for (const FieldViolation& violation : ViolationsOf(Parse("60 24 0 13 8").status())) {
    fields.push_back(violation.field);
  }
  EXPECT_THAT(fields, ElementsAre("minute", "hour", "day_of_month", "month", "day_of_week"));
}

TEST(ParseTest, RefusesHostileText) {
  EXPECT_THAT(Parse(std::string(1 << 20, '*')),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 256")));
  const std::string binary("\0\xff\x1b * * * *", 11);
  EXPECT_THAT(Parse(binary), StatusIs(absl::StatusCode::kInvalidArgument,
                                      HasSubstr("\"\\x00\\xff\\x1b\" is not a value")));
  EXPECT_THAT(Parse(std::string(250, ',') + " * * *"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace lmsmail::cron
