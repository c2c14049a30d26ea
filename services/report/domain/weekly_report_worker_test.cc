#include "services/report/domain/weekly_report_worker.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"
#include "services/report/domain/weekly_mail.h"
#include "services/report/storage/in_memory_report_store.h"

namespace lmsmail::report {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::Time kForever = absl::InfiniteFuture();

// Accepts each dedupe key once, as dispatch does.
class FakeMailer final : public Mailer {
 public:
  absl::StatusOr<std::vector<absl::Status>> SendBatch(const MailBatch& batch) override {
    before();
    if (!call_error.ok()) return call_error;
    ++calls[batch.request_id];
    std::vector<absl::Status> results;
    for (const MailItem& item : batch.items) {
      if (rejected_student == item.student) {
        results.push_back(absl::InvalidArgumentError("no such recipient"));
        continue;
      }
      ++accepted[item.dedupe_key];
      results.push_back(absl::OkStatus());
    }
    if (!response_error.ok()) return response_error;
    return results;
  }

  std::function<void()> before = [] {};
  absl::Status call_error;      // dispatch receives nothing
  absl::Status response_error;  // dispatch accepts the mail, but the response is lost
  std::string rejected_student;
  std::map<std::string, int> calls;     // by request id
  std::map<std::string, int> accepted;  // by dedupe key
};

class WeeklyReportWorkerTest : public ::testing::Test {
 protected:
  WeeklyReportWorkerTest() {
    std::vector<Activity> activities;
    for (int i = 0; i < kStudents; ++i) {
      const std::string student = fmt::format("s{:04}", i);
      activities.push_back({fmt::format("e{}", i), student, "a", In(1), Enrolled{}});
      if (i % 3 == 0) continue;
      activities.push_back({fmt::format("w{}", i), student, "a", In(2), Watched{absl::Minutes(1)}});
    }
    EXPECT_OK(store_.Record(activities, kForever));
  }

  static absl::Time In(int day) {
    return absl::FromCivil(absl::CivilHour(2026, 11, 15 + day, 12), absl::UTCTimeZone());
  }

  void Request(bool skip_mail = false) {
    EXPECT_OK(store_.RequestRun(week_, skip_mail, clock_.Now(), kForever));
  }
  WeeklyReportRun Run() { return store_.GetRun(week_, kForever).value(); }

  static constexpr int kStudents = 1200;
  static constexpr int kInactive = 400;
  static constexpr int kActive = 800;

  telemetry::ScopedLogCapture log_;
  const IsoWeek week_ = IsoWeek(absl::CivilDay(2026, 11, 16));
  FakeClock clock_{In(8)};
  InMemoryReportStore store_;
  FakeMailer mailer_;
  const WeeklyReportWorker::Dependencies dependencies_{
      .store = store_, .mailer = mailer_, .clock = clock_, .zone = absl::UTCTimeZone()};
  WeeklyReportWorker worker_{dependencies_};
};

TEST_F(WeeklyReportWorkerTest, WaitsWithoutARun) {
  EXPECT_GT(worker_.RunOnce(), absl::ZeroDuration());
  EXPECT_THAT(mailer_.calls, SizeIs(0));
}

TEST_F(WeeklyReportWorkerTest, GeneratesAllReportsAndMailsThoseWithActivity) {
  Request();
  worker_.RunOnce();
  const WeeklyReportRun run = Run();
  EXPECT_EQ(run.state, RunState::kSucceeded);
  EXPECT_EQ(run.processed_count, kStudents);
  EXPECT_EQ(run.total_count, kStudents);
  EXPECT_EQ(run.inactive_count, kInactive);
  EXPECT_EQ(run.mail_count, kActive);
  EXPECT_EQ(run.end_time, clock_.Now());
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
  for (const auto& [key, times] : mailer_.accepted) EXPECT_EQ(times, 1) << key;
}

TEST_F(WeeklyReportWorkerTest, SendsSkippedMailWhenItIsRequestedLater) {
  Request(/*skip_mail=*/true);
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_THAT(mailer_.accepted, SizeIs(0));
  Request(/*skip_mail=*/false);
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_EQ(Run().processed_count, kStudents);
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
}

TEST_F(WeeklyReportWorkerTest, RepeatsABatchWhoseResponseWasLost) {
  Request();
  mailer_.response_error = absl::DeadlineExceededError("no response");
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kRunning);
  EXPECT_EQ(Run().mail_count, 0);
  ASSERT_THAT(mailer_.calls, SizeIs(1));
  const std::string repeated = mailer_.calls.begin()->first;

  // This replica has died, and another one continues.
  mailer_.response_error = absl::OkStatus();
  clock_.Advance(absl::Minutes(5));
  WeeklyReportWorker other(dependencies_);
  other.RunOnce();
  EXPECT_EQ(mailer_.calls[repeated], 2);
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_EQ(Run().mail_count, kActive);
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
}

TEST_F(WeeklyReportWorkerTest, DefersTheRunWhileDispatchIsUnavailableAndFailsEventually) {
  Request();
  mailer_.call_error = absl::UnavailableError("no connection");
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kRunning);
  EXPECT_THAT(Run().detail, HasSubstr("no connection"));
  EXPECT_GT(worker_.RunOnce(), absl::ZeroDuration()) << "the next attempt is not due";

  while (Run().state == RunState::kRunning) {
    clock_.Set(Run().next_attempt_time);
    worker_.RunOnce();
  }
  EXPECT_EQ(Run().state, RunState::kFailed);

  mailer_.call_error = absl::OkStatus();
  Request();
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_EQ(Run().detail, "");
  EXPECT_EQ(Run().processed_count, kStudents);
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
}

TEST_F(WeeklyReportWorkerTest, RecordsRejectedMailAndSendsTheRest) {
  mailer_.rejected_student = "s0001";
  Request();
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_EQ(Run().mail_count, kActive - 1);
  EXPECT_EQ(Run().rejected_count, 1);
  EXPECT_THAT(Run().detail, HasSubstr("s0001: INVALID_ARGUMENT: no such recipient"));
  EXPECT_EQ(store_.GetReport(week_, "s0001", kForever)->mail_state, MailState::kRejected);
}

TEST_F(WeeklyReportWorkerTest, CancelledRunStopsAfterTheBatchInFlight) {
  Request();
  mailer_.before = [this] {
    EXPECT_OK(store_.ChangeRun(
        week_, [this](WeeklyReportRun& run) { return Cancel(run, clock_.Now()); }, kForever));
  };
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kCancelled);
  EXPECT_THAT(mailer_.calls, SizeIs(1));
  EXPECT_EQ(Run().mail_count, std::ssize(mailer_.accepted)) << "sent mail is counted";
  EXPECT_LT(Run().processed_count, kStudents);
}

TEST_F(WeeklyReportWorkerTest, StopsWhenAnotherReplicaHasClaimedTheRun) {
  Request();
  mailer_.before = [this] {
    clock_.Advance(kRunLease);
    EXPECT_OK(store_.ClaimRun(clock_.Now(), kForever));
  };
  worker_.RunOnce();
  EXPECT_THAT(mailer_.calls, SizeIs(1));
  EXPECT_EQ(Run().state, RunState::kRunning);
  EXPECT_EQ(Run().fence, 2);
}

TEST_F(WeeklyReportWorkerTest, StopReleasesTheRunForAnotherReplica) {
  Request();
  mailer_.before = [this] { worker_.Stop(); };
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kRunning);
  EXPECT_THAT(mailer_.calls, SizeIs(1));

  mailer_.before = [] {};
  WeeklyReportWorker other(dependencies_);
  other.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
}

}  // namespace
}  // namespace lmsmail::report
