// Services are killed while mail is processed. No mail is lost or sent twice.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/mail_matchers.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

namespace pb = dispatch::v1;

class CrashTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() { StartWithData({}); }

  static void StartWithData(Suite::Options options) {
    StartSuite(std::move(options));
    // Announcements can be sent to an address, and are not resent when their outcome is uncertain.
    ASSERT_OK(CreateGreeting(suite(), "announcement", type::v1::CATEGORY_ANNOUNCEMENT));
    ASSERT_OK(AddCourse(suite(), "statistics", "Statistics"));
    ASSERT_OK(SetCollectWindow(suite(), absl::Seconds(1)));
  }

  static absl::StatusOr<pb::Batch> GetBatch(const std::string& name) {
    pb::GetBatchRequest request;
    request.set_name(name);
    return Call(suite().dispatch(), &Dispatch::GetBatch, request);
  }

  static void WaitUntilArrived(std::size_t count) {
    ASSERT_OK(WaitUntil(fmt::format("{} mails have arrived", count),
                        [&] { return suite().inbox().Count() >= count; }));
  }
};

class EachServiceTest : public CrashTest, public ::testing::WithParamInterface<std::string_view> {
 protected:
  // Registers a student who will enrol and one whose course will get new content. Their two mails
  // need all services.
  void Register(std::string_view scenario) {
    service_ = GetParam();
    scenario_ = fmt::format("{}-{}", scenario, service_);
    enrolled_ = scenario_ + "-enrolled";
    reader_ = scenario_ + "-reader";
    ASSERT_OK(integration::Register(suite(), {enrolled_, reader_}));
    ASSERT_OK(AddCourse(suite(), scenario_, "Drawing"));
    ASSERT_OK(Admit(suite(), scenario_, {reader_}));
  }

  absl::Status Publish() {
    return integration::Publish(suite(),
                                {Enrolled(enrolled_ + "-event", enrolled_, "statistics"),
                                 Published(reader_ + "-event", scenario_, "video-1", "Lines")})
        .status();
  }

  void ExpectBothMailsOnce() {
    for (const std::string& student : {enrolled_, reader_}) {
      ASSERT_OK(WaitUntilDone(suite(), student + "-event"));
      ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf(student)));
      EXPECT_THAT(mail, IsWellFormedTo(AddressOf(student)));
      ASSERT_OK(WaitForState(suite(), student, pb::STATE_SENT));
    }
    ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
    for (const std::string& student : {enrolled_, reader_}) {
      EXPECT_EQ(suite().inbox().CountTo(AddressOf(student)), 1) << student;
    }
  }

  std::string service_;
  std::string scenario_;
  std::string enrolled_;
  std::string reader_;
};

INSTANTIATE_TEST_SUITE_P(Services, EachServiceTest, ::testing::ValuesIn(kServices),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(EachServiceTest, KilledWhileMailIsBeingSent) {
  Register("killed");
  suite().inbox().Suspend();
  const absl::Status published = Publish();
  const absl::Status killed = suite().Kill(service_);
  suite().inbox().Resume();
  ASSERT_OK(published);
  ASSERT_OK(killed);
  ASSERT_OK(suite().Restart(service_));
  ExpectBothMailsOnce();
}

TEST_P(EachServiceTest, DownWhenEventsArePublished) {
  Register("down");
  if (service_ == "scheduler") {
    // Publishers repeat their events.
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

TEST_F(CrashTest, DispatchKilledDuringBatchSendsNoDuplicates) {
  constexpr int kMails = 500;
  const std::size_t before = suite().inbox().Count();
  ASSERT_OK_AND_ASSIGN(const std::string batch,
                       GreetMany(suite(), "announcement", "killed", kMails));
  WaitUntilArrived(before + kMails / 20);
  ASSERT_LT(suite().inbox().Count(), before + kMails) << "the batch is already complete";
  ASSERT_OK(suite().Kill("dispatch"));
  ASSERT_OK(suite().Restart("dispatch"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));

  ASSERT_OK_AND_ASSIGN(const pb::Batch done, GetBatch(batch));
  const auto arrived = static_cast<std::int64_t>(suite().inbox().Count() - before);
  EXPECT_EQ(done.sent_count() + done.uncertain_count(), kMails) << done.ShortDebugString();
  EXPECT_GE(arrived, done.sent_count());
  EXPECT_LE(arrived, kMails);
  ExpectNoDuplicates();
}

TEST_F(CrashTest, DispatchStoppedDuringBatchSendsEachMailOnce) {
  constexpr int kMails = 500;
  const std::size_t before = suite().inbox().Count();
  ASSERT_OK_AND_ASSIGN(const std::string batch,
                       GreetMany(suite(), "announcement", "stopped", kMails));
  WaitUntilArrived(before + kMails / 20);
  ASSERT_LT(suite().inbox().Count(), before + kMails) << "the batch is already complete";
  EXPECT_THAT(suite().Terminate("dispatch"), IsOkAndHolds(0));
  ASSERT_OK(suite().Restart("dispatch"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));

  ASSERT_OK_AND_ASSIGN(const pb::Batch done, GetBatch(batch));
  EXPECT_EQ(done.sent_count(), kMails) << done.ShortDebugString();
  EXPECT_EQ(done.state(), pb::Batch::STATE_DONE);
  EXPECT_EQ(suite().inbox().Count(), before + kMails);
  ExpectNoDuplicates();
}

// As if the machine is lost and another replica has to wait until the leases expire.
class NoJournalTest : public CrashTest {
 protected:
  static void SetUpTestSuite() {
    StartWithData({.flags = {{"dispatch", {"--worker.state_directory="}}}});
  }
};

TEST_F(NoJournalTest, MailOfDeadWorkerIsSentAfterItsLeaseExpires) {
  suite().inbox().Suspend();
  const auto batch = GreetMany(suite(), "announcement", "leased", 20);
  const absl::Status claimed = WaitUntil("a worker has claimed the mail", [&] {
    const auto in_flight =
        Call(suite().dispatch(), &Dispatch::ListInFlight, pb::ListInFlightRequest());
    return in_flight.ok() && in_flight->batches_size() > 0;
  });
  const absl::Status killed = suite().Kill("dispatch");
  suite().inbox().Resume();
  ASSERT_OK(batch);
  ASSERT_OK(claimed);
  ASSERT_OK(killed);
  ASSERT_OK(suite().Restart("dispatch"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  ASSERT_OK_AND_ASSIGN(const pb::Batch done, GetBatch(*batch));
  EXPECT_EQ(done.sent_count(), 20) << done.ShortDebugString();
  EXPECT_EQ(suite().inbox().Count(), 20);
  ExpectNoDuplicates();
}

}  // namespace
}  // namespace lmsmail::integration
