// Compares with Python's croniter, in UTC, on random expressions from a fixed seed. Excludes those
// on which croniter differs from Vixie cron by intent: day of month and day of week are both given,
// and one of them starts with "*" and is not "*" alone.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "libs/cron/occurrence.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::cron {
namespace {

constexpr int kExpressions = 400;
constexpr int kRuns = 5;

class ExpressionSource {
 public:
  std::string Draw() {
    std::string day_of_month = Field(1, 28);
    std::string day_of_week = Field(0, 6);
    if (day_of_month.starts_with('*') != day_of_week.starts_with('*')) {
      (day_of_month.starts_with('*') ? day_of_month : day_of_week) = "*";
    } else if (day_of_month.starts_with('*')) {
      day_of_month = "*";
    }
    return fmt::format("{} {} {} {} {}", Field(0, 59), Field(0, 23), day_of_month, Field(1, 12),
                       day_of_week);
  }

  std::int64_t DrawSecond() { return Between(0, 2'000'000'000); }

 private:
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }

  std::string Range(int min, int max) {
    const auto first = Between(min, max - 1);
    return fmt::format("{}-{}", first, Between(first + 1, max));
  }

  std::string Field(int min, int max) {
    switch (Between(0, 6)) {
      case 0:
        return fmt::format("{}", Between(min, max));
      case 1:
        return fmt::format("{},{}", Between(min, max), Between(min, max));
      case 2:
        return Range(min, max);
      case 3:
        return fmt::format("*/{}", Between(1, max / 2));
      case 4:
        return fmt::format("{}/{}", Range(min, max), Between(1, 5));
      default:
        return "*";
    }
  }

  std::mt19937_64 random_{20261130};
};

std::string RunsOf(const std::string& text, std::int64_t after) {
  const Expression expression = *Parse(text);
  std::string line;
  for (const absl::Time run : Between(expression, absl::UTCTimeZone(), absl::FromUnixSeconds(after),
                                      absl::InfiniteFuture(), kRuns)) {
    line += fmt::format("{}{}", line.empty() ? "" : " ", absl::ToUnixSeconds(run));
  }
  return line;
}

TEST(CroniterTest, AgreesInUtc) {
  if (std::system("/usr/bin/python3 -c 'import croniter' 2>/dev/null") != 0) {
    GTEST_SKIP() << "requires the package python3-croniter";
  }
  const std::string questions = ::testing::TempDir() + fmt::format("croniter_{}", getpid());
  const std::string answers = questions + ".answers";

  ExpressionSource source;
  std::vector<std::pair<std::string, std::int64_t>> asked;
  std::ofstream out(questions);
  for (int i = 0; i < kExpressions; ++i) {
    asked.emplace_back(source.Draw(), source.DrawSecond());
    out << asked.back().first << '|' << asked.back().second << '\n';
  }
  out.close();
  const std::string command = fmt::format("/usr/bin/python3 '{}' {} < '{}' > '{}'", CRONITER_ORACLE,
                                          kRuns, questions, answers);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;

  std::ifstream in(answers);
  for (const auto& [text, after] : asked) {
    std::string answer;
    ASSERT_TRUE(std::getline(in, answer)) << text;
    EXPECT_EQ(RunsOf(text, after), answer) << text << " after " << after;
  }
  std::remove(questions.c_str());
  std::remove(answers.c_str());
}

}  // namespace
}  // namespace lmsmail::cron
