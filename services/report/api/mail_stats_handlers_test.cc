#include "services/report/api/mail_stats_handlers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"
#include "services/report/testing/fake_peers.h"

namespace lmsmail::report {
namespace {

using ::lmsmail::rpc::HasViolation;
using ::testing::_;

constexpr absl::Time kDay = absl::FromUnixSeconds(1'794'787'200);

MailStats StatsOf(const std::string& template_name, std::int64_t unit) {
  return {.day_time = kDay,
          .template_name = template_name,
          .sent_count = unit,
          .skipped_count = 2 * unit,
          .failed_count = 3 * unit,
          .bounced_count = 4 * unit,
          .opened_count = 5 * unit,
          .clicked_count = 6 * unit,
          .dropped_count = 7 * unit,
          .complained_count = 8 * unit};
}

class MailStatsHandlersTest : public ::testing::Test {
 protected:
  absl::Status Get() { return handlers_.GetMailStats({}, request_, response_); }

  FakeMailStatsSource source_;
  MailStatsHandlers handlers_{source_};
  v1::GetMailStatsRequest request_;
  v1::GetMailStatsResponse response_;
};

TEST_F(MailStatsHandlersTest, ReturnsStatsWithTheirTotal) {
  source_.result = {StatsOf("templates/a", 1), StatsOf("templates/b", 10)};
  ASSERT_OK(Get());
  ASSERT_EQ(response_.stats_size(), 2);
  EXPECT_EQ(response_.stats(0).day_time().seconds(), absl::ToUnixSeconds(kDay));
  EXPECT_EQ(response_.stats(0).template_(), "templates/a");
  EXPECT_EQ(response_.stats(0).sent_count(), 1);
  EXPECT_EQ(response_.stats(1).complained_count(), 80);
  const auto& total = response_.total();
  EXPECT_FALSE(total.has_day_time());
  EXPECT_EQ(total.template_(), "");
  EXPECT_EQ(total.sent_count(), 11);
  EXPECT_EQ(total.skipped_count(), 22);
  EXPECT_EQ(total.failed_count(), 33);
  EXPECT_EQ(total.bounced_count(), 44);
  EXPECT_EQ(total.opened_count(), 55);
  EXPECT_EQ(total.clicked_count(), 66);
  EXPECT_EQ(total.dropped_count(), 77);
  EXPECT_EQ(total.complained_count(), 88);
}

TEST_F(MailStatsHandlersTest, PassesTheQueryToTheSource) {
  request_.set_template_("templates/a");
  request_.mutable_start_time()->set_seconds(5);
  ASSERT_OK(Get());
  EXPECT_EQ(source_.query, (MailStatsQuery{.start_time = absl::FromUnixSeconds(5),
                                           .template_name = "templates/a"}));
}

TEST_F(MailStatsHandlersTest, RejectsAnInvalidTime) {
  request_.mutable_end_time()->set_nanos(-1);
  EXPECT_THAT(Get(), HasViolation("end_time", _));
}

TEST_F(MailStatsHandlersTest, ReturnsTheErrorOfTheSource) {
  source_.result = absl::UnavailableError("no connection");
  EXPECT_THAT(Get(), StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
}  // namespace lmsmail::report
