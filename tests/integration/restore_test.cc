// PostgreSQL is restored to a time before some mail was sent. Nothing that was sent is sent again
// until an operator says so, who can see which mail that may be.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <set>
#include <string>
#include <vector>

#include "libs/protobuf/time.h"
#include "libs/testing/status_matchers.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

namespace pb = dispatch::v1;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kNews = 8;
constexpr int kReceipts = 4;
constexpr int kReported = 3;  // of the news, as delivered
constexpr absl::Duration kDelay = absl::Seconds(3);

class RestoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Suite::Options options;
    options.flags["dispatch"] = {"--worker.lease=60s"};
    ASSERT_OK_AND_ASSIGN(suite_, Suite::Start(std::move(options)));
    ASSERT_OK(suite_->database().StartArchiving());
    ASSERT_OK(Register(*suite_, {"zoe"}));
    ASSERT_OK(AddCourse(*suite_, "cpp", "C++"));
    ASSERT_OK(Admit(*suite_, "cpp", {"zoe"}));
    ASSERT_OK(SetCollectWindow(*suite_, kDelay));
    ASSERT_OK(CreateGreeting(*suite_, "news", type::v1::CATEGORY_ANNOUNCEMENT));
    ASSERT_OK(CreateGreeting(*suite_, "receipt", type::v1::CATEGORY_PAYMENT));
  }

  // Returns the name of a mail that is due after `delay`.
  std::string SendLater(std::string_view template_id, std::string key, absl::Duration delay) {
    pb::SendRequest request = Greet(template_id, "zoe", key);
    request.mutable_target()->set_email_address(key + "@students.example");
    *request.mutable_send_time() = protobuf::ToProto(absl::Now() + delay);
    const auto message = Send(*suite_, request);
    EXPECT_OK(message);
    return message.ok() ? message->name() : "";
  }
  std::vector<std::string> SendSeveral(std::string_view template_id, std::string_view prefix,
                                       int count, absl::Duration delay) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) {
      names.push_back(SendLater(template_id, fmt::format("{}{}", prefix, i), delay));
    }
    return names;
  }
  std::size_t CountTo(std::string_view key) const {
    return suite_->inbox().CountTo(fmt::format("{}@students.example", key));
  }
  void WaitForMails(std::size_t count) {
    ASSERT_OK(WaitUntil(fmt::format("{} mails have arrived", count),
                        [&] { return suite_->inbox().Count() >= count; }));
  }
  std::string DatabaseTime() const {
    pqxx::connection connection(suite_->database().Dsn("postgres"));
    return pqxx::nontransaction(connection).exec1("SELECT clock_timestamp()")[0].c_str();
  }
  std::set<std::string> InState(pb::State state) {
    pb::ListMessagesRequest request;
    request.set_state(state);
    std::set<std::string> names;
    const auto messages = ListMessages(suite_->dispatch(), request);
    EXPECT_OK(messages);
    for (const pb::Message& message : *messages) names.insert(message.name());
    return names;
  }
  pb::GetQueueStatsResponse Stats() {
    const auto stats =
        Call(suite_->dispatch(), &Dispatch::GetQueueStats, pb::GetQueueStatsRequest());
    EXPECT_OK(stats);
    return *stats;
  }
  void ReportDelivered(const std::string& message) {
    pb::RecordEventsRequest request;
    pb::ProviderEvent& event = *request.add_events();
    event.set_event_id("delivered");
    event.set_type(pb::ProviderEvent::TYPE_DELIVERED);
    event.set_message(message);
    ASSERT_OK_AND_ASSIGN(const auto response,
                         Call(suite_->dispatch(), &Dispatch::RecordEvents, request));
    EXPECT_EQ(response.recorded_count(), 1);
  }
  std::int64_t RetryRestored(std::vector<type::v1::Category> categories) {
    pb::RetryRestoredRequest request;
    for (const auto category : categories) request.add_categories(category);
    const auto response = Call(suite_->dispatch(), &Dispatch::RetryRestored, request);
    EXPECT_OK(response);
    return response->retried_count();
  }
  void ResumeAll() {
    for (const auto lane : {type::v1::LANE_CRITICAL, type::v1::LANE_TRANSACTIONAL,
                            type::v1::LANE_NOTIFICATION, type::v1::LANE_BULK}) {
      ASSERT_OK(Resume(*suite_, lane));
    }
  }

  // Mail flows, the database goes back to a time before most of it was sent, `stop` runs before
  // that, and the services start on it.
  template <typename Stop, typename AfterRestore>
  void GoBack(Stop stop, AfterRestore after_restore) {
    SendSeveral("news", "early", 2, absl::ZeroDuration());
    WaitForMails(2);
    ASSERT_OK(suite_->database().BaseBackup());
    SendSeveral("news", "recorded", 3, absl::ZeroDuration());
    WaitForMails(5);
    ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));

    // Accepted by then, sent afterwards.
    news_ = SendSeveral("news", "news", kNews, kDelay);
    receipts_ = SendSeveral("receipt", "receipt", kReceipts, kDelay);
    future_ = SendLater("news", "future", absl::Hours(1));
    next_month_ = SendLater("news", "next-month", absl::Hours(24 * 30));
    ASSERT_OK(Publish(*suite_, {Published("video", "cpp", "v1", "Lambdas")}));
    ASSERT_EQ(suite_->inbox().Count(), 5u) << "the machine is too slow for kDelay";
    const std::string restored_to = DatabaseTime();
    lost_ = SendSeveral("news", "lost", 2, absl::ZeroDuration());
    sent_ = 5 + kNews + kReceipts + 2 + 1;
    WaitForMails(sent_);
    ASSERT_OK(WaitUntilDone(*suite_, "video"));

    stop();
    ASSERT_OK(suite_->database().RestoreTo(restored_to));
    after_restore();
    for (const std::string_view service : suite_->services()) ASSERT_OK(suite_->Restart(service));
  }

  void ExpectNothingIsSentAgain() {
    std::set<std::string> uncertain(news_.begin(), news_.end());
    uncertain.insert(receipts_.begin(), receipts_.end());
    EXPECT_EQ(InState(pb::STATE_UNCERTAIN), uncertain);
    EXPECT_EQ(InState(pb::STATE_SCHEDULED), (std::set{future_, next_month_}));
    const pb::GetQueueStatsResponse stats = Stats();
    for (const pb::LaneStats& lane : stats.lanes()) {
      EXPECT_TRUE(lane.paused());
      EXPECT_THAT(lane.pause_detail(), HasSubstr("the database was restored to"));
    }
    ASSERT_OK_AND_ASSIGN(const auto explained, Explain(*suite_, news_[0]));
    EXPECT_EQ(explained.message().reason(), pb::REASON_DATABASE_RESTORED);
    EXPECT_THAT(explained.summary(), HasSubstr("may have been sent since"));
    // What the event causes was done in the meantime.
    EXPECT_THAT(WaitUntilDone(*suite_, "video").status().ToString(),
                HasSubstr("the database was restored to"));
    // A mail that is accepted now waits, under an id that no lost mail had.
    const std::string later = SendLater("receipt", "later", absl::ZeroDuration());
    EXPECT_THAT(lost_, Each(Not(later)));
    absl::SleepFor(absl::Milliseconds(500));  // several times the poll interval
    EXPECT_EQ(suite_->inbox().Count(), sent_);
  }

  void ExpectAnOperatorResumes() {
    for (int i = 0; i < kReported; ++i) ReportDelivered(news_[static_cast<std::size_t>(i)]);
    EXPECT_THAT(InState(pb::STATE_DELIVERED), testing::SizeIs(kReported));
    EXPECT_EQ(RetryRestored({type::v1::CATEGORY_PAYMENT}), kReceipts);
    EXPECT_EQ(RetryRestored({type::v1::CATEGORY_PAYMENT}), 0) << "once";
    EXPECT_EQ(suite_->inbox().Count(), sent_) << "before the lanes are resumed";
    ResumeAll();
    WaitForMails(sent_ + kReceipts + 1);
    ASSERT_OK(WaitUntil("only future mail waits", [&] {
      return InState(pb::STATE_QUEUED).empty() && InState(pb::STATE_SENDING).empty();
    }));
    EXPECT_EQ(suite_->inbox().Count(), sent_ + kReceipts + 1);
    EXPECT_EQ(CountTo("later"), 1u);
    EXPECT_EQ(CountTo("receipt0"), 2u) << "as the operator decided";
    EXPECT_EQ(CountTo("news0"), 1u);
    EXPECT_EQ(CountTo("future"), 0u);
    EXPECT_THAT(InState(pb::STATE_UNCERTAIN), testing::SizeIs(kNews - kReported));
    ASSERT_OK_AND_ASSIGN(const auto mails, suite_->inbox().ReadAll());
    std::set<std::string> ids;
    for (const ArrivedMail& mail : mails) ids.insert(mail.header().at("message-id"));
    EXPECT_EQ(ids.size(), sent_ + 1) << "a mail that is sent again keeps its Message-ID";
    // Whoever knows that nothing arrived sends the rest.
    EXPECT_EQ(RetryRestored({}), kNews - kReported);
    WaitForMails(sent_ + kReceipts + 1 + kNews - kReported);
    EXPECT_EQ(CountTo("news0"), 1u) << "a provider has reported it";
  }

  std::unique_ptr<Suite> suite_;
  std::vector<std::string> news_;
  std::vector<std::string> receipts_;
  std::vector<std::string> lost_;
  std::string future_;
  std::string next_month_;
  std::size_t sent_ = 0;
};

TEST_F(RestoreTest, ServicesThatStartOnARestoredDatabaseWaitForAnOperator) {
  const auto stop = [&] {
    for (const std::string_view service : suite_->services()) {
      EXPECT_THAT(suite_->Terminate(service), IsOkAndHolds(0)) << service;
    }
  };
  ASSERT_NO_FATAL_FAILURE(GoBack(stop, [] {}));
  ASSERT_NO_FATAL_FAILURE(ExpectNothingIsSentAgain());
  ExpectAnOperatorResumes();
}

TEST_F(RestoreTest, ServicesThatRunMeanwhileEndAndStartAnew) {
  const auto await_end = [&] {
    for (const std::string_view service : suite_->services()) {
      EXPECT_THAT(suite_->WaitForExit(service), IsOkAndHolds(1)) << service;
      EXPECT_THAT(suite_->Log(service), HasSubstr("the database was restored to"));
    }
  };
  ASSERT_NO_FATAL_FAILURE(GoBack([] {}, await_end));
  ASSERT_NO_FATAL_FAILURE(ExpectNothingIsSentAgain());
  ExpectAnOperatorResumes();
}

}  // namespace
}  // namespace lmsmail::integration
