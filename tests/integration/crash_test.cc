// A service is killed in the middle of something. Nothing is lost, and nobody gets a mail twice.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/integration/mail_matchers.h"
#include "tests/integration/school.h"
#include "tests/integration/suite_test.h"
#include "tests/integration/wait.h"

namespace lmsmail::integration {
namespace {

namespace out = dispatch::v1;

class CrashTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() { Begin({}); }

  static void Begin(Suite::Options options) {
    StartSuite(std::move(options));
    // Announcements may go to bare addresses, and are not sent again when in doubt.
    ASSERT_OK(CreateGreeting(suite(), "announcement", type::v1::CATEGORY_ANNOUNCEMENT));
    ASSERT_OK(AddCourse(suite(), "statistics", "Statistics"));
    scheduler::v1::UpdateAutomationRequest request;
    request.mutable_automation()->set_name("automations/new-content");
    request.mutable_automation()->mutable_collect_window()->set_seconds(1);
    request.mutable_update_mask()->add_paths("collect_window");
    ASSERT_OK(rpc::Call(suite().scheduler(), &Scheduler::UpdateAutomation, request, Soon()));
  }

  static absl::StatusOr<out::Batch> GetBatch(const std::string& name) {
    out::GetBatchRequest request;
    request.set_name(name);
    return rpc::Call(suite().dispatch(), &Dispatch::GetBatch, request, Soon());
  }

  static void WaitUntilArrived(std::size_t count) {
    ASSERT_OK(WaitUntil(fmt::format("{} mails have arrived", count),
                        [&] { return suite().inbox().Count() >= count; }));
  }

  // Every mail in the inbox has a Message-ID of its own.
  static void ExpectNoneTwice() {
    ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().ReadAll());
    std::map<std::string, int> times;
    for (const ArrivedMail& mail : mails) ++times[mail.header().at("message-id")];
    for (const auto& [id, count] : times) EXPECT_EQ(count, 1) << id;
  }
};

class EachServiceTest : public CrashTest, public ::testing::WithParamInterface<std::string_view> {
 protected:
  // A student who enrols, and one whose course has something new: together they need all services.
  void Register(std::string_view story) {
    service_ = GetParam();
    story_ = fmt::format("{}-{}", story, service_);
    enrolled_ = fmt::format("{}-enrolled", story_);
    reader_ = fmt::format("{}-reader", story_);
    ASSERT_OK(integration::Register(suite(), {enrolled_, reader_}));
    ASSERT_OK(AddCourse(suite(), story_, "Drawing"));
    ASSERT_OK(Admit(suite(), story_, {reader_}));
  }

  absl::Status Publish() {
    return integration::Publish(suite(),
                                {Enrolled(enrolled_ + "-event", enrolled_, "statistics"),
                                 Published(reader_ + "-event", story_, "video-1", "Lines")})
        .status();
  }

  void ExpectBothMailsOnce() {
    for (const std::string& student : {enrolled_, reader_}) {
      ASSERT_OK(WaitUntilDone(suite(), student + "-event"));
      ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf(student)));
      EXPECT_THAT(mail, IsWellFormedTo(AddressOf(student)));
      ASSERT_OK(WaitForState(suite(), student, out::STATE_SENT));
    }
    ASSERT_OK(WaitUntilQueueIsEmpty(suite()));
    for (const std::string& student : {enrolled_, reader_}) {
      EXPECT_EQ(suite().inbox().CountTo(AddressOf(student)), 1) << student;
    }
  }

  std::string service_;
  std::string story_;
  std::string enrolled_;
  std::string reader_;
};

INSTANTIATE_TEST_SUITE_P(Services, EachServiceTest, ::testing::ValuesIn(kServices),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(EachServiceTest, KilledWithMailOnItsWay) {
  Register("killed");
  suite().inbox().Freeze();
  const absl::Status published = Publish();
  const absl::Status killed = suite().Kill(service_);
  suite().inbox().Thaw();
  ASSERT_OK(published);
  ASSERT_OK(killed);
  ASSERT_OK(suite().Restart(service_));
  ExpectBothMailsOnce();
}

TEST_P(EachServiceTest, AwayWhenSomethingHappens) {
  Register("away");
  if (service_ == "scheduler") {
    // Who tells it of events tells it again.
    ASSERT_OK(Publish());
    ASSERT_OK(suite().Kill(service_));
    ASSERT_OK(suite().Restart(service_));
    ASSERT_OK(Publish());
  } else {
    ASSERT_OK(suite().Kill(service_));
    ASSERT_OK(Publish());
    ASSERT_OK(suite().Restart(service_));
  }
  ExpectBothMailsOnce();
}

TEST_F(CrashTest, DispatchKilledInABatchSendsNoneTwiceAndKnowsWhatIsInDoubt) {
  constexpr int kMails = 500;
  const std::size_t before = suite().inbox().Count();
  ASSERT_OK_AND_ASSIGN(const std::string batch,
                       GreetMany(suite(), "announcement", "killed", kMails));
  WaitUntilArrived(before + kMails / 20);
  ASSERT_LT(suite().inbox().Count(), before + kMails) << "it is not in the middle of the batch";
  ASSERT_OK(suite().Kill("dispatch"));
  ASSERT_OK(suite().Restart("dispatch"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite()));

  ASSERT_OK_AND_ASSIGN(const out::Batch done, GetBatch(batch));
  const auto arrived = static_cast<std::int64_t>(suite().inbox().Count() - before);
  EXPECT_EQ(done.sent_count() + done.uncertain_count(), kMails) << done.ShortDebugString();
  EXPECT_GE(arrived, done.sent_count());
  EXPECT_LE(arrived, kMails);
  ExpectNoneTwice();
}

TEST_F(CrashTest, DispatchToldToStopInABatchLosesAndDoublesNothing) {
  constexpr int kMails = 500;
  const std::size_t before = suite().inbox().Count();
  ASSERT_OK_AND_ASSIGN(const std::string batch,
                       GreetMany(suite(), "announcement", "stopped", kMails));
  WaitUntilArrived(before + kMails / 20);
  ASSERT_LT(suite().inbox().Count(), before + kMails) << "it is not in the middle of the batch";
  EXPECT_THAT(suite().Terminate("dispatch"), IsOkAndHolds(0));
  ASSERT_OK(suite().Restart("dispatch"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite()));

  ASSERT_OK_AND_ASSIGN(const out::Batch done, GetBatch(batch));
  EXPECT_EQ(done.sent_count(), kMails) << done.ShortDebugString();
  EXPECT_EQ(done.state(), out::Batch::STATE_DONE);
  EXPECT_EQ(suite().inbox().Count(), before + kMails);
  ExpectNoneTwice();
}

// As when the machine is gone and another replica has to wait for the leases.
class NoJournalTest : public CrashTest {
 protected:
  static void SetUpTestSuite() { Begin({.flags = {{"dispatch", {"--worker.journal="}}}}); }
};

TEST_F(NoJournalTest, WhatADeadWorkerHeldIsSentWhenItsLeaseEnds) {
  suite().inbox().Freeze();
  const auto batch = GreetMany(suite(), "announcement", "leased", 20);
  const absl::Status claimed = WaitUntil("a worker holds the mail", [&] {
    const auto in_flight =
        rpc::Call(suite().dispatch(), &Dispatch::ListInFlight, out::ListInFlightRequest(), Soon());
    return in_flight.ok() && in_flight->batches_size() > 0;
  });
  const absl::Status killed = suite().Kill("dispatch");
  suite().inbox().Thaw();
  ASSERT_OK(batch);
  ASSERT_OK(claimed);
  ASSERT_OK(killed);
  ASSERT_OK(suite().Restart("dispatch"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite()));
  ASSERT_OK_AND_ASSIGN(const out::Batch done, GetBatch(*batch));
  EXPECT_EQ(done.sent_count(), 20) << done.ShortDebugString();
  EXPECT_EQ(suite().inbox().Count(), 20);
  ExpectNoneTwice();
}

}  // namespace
}  // namespace lmsmail::integration
