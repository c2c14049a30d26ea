#include "libs/locale/formatter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace lmsmail::locale {
namespace {

using ::testing::HasSubstr;

std::string Number(const char* language, double number) {
  std::string out;
  Formatter(language).AppendNumber(number, out);
  return out;
}
std::string Percent(const char* language, double hundredths) {
  std::string out;
  Formatter(language).AppendPercent(hundredths, out);
  return out;
}
std::string Amount(const char* language, std::int64_t minor_units, const char* currency) {
  std::string out;
  Formatter(language).AppendMoney({minor_units, currency}, out);
  return out;
}
std::string Date(const char* language, absl::CivilDay day) {
  std::string out;
  Formatter(language).AppendDate(day, out);
  return out;
}
std::string DateTime(const char* language, absl::CivilSecond time) {
  std::string out;
  Formatter(language).AppendDateTime(time, out);
  return out;
}
std::string Days(const char* language, absl::CivilDay first, absl::CivilDay last) {
  std::string out;
  Formatter(language).AppendDays(first, last, out);
  return out;
}
std::string List(const char* language, std::vector<std::string> items) {
  std::string out;
  Formatter(language).AppendList(items, out);
  return out;
}
std::string_view PluralIn(const char* language, double number) {
  return PluralName(Formatter(language).PluralOf(number));
}

constexpr char kNarrowSpace[] = "\u202f";
constexpr char kSpace[] = "\u00a0";

TEST(FormatterTest, WritesNumbers) {
  EXPECT_EQ(Number("en", 1234.5), "1,234.5");
  EXPECT_EQ(Number("de", 1234567), "1.234.567");
  EXPECT_EQ(Number("fr", 1234567), std::string("1") + kNarrowSpace + "234" + kNarrowSpace + "567");
  EXPECT_EQ(Number("es", 1234), "1234");
  EXPECT_EQ(Number("ar", 1234.5), "١٬٢٣٤٫٥");
  EXPECT_EQ(Number("de", 0), "0");
  EXPECT_EQ(Number("de", -0.1), "-0,1");
}

TEST(FormatterTest, WritesPercent) {
  EXPECT_EQ(Percent("en", 64), "64%");
  EXPECT_EQ(Percent("de", 64), std::string("64") + kSpace + "%");
  EXPECT_THAT(Percent("ar", 64), HasSubstr("٦٤٪"));
}

TEST(FormatterTest, WritesMoneyWithTheDigitsOfItsCurrency) {
  EXPECT_EQ(Amount("de", 123456789, "EUR"), std::string("1.234.567,89") + kSpace + "EUR");
  EXPECT_EQ(Amount("en", 123456789, "EUR"), std::string("EUR") + kSpace + "1,234,567.89");
  EXPECT_EQ(Amount("en", 500, "JPY"), std::string("JPY") + kSpace + "500");
  EXPECT_EQ(Amount("en", 1250, "KWD"), std::string("KWD") + kSpace + "1.250");
  EXPECT_EQ(Amount("en", 5, "USD"), std::string("USD") + kSpace + "0.05");
  EXPECT_EQ(Amount("de", -150, "EUR"), std::string("-1,50") + kSpace + "EUR");
  EXPECT_EQ(Amount("en", 100, "ZZZ"), std::string("ZZZ") + kSpace + "1.00");
  EXPECT_EQ(Amount("en", std::numeric_limits<std::int64_t>::max(), "EUR"),
            std::string("EUR") + kSpace + "92,233,720,368,547,758.07");
}

TEST(FormatterTest, WritesDatesAndTimes) {
  const absl::CivilDay day(2026, 12, 7);
  EXPECT_EQ(Date("de", day), "7. Dezember 2026");
  EXPECT_EQ(Date("en", day), "December 7, 2026");
  EXPECT_EQ(Date("en-GB", day), "7 December 2026");
  EXPECT_EQ(Date("es-MX", day), "7 de diciembre de 2026");
  EXPECT_EQ(Date("fr", day), "7 décembre 2026");
  EXPECT_EQ(Date("ar", day), "٧ ديسمبر ٢٠٢٦");
  const absl::CivilSecond time(2026, 12, 7, 18, 5, 0);
  EXPECT_EQ(DateTime("de", time), "7. Dezember 2026 um 18:05");
  EXPECT_EQ(DateTime("en-GB", time), "7 December 2026 at 18:05");
  std::string out;
  Formatter("fr").AppendTime(time, out);
  EXPECT_EQ(out, "18:05");
}

TEST(FormatterTest, WritesDays) {
  EXPECT_EQ(Days("de", absl::CivilDay(2026, 11, 16), absl::CivilDay(2026, 11, 22)),
            "16.–22. November 2026");
  EXPECT_THAT(Days("en-GB", absl::CivilDay(2026, 11, 30), absl::CivilDay(2026, 12, 6)),
              HasSubstr("30 November"));
  EXPECT_EQ(Days("de", absl::CivilDay(2026, 11, 16), absl::CivilDay(2026, 11, 16)),
            "16. November 2026");
}

TEST(FormatterTest, RemembersOnlyWhatIsTheSame) {
  const Formatter german("de");
  const absl::CivilDay monday(2026, 11, 16);
  std::string out;
  for (const int days : {6, 6, 7}) german.AppendDays(monday, monday + days, out += '|');
  EXPECT_EQ(out, "|16.–22. November 2026|16.–22. November 2026|16.–23. November 2026");
  for (const double number : {1, 1, 2, 1}) out = PluralName(german.PluralOf(number));
  EXPECT_EQ(out, "one");
  EXPECT_EQ(german.PluralOf(2), Plural::kOther);
}

TEST(FormatterTest, WritesLists) {
  EXPECT_EQ(List("de", {"A", "B", "C"}), "A, B und C");
  EXPECT_EQ(List("en", {"A", "B"}), "A and B");
  EXPECT_EQ(List("en", {}), "");
}

TEST(FormatterTest, KnowsThePlurals) {
  EXPECT_EQ(PluralIn("en", 1), "one");
  EXPECT_EQ(PluralIn("en", 0), "other");
  EXPECT_EQ(PluralIn("fr", 0), "one");
  EXPECT_EQ(PluralIn("de", 1.5), "other");
  const std::pair<double, const char*> arabic[] = {{0, "zero"}, {1, "one"},   {2, "two"},
                                                   {3, "few"},  {11, "many"}, {100, "other"}};
  for (const auto& [number, plural] : arabic) EXPECT_EQ(PluralIn("ar", number), plural);
}

TEST(FormatterTest, WritesUnknownLanguagesSomehow) {
  for (const char* language : {"", "xx", "not a language", "en-US-x-ﬀ"}) {
    EXPECT_THAT(Date(language, absl::CivilDay(2026, 12, 7)), HasSubstr("2026")) << language;
    EXPECT_EQ(Number(language, 12), "12") << language;
    EXPECT_THAT(Amount(language, 1250, "KWD"), HasSubstr("1.250")) << language;
    EXPECT_EQ(PluralIn(language, 5), "other") << language;
  }
}

TEST(FormatterTest, IsBuiltOncePerThreadAndLanguage) {
  EXPECT_EQ(Formatter::OfThread("de"), Formatter::OfThread("de"));
  EXPECT_NE(Formatter::OfThread("de"), Formatter::OfThread("de-AT"));
  for (int i = 0; i < 1000; ++i) Formatter::OfThread("en-x-" + std::to_string(i));
  std::string out;
  Formatter::OfThread("de")->AppendNumber(0.5, out);
  EXPECT_EQ(out, "0,5");
}

}  // namespace
}  // namespace lmsmail::locale
