#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"

// The rules that every store keeps. A store's own test says how to make one:
//
//   INSTANTIATE_TEST_SUITE_P(InMemory, QueueStoreContract, testing::Values(MakeInMemory));
namespace lmsmail::dispatch {

// A fresh queue with its log, and command of its time. queue() stays valid.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual QueueStore& queue() = 0;
  virtual MessageLog& log() = 0;
  virtual absl::Time Now() = 0;
  virtual void Advance(absl::Duration by) = 0;
};
using StoreFactory = std::function<std::unique_ptr<StoreUnderTest>()>;

class StoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  QueueStore& queue() { return store_->queue(); }
  MessageLog& log() { return store_->log(); }
  absl::Time Now() { return store_->Now(); }
  void Advance(absl::Duration by) { store_->Advance(by); }
  // Begins again with an empty store.
  void Renew() { store_ = GetParam()(); }

  Submission Send(const std::string& request_id, Lane lane = Lane::kTransactional);
  // Items without dedupe keys, to students "<request_id>-0", "<request_id>-1", ...
  Submission Batch(const std::string& request_id, int count, int chunk = 0);

  Accepted AcceptOne(const Submission& submission);
  // Of a Send that is due at once.
  MessageId AcceptMail(const std::string& request_id, Lane lane = Lane::kTransactional);
  std::vector<MessageId> AcceptBatch(const std::string& request_id, int count);

  // Claims what is due by now, or waits for what will be in an instant.
  Claim Take(Lane lane = Lane::kTransactional, int limit = 100,
             absl::Duration lease = absl::Minutes(1));
  // Lets leases of a minute run out, with sweeps that see it. The last one's answer.
  absl::StatusOr<int> Abandon();
  // All that is due, from whatever shard.
  std::vector<Claim> TakeAll(Lane lane, int limit = 100);
  // Every id of `claims`, ascending.
  static std::vector<MessageId> IdsOf(const std::vector<Claim>& claims);

  static Outcome OutcomeOf(const ClaimedMail& claimed, Outcome::Kind kind,
                           Reason reason = Reason::kNone);
  FlushResult Flush(const Claim& claim, const std::vector<Outcome>& outcomes, bool last = true);
  FlushResult FlushAll(const Claim& claim, Outcome::Kind kind, Reason reason = Reason::kNone);
  // Accepted, claimed and ended that way.
  MessageId Ended(const std::string& request_id, Outcome::Kind kind, Reason reason = Reason::kNone);

  // Accepts ten small batches and claims until none of their mails waits: so many claims it takes.
  int ClaimsUntilSmallBatchesAreOut();

  MessageRecord Get(MessageId id);
  State StateOf(MessageId id) { return Get(id).state; }

 private:
  std::unique_ptr<StoreUnderTest> store_ = GetParam()();
};

class QueueStoreContract : public StoreContract {};
class MessageLogContract : public StoreContract {};
// Random histories, the same for every store.
class StoreInvariants : public StoreContract {};

}  // namespace lmsmail::dispatch
