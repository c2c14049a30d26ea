#include "services/dispatch/delivery/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/telemetry/metrics.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/storage/in_memory_limit_store.h"
#include "services/dispatch/storage/in_memory_store.h"
#include "services/dispatch/testing/fake_peers.h"
#include "services/dispatch/testing/queue_store_decorator.h"

namespace lmsmail::dispatch {
namespace {

using testing::IsEmpty;

// Loses the answer to the first COMMIT of a claim.
class ForgetfulQueue final : public QueueStoreDecorator {
 public:
  using QueueStoreDecorator::QueueStoreDecorator;
  absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                absl::Duration lease) override {
    auto claim = QueueStoreDecorator::TakeDue(id, worker, lane, limit, lease);
    if (claim.ok() && !claim->mails.empty() && !std::exchange(forgot_, true)) {
      return absl::UnknownError("the connection broke during COMMIT");
    }
    return claim;
  }

 private:
  bool forgot_ = false;
};

// The worker with its threads, against fakes. Tests wait for what is to happen.
class WorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::unique_ptr<Transport>> all;
    auto transport = std::make_unique<FakeTransport>();
    transport_ = transport.get();
    all.push_back(std::move(transport));
    transports_ = std::make_unique<Transports>(std::move(all), "fake");
  }

  void Start(QueueStore& queue) {
    worker_ = std::make_unique<Worker>(Worker::Dependencies{.clock = clock_,
                                                            .queue = queue,
                                                            .limits = limits_,
                                                            .connections = limits_,
                                                            .recipients = recipients_,
                                                            .templates = templates_,
                                                            .transports = *transports_,
                                                            .bounces = bounces_,
                                                            .journal = *journal_,
                                                            .site = site_,
                                                            .message_ids = message_ids_,
                                                            .metrics = metrics_},
                                       Worker::Options{.name = "test",
                                                       .batch = 20,
                                                       .flush_interval = absl::Milliseconds(1),
                                                       .max_in_flight = max_in_flight_,
                                                       .policy = {}});
    worker_->Start();
  }

  std::vector<MessageId> Accept(const std::string& key, Lane lane, int count) {
    Submission submission;
    submission.request_id = key;
    submission.batch = true;
    submission.template_ref = {"enrollment", 1, Category::kEnrollment};
    submission.lane = lane;
    submission.due_time = clock_.Now();
    submission.expire_time = clock_.Now() + absl::Hours(1);
    for (int i = 0; i < count; ++i) {
      submission.items.push_back({{Target::Kind::kRecipient, "recipients/" + key}, "", ""});
    }
    const auto accepted = store_.Accept({submission});
    std::vector<MessageId> ids;
    for (const Accepted::Item& item : accepted->front()->items) ids.push_back(item.id);
    if (worker_) worker_->Accepted(lane);
    return ids;
  }
  bool WaitForState(const std::vector<MessageId>& ids, State state) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    for (const MessageId id : ids) {
      while (store_.Get(id)->state != state) {
        if (absl::Now() > end) return false;
        std::this_thread::yield();
      }
    }
    return true;
  }
  std::int64_t InFlight() {
    std::int64_t count = 0;
    const auto depths = store_.Depths();
    for (const LaneDepth& depth : *depths) count += depth.in_flight;
    return count;
  }

  SystemClock clock_;
  InMemoryStore store_{clock_};
  ForgetfulQueue forgetful_{store_};  // outlives the worker, whose threads use it
  InMemoryLimitStore limits_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  FakeRecipientCheck recipients_;
  FakeTemplateSource templates_;
  std::unique_ptr<IntentJournal> journal_ = *IntentJournal::Open("", 2000);
  FakeSuppressionList suppressions_;
  BounceReporter bounces_{suppressions_};
  const SiteIdentity site_{"The School", "https://school.example", "", "school.example"};
  const MessageIdHeader message_ids_{"school.example", std::nullopt};
  int max_in_flight_ = 2000;
  FakeTransport* transport_ = nullptr;
  std::unique_ptr<Transports> transports_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, SendsWhatIsThereAndWhatComes) {
  const auto before = Accept("before", Lane::kBulk, 50);
  Start(store_);
  EXPECT_TRUE(WaitForState(before, State::kSent));
  const auto after = Accept("after", Lane::kCritical, 1);
  EXPECT_TRUE(WaitForState(after, State::kSent));
  EXPECT_EQ(transport_->mails().size(), 51u);
}

TEST_F(WorkerTest, AClaimWhoseCommitWasInDoubtIsResumed) {
  const auto ids = Accept("a", Lane::kTransactional, 5);
  Start(forgetful_);
  EXPECT_TRUE(WaitForState(ids, State::kSent));
  EXPECT_EQ(transport_->mails().size(), 5u);
}

TEST_F(WorkerTest, UrgentMailPassesBulkThatASlowServerHoldsUp) {
  max_in_flight_ = 40;
  transport_->Hold();
  Accept("bulk", Lane::kBulk, 200);
  Start(store_);
  ASSERT_TRUE(transport_->WaitForMails(30));  // all that ordinary mail may have in flight
  Accept("receipt", Lane::kTransactional, 1);
  ASSERT_TRUE(transport_->WaitForMails(31));
  EXPECT_EQ(transport_->mails().back().recipient, "receipt@students.example");
}

TEST_F(WorkerTest, StoppingGivesBackWhatWasNotSent) {
  max_in_flight_ = 40;
  transport_->Hold();
  const auto ids = Accept("bulk", Lane::kBulk, 100);
  Start(store_);
  ASSERT_TRUE(transport_->WaitForMails(30));
  worker_->Stop(absl::Now() + absl::Seconds(10));
  EXPECT_EQ(InFlight(), 0);
  for (const MessageId id : ids) {
    const auto record = store_.Get(id);
    EXPECT_EQ(record->state, State::kQueued);
    EXPECT_EQ(record->attempt_count, 0);
  }
}

TEST_F(WorkerTest, StopsWithoutHavingStarted) {
  Start(store_);
  Worker never({.clock = clock_,
                .queue = store_,
                .limits = limits_,
                .connections = limits_,
                .recipients = recipients_,
                .templates = templates_,
                .transports = *transports_,
                .bounces = bounces_,
                .journal = *journal_,
                .site = site_,
                .message_ids = message_ids_,
                .metrics = metrics_},
               {.name = "never", .policy = {}});
  never.Stop(absl::Now());
  EXPECT_THAT(transport_->mails(), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
