#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/storage/pg_message_log.h"
#include "services/dispatch/storage/pg_queue_store.h"
#include "services/dispatch/testing/pg_test_database.h"

namespace lmsmail::dispatch {

// An empty queue and its log.
class PgQueueFixture : public testing::Test {
 protected:
  PgQueueFixture() { Renew(); }

  QueueStore& queue() { return *queue_; }
  MessageLog& log() { return *log_; }
  PgTestDatabase& database() { return *database_; }
  std::string Query(const std::string& sql) { return database_->Query(sql); }
  absl::Time Now() { return database_->Now(); }
  void Advance(absl::Duration by);
  // Starts over with an empty database.
  void Renew();
  // Ends all sessions; the database stays.
  void Reconnect();

  // Keys are of the caller "lms".
  Submission Send(const std::string& request_id, Lane lane = Lane::kTransactional);
  // Of kBulk, due now. Its items have no dedupe keys and go to students "<request_id>-0",
  // "<request_id>-1", ...
  Submission Batch(const std::string& request_id, int count, int chunk = 0);

  Accepted AcceptOne(const Submission& submission);
  // Accepts a Send that is due now.
  MessageId AcceptMail(const std::string& request_id, Lane lane = Lane::kTransactional);
  std::vector<MessageId> AcceptBatch(const std::string& request_id, int count);

  Claim Take(Lane lane = Lane::kTransactional, int limit = 100,
             absl::Duration lease = absl::Minutes(1));
  // Lets leases of a minute expire, and recovers them. Returns what the last recovery did.
  absl::StatusOr<int> Abandon();
  // Claims all due mails of all shards.
  std::vector<Claim> TakeAll(Lane lane, int limit = 100);
  // All ids in `claims`, ascending.
  static std::vector<MessageId> IdsOf(const std::vector<Claim>& claims);

  static Outcome OutcomeOf(const ClaimedMail& claimed, Outcome::Kind kind,
                           Reason reason = Reason::kNone);
  FlushResult Flush(const Claim& claim, const std::vector<Outcome>& outcomes, bool last = true);
  FlushResult FlushAll(const Claim& claim, Outcome::Kind kind, Reason reason = Reason::kNone);
  // Accepts and claims a Send, and records this outcome.
  MessageId Ended(const std::string& request_id, Outcome::Kind kind, Reason reason = Reason::kNone);

  MessageRecord Get(MessageId id);
  State StateOf(MessageId id) { return Get(id).state; }

 private:
  std::unique_ptr<PgTestDatabase> database_;
  std::optional<PgQueueStore> queue_;
  std::optional<PgMessageLog> log_;
};

}  // namespace lmsmail::dispatch
