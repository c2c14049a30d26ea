#include <fmt/format.h>

#include <optional>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/pg_queue_store.h"
#include "services/dispatch/storage/watermark_arrays.h"

// What operators do with the queue: cancel, retry, pause, inspect.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;

// The mails of a lane are counted up to this number, and estimated beyond it.
constexpr int kExactCount = 10000;
constexpr int kMaxRetried = 5000;  // in a transaction

constexpr char kInFlightSql[] =
    "SELECT c.claim_id, c.worker, c.lane, c.claim_time, c.lease_expire_time, "
    "cardinality(c.msg_ids), "
    "  ARRAY(SELECT u.id FROM unnest(c.msg_ids, c.delivery_counts) AS u(id, delivery_count) "
    "        LEFT JOIN LATERAL (SELECT r.msg_id FROM result r "
    "                            WHERE r.shard = c.shard AND r.msg_id = u.id "
    "                              AND r.delivery_count = u.delivery_count LIMIT 1) r ON true "
    "        WHERE r.msg_id IS NULL LIMIT 100) "
    "FROM claim c WHERE c.claim_id > $1 ORDER BY c.claim_id LIMIT $2";

LaneDepth ReadDepth(const pqxx::row& row) {
  LaneDepth depth;
  depth.lane = static_cast<Lane>(row[0].as<int>());
  depth.paused = row[1].as<bool>();
  depth.pause_detail = postgres::Text(row[2]);
  depth.due = row[3].as<std::int64_t>();
  depth.waiting = row[4].as<std::int64_t>();
  depth.scheduled = row[5].as<std::int64_t>();
  depth.in_flight = row[6].as<std::int64_t>();
  depth.oldest_due = postgres::OptionalTime(row[7]);
  return depth;
}

InFlightClaim ReadInFlight(const pqxx::row& row) {
  InFlightClaim claim;
  claim.id = row[0].as<std::int64_t>();
  claim.worker = postgres::Text(row[1]);
  claim.lane = static_cast<Lane>(row[2].as<int>());
  claim.claim_time = postgres::Time(row[3]);
  claim.lease_expire_time = postgres::Time(row[4]);
  claim.count = row[5].as<int>();
  claim.open = postgres::Int8Array(row[6]);
  return claim;
}

absl::Status ContentDropped(pqxx::work& tx, MessageId id) {
  const pqxx::row row =
      tx.exec_params1("SELECT due_time, content_drop_time FROM message WHERE msg_id = $1", id);
  return ContentDroppedError(id, postgres::Time(row[0]), postgres::Time(row[1]));
}

}  // namespace

absl::StatusOr<CancelResult> PgQueueStore::Cancel(MessageId id, absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "dispatch.cancel", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<CancelResult> {
                            switch (tx.exec_params1("SELECT cancel_message($1)", id)[0].as<int>()) {
                              case 0:
                                return CancelResult::kCancelled;
                              case 1:
                                return CancelResult::kRequested;
                              case 2:
                                return CancelResult::kTooLate;
                              default:
                                return CancelResult::kNotFound;
                            }
                          });
}

absl::Status PgQueueStore::CancelBatch(BatchId id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "dispatch.cancel_batch", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        if (tx.exec_params1("SELECT cancel_batch($1)", id)[0].as<bool>()) {
          return absl::OkStatus();
        }
        return NotFound(fmt::format("batches/{}", id));
      });
}

absl::StatusOr<Cancellations> PgQueueStore::CancellationsSince(std::int64_t cursor) {
  return RunInTransaction(
      pool_, {.name = "dispatch.cancellations_since", .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Cancellations> {
        const pqxx::result rows = tx.exec_params(
            "SELECT cancel_id, msg_id, batch_id FROM cancellation WHERE cancel_id > $1 "
            "AND ($1 > 0 OR create_time > now() - interval '1 hour') ORDER BY cancel_id",
            cursor);
        Cancellations cancelled;
        cancelled.cursor = cursor;
        for (const pqxx::row& row : rows) {
          cancelled.cursor = row[0].as<std::int64_t>();
          if (row[1].is_null()) {
            cancelled.batches.push_back(row[2].as<std::int64_t>());
          } else {
            cancelled.messages.push_back(row[1].as<std::int64_t>());
          }
        }
        return cancelled;
      });
}

absl::Status PgQueueStore::Retry(MessageId id, std::string_view request_id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "dispatch.retry", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        enum { kDone = 0, kForbidden = 1, kDropped = 3 };
        switch (tx.exec_params1("SELECT retry_message($1, $2)", id, std::string(request_id))[0]
                    .as<int>()) {
          case kDone:
            return absl::OkStatus();
          case kForbidden:
            return absl::FailedPreconditionError(
                "only a mail that ended without being sent can be tried again");
          case kDropped:
            return ContentDropped(tx, id);
          default:
            return NotFound(fmt::format("messages/{}", id));
        }
      });
}

absl::StatusOr<std::int64_t> PgQueueStore::RetryRestored(absl::Span<const Category> categories,
                                                         absl::Time deadline) {
  postgres::ArrayLiteral wanted;
  for (const Category category : categories) wanted.AddInt(static_cast<int>(category));
  std::int64_t retried = 0;
  for (MessageId after = 0;;) {
    std::optional<MessageId> last;
    LMSMAIL_ASSIGN_OR_RETURN(
        const int some,
        RunInTransaction(
            pool_, {.name = "dispatch.retry_restored", .deadline = deadline, .repeatable = true},
            [&](pqxx::work& tx) -> absl::StatusOr<int> {
              const pqxx::row row =
                  tx.exec_params1("SELECT retried, last_id FROM retry_restored($1::int2[], $2, $3)",
                                  wanted.str(), after, kMaxRetried);
              last = postgres::Optional<MessageId>(row[1]);
              return row[0].as<int>();
            }));
    retried += some;
    if (!last) return retried;
    after = *last;
  }
}

absl::Status PgQueueStore::SetPaused(Lane lane, bool paused, std::string_view detail,
                                     absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "dispatch.set_paused", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::Status {
        tx.exec_params("UPDATE lane_lock SET paused = $2, pause_detail = $3 WHERE lane = $1",
                       static_cast<int>(lane), paused, paused ? std::string(detail) : "");
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<LaneDepth>> PgQueueStore::Depths(absl::Time deadline) {
  WatermarkArrays watermarks;
  for (const Lane lane : kLanes) watermarks.Add(lane, watermarks_.Watermarks(lane));
  return RunInTransaction(
      // Otherwise each count inside the function would see a newer state, and a mail that is being
      // claimed would be neither waiting nor in flight.
      pool_,
      {.name = "dispatch.depths",
       .deadline = deadline,
       .isolation = postgres::Isolation::kRepeatableRead,
       .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<LaneDepth>> {
        std::vector<LaneDepth> depths;
        const pqxx::result rows = tx.exec_params(
            "SELECT * FROM lane_depths($1, $2::int2[], $3::int2[], $4::timestamptz[])", kExactCount,
            watermarks.lanes.str(), watermarks.shards.str(), watermarks.dues.str());
        for (const pqxx::row& row : rows) depths.push_back(ReadDepth(row));
        return depths;
      });
}

absl::StatusOr<std::vector<InFlightClaim>> PgQueueStore::InFlight(ClaimId after, int limit,
                                                                  absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "dispatch.in_flight", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<InFlightClaim>> {
        std::vector<InFlightClaim> claims;
        for (const pqxx::row& row : tx.exec_params(kInFlightSql, after, limit)) {
          claims.push_back(ReadInFlight(row));
        }
        return claims;
      });
}

}  // namespace lmsmail::dispatch
