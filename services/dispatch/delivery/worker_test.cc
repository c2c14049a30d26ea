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
#include "services/dispatch/testing/fake_peers.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

using testing::IsEmpty;

// Loses the reply to the first COMMIT of a claim.
class ForgetfulQueue final : public FakeQueueStore {
 public:
  using FakeQueueStore::FakeQueueStore;
  bool forgets = false;
  absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                absl::Duration lease) override {
    auto claim = FakeQueueStore::TakeDue(id, worker, lane, limit, lease);
    if (!claim->mails.empty() && std::exchange(forgets, false)) {
      return absl::UnknownError("the connection broke during COMMIT");
    }
    return claim;
  }
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

  std::unique_ptr<Worker> NewWorker() {
    return std::make_unique<Worker>(DeliveryDependencies{.clock = clock_,
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
                                                         .address_hashes = address_hashes_,
                                                         .metrics = metrics_},
                                    Worker::Options{.name = "test",
                                                    .batch = 20,
                                                    .flush_interval = absl::Milliseconds(1),
                                                    .max_in_flight = max_in_flight_,
                                                    .policy = {}});
  }
  void Start() {
    worker_ = NewWorker();
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
    const auto accepted = store_.Accept({submission}, absl::InfiniteFuture());
    std::vector<MessageId> ids;
    for (const Accepted::Item& item : accepted->front()->items) ids.push_back(item.id);
    if (worker_) worker_->Accepted(lane, static_cast<int>(ids.size()));
    return ids;
  }
  bool WaitForState(const std::vector<MessageId>& ids, State state) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    for (const MessageId id : ids) {
      while (store_.Get(id).state != state) {
        if (absl::Now() > end) return false;
        std::this_thread::yield();
      }
    }
    return true;
  }

  SystemClock clock_;
  ForgetfulQueue store_{clock_};
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
  const AddressHashes address_hashes_{std::nullopt};
  int max_in_flight_ = 2000;
  FakeTransport* transport_ = nullptr;
  std::unique_ptr<Transports> transports_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, SendsWaitingAndNewMail) {
  const auto before = Accept("before", Lane::kBulk, 50);
  Start();
  EXPECT_TRUE(WaitForState(before, State::kSent));
  const auto after = Accept("after", Lane::kCritical, 1);
  EXPECT_TRUE(WaitForState(after, State::kSent));
  EXPECT_EQ(transport_->mails().size(), 51u);
}

TEST_F(WorkerTest, ResumesAClaimAfterALostCommitReply) {
  const auto ids = Accept("a", Lane::kTransactional, 5);
  store_.forgets = true;
  Start();
  EXPECT_TRUE(WaitForState(ids, State::kSent));
  EXPECT_EQ(transport_->mails().size(), 5u);
}

TEST_F(WorkerTest, UrgentMailOvertakesBulkMailToASlowServer) {
  max_in_flight_ = 40;
  transport_->Stall();
  Accept("bulk", Lane::kBulk, 200);
  Start();
  ASSERT_TRUE(transport_->WaitForMails(30));  // all that ordinary mail may have in flight
  Accept("receipt", Lane::kTransactional, 1);
  ASSERT_TRUE(transport_->WaitForMails(31));
  EXPECT_EQ(transport_->mails().back().recipient, "receipt@students.example");
}

TEST_F(WorkerTest, StopReleasesUnsentMail) {
  max_in_flight_ = 40;
  transport_->Stall();
  const auto ids = Accept("bulk", Lane::kBulk, 100);
  Start();
  ASSERT_TRUE(transport_->WaitForMails(30));
  worker_->Stop(absl::Now() + absl::Seconds(10));
  EXPECT_EQ(store_.InFlightCount(), 0);
  for (const MessageId id : ids) {
    const MessageRecord record = store_.Get(id);
    EXPECT_EQ(record.state, State::kQueued);
    EXPECT_EQ(record.attempt_count, 0);
  }
}

TEST_F(WorkerTest, StopsWithoutAStart) {
  NewWorker()->Stop(absl::Now());
  EXPECT_THAT(transport_->mails(), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
