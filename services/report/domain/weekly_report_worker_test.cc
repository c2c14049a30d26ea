#include "services/report/domain/weekly_report_worker.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/school/testing/fake_school.h"
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
    if (batch.send_time) {
      for (const MailItem& item : batch.items) send_times[item.student] = *batch.send_time;
    }
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
  std::map<std::string, int> calls;              // by request id
  std::map<std::string, int> accepted;           // by dedupe key
  std::map<std::string, absl::Time> send_times;  // by student; those sent later only
};

class FakeZones final : public RecipientZones {
 public:
  absl::StatusOr<std::vector<std::string>> Get(absl::Span<const std::string> students) override {
    if (!error.ok()) return error;
    std::vector<std::string> found;
    for (const std::string& student : students) {
      const auto zone = zones.find(student);
      found.push_back(zone == zones.end() ? "UTC" : zone->second);
    }
    return found;
  }

  absl::Status error;
  std::map<std::string, std::string> zones;  // by student
};

// A database that is too slow to count.
class UncountableStore final : public InMemoryReportStore {
 public:
  absl::StatusOr<std::int64_t> CountStudents(const Students&, absl::Time) override {
    ++counts;
    return absl::DeadlineExceededError("statement timeout");
  }

  int counts = 0;
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
    EXPECT_OK(store_.RequestRun({.week = week_, .skip_mail = skip_mail, .time_zone = "UTC"},
                                clock_.Now(), kForever));
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
  FakeZones zones_;
  school::FakeSchool school_;
  const WeeklyReportWorker::Dependencies dependencies_{
      .store = store_, .mailer = mailer_, .zones = zones_, .school = school_, .clock = clock_};
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

class LocalMailTest : public WeeklyReportWorkerTest {
 protected:
  // Monday 09:00, asked for when it is 00:00 in the school's zone, UTC.
  LocalMailTest() {
    clock_.Set(absl::FromCivil(absl::CivilDay(2026, 11, 23), absl::UTCTimeZone()));
    zones_.zones = {{"s0001", "America/Los_Angeles"},
                    {"s0002", "Pacific/Auckland"},
                    {"s0004", "Asia/Tokyo"},
                    {"s0005", "Mars/Olympus"}};
  }
  void RequestLocal() {
    EXPECT_OK(store_.RequestRun(
        {.week = week_, .time_zone = "UTC", .local_time = absl::CivilMinute(2026, 11, 23, 9, 0)},
        clock_.Now(), kForever));
  }
  static absl::Time Utc(int day, int hour) {
    return absl::FromCivil(absl::CivilHour(2026, 11, day, hour), absl::UTCTimeZone());
  }
};

TEST_F(LocalMailTest, EachMailWaitsForItsStudentsClock) {
  RequestLocal();
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
  EXPECT_EQ(mailer_.send_times["s0001"], Utc(23, 17));
  EXPECT_EQ(mailer_.send_times["s0002"], Utc(23, 20)) << "the day after: the week was not over";
  EXPECT_FALSE(mailer_.send_times.contains("s0004")) << "09:00 in Tokyo is just now";
  EXPECT_EQ(mailer_.send_times["s0005"], Utc(23, 9));
  EXPECT_EQ(mailer_.send_times["s0007"], Utc(23, 9));
}

TEST_F(LocalMailTest, AStudentWhoMovesGetsOneMail) {
  RequestLocal();
  mailer_.response_error = absl::DeadlineExceededError("no response");
  worker_.RunOnce();
  zones_.zones["s0001"] = "Asia/Tokyo";
  zones_.zones["s0004"] = "America/Los_Angeles";
  mailer_.response_error = absl::OkStatus();
  clock_.Advance(absl::Minutes(5));
  WeeklyReportWorker other(dependencies_);
  other.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
  // Whatever the batches, a student's mail has one key; dispatch accepts a key once.
  EXPECT_THAT(mailer_.accepted, SizeIs(kActive));
}

TEST_F(LocalMailTest, ALateRunSendsWhatIsDueAtOnce) {
  RequestLocal();
  clock_.Set(Utc(23, 18));
  worker_.RunOnce();
  EXPECT_FALSE(mailer_.send_times.contains("s0001"));
  EXPECT_EQ(mailer_.send_times["s0002"], Utc(23, 20));
  EXPECT_THAT(mailer_.send_times, SizeIs(1));
}

TEST_F(LocalMailTest, WaitsForTheZones) {
  RequestLocal();
  zones_.error = absl::UnavailableError("preference is away");
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kRunning);
  EXPECT_THAT(Run().detail, HasSubstr("preference is away"));
  EXPECT_THAT(mailer_.accepted, SizeIs(0));
  zones_.error = absl::OkStatus();
  clock_.Set(Run().next_attempt_time);
  worker_.RunOnce();
  EXPECT_EQ(Run().state, RunState::kSucceeded);
}

TEST_F(WeeklyReportWorkerTest, ACountThatTakesTooLongHoldsUpNothing) {
  UncountableStore store;
  ASSERT_OK(store.Record(
      {{"e", "s1", "a", In(1), Enrolled{}}, {"w", "s1", "a", In(2), Watched{absl::Minutes(1)}}},
      kForever));
  ASSERT_OK(store.RequestRun({.week = week_, .time_zone = "UTC"}, clock_.Now(), kForever));
  WeeklyReportWorker worker(
      {.store = store, .mailer = mailer_, .zones = zones_, .school = school_, .clock = clock_});
  worker.RunOnce();
  EXPECT_EQ(store.counts, 1);
  EXPECT_EQ(store.GetRun(week_, kForever)->state, RunState::kSucceeded);
  EXPECT_EQ(store.GetRun(week_, kForever)->total_count, 1);
  EXPECT_THAT(mailer_.accepted, SizeIs(1));
}

}  // namespace
}  // namespace lmsmail::report
