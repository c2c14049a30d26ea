#include "services/dispatch/storage/pg_queue_store.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/status_macros.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/pg_hot_statements.h"
#include "services/dispatch/storage/pg_mail_rows.h"
#include "services/dispatch/storage/watermark_arrays.h"

// Claims: making, extending, releasing and recovering them. The other parts of the class are in
// pg_queue_accept.cc, pg_queue_flush.cc, pg_queue_control.cc and pg_queue_maintenance.cc.
namespace lmsmail::dispatch {
namespace {

using postgres::RunInTransaction;
using postgres::RunStatement;
using postgres::Text;
using postgres::ToArrayLiteral;

// One transaction recovers at most this many claims.
constexpr int kMaxRecoveredClaims = 20;

// The first mail of each lane and shard, from its low watermark on, and the first scheduled mail of
// each lane.
constexpr char kNextDueSql[] =
    "SELECT least(min(q.due_time), min(s.due_time)), statement_timestamp(), "
    "  pg_snapshot_xmin(pg_current_snapshot()), "
    "  array_agg(DISTINCT h.lane), array_agg(DISTINCT h.shard) FROM lane_lock h "
    "LEFT JOIN unnest($1::int2[], $2::int2[], $3::timestamptz[], $4::int8[]) "
    "  AS f(lane, shard, due, id) ON f.lane = h.lane AND f.shard = h.shard "
    "LEFT JOIN LATERAL (SELECT due_time FROM queue q WHERE q.shard = h.shard AND q.lane = h.lane "
    "  AND (q.due_time, q.msg_id) > (coalesce(f.due, '-infinity'), coalesce(f.id, 0)) "
    "  ORDER BY due_time, msg_id LIMIT 1) q ON true "
    "LEFT JOIN LATERAL (SELECT due_time FROM scheduled s WHERE s.lane = h.lane "
    "  AND NOT EXISTS (SELECT FROM cancellation c WHERE c.msg_id = s.msg_id) "
    "  ORDER BY due_time, msg_id LIMIT 1) s ON true "
    "WHERE NOT h.paused AND h.lane = ANY ($5::int2[])";

std::string ToInterval(absl::Duration duration) {
  return std::to_string(absl::ToInt64Microseconds(duration)) + " microseconds";
}

constexpr int kOrdinalColumn = kMailColumnCount;

ClaimedMail ReadClaimedMail(const pqxx::row& row, const SharedByBatch& shared) {
  constexpr int kFirst = kOrdinalColumn + 1;
  ClaimedMail claimed;
  claimed.mail = ReadMail(row);
  claimed.delivery_count = row[kFirst].as<int>();
  claimed.attempt = row[kFirst + 1].as<int>();
  claimed.recovered = row[kFirst + 2].as<bool>();
  claimed.cancelled = row[kFirst + 3].as<bool>();
  claimed.already_sent = row[kFirst + 4].as<bool>();
  claimed.mail.deferral_time = postgres::OptionalTime(row[kFirst + 6]);
  claimed.sender_rejections = row[kFirst + 7].as<int>();
  claimed.resends = row[kFirst + 8].as<int>();
  claimed.uncertain_transport = Text(row[kFirst + 9]);
  claimed.returned_by = Text(row[kFirst + 10]);
  AddShared(shared, claimed.mail);
  if (const auto batch = shared.find(claimed.mail.batch);
      batch != shared.end() && batch->second.cancelled) {
    // A later request to retry this mail overrides the cancellation of its batch.
    const std::optional<absl::Time> retried = postgres::OptionalTime(row[kFirst + 5]);
    if (!retried || *retried < *batch->second.cancelled) claimed.cancelled = true;
  }
  return claimed;
}

// `rows` begin with the columns of claimed_mails().
Claim ReadClaim(pqxx::transaction_base& tx, ClaimId id, const pqxx::result& rows) {
  Claim claim;
  claim.id = id;
  if (rows.empty()) return claim;
  std::vector<std::pair<int, pqxx::row>> by_ordinal;
  by_ordinal.reserve(rows.size());
  std::vector<BatchId> batches;
  for (const pqxx::row& row : rows) {
    by_ordinal.emplace_back(row[kOrdinalColumn].as<int>(), row);
    batches.push_back(row[4].as<std::int64_t>());
  }
  std::ranges::sort(by_ordinal, {}, &std::pair<int, pqxx::row>::first);
  const SharedByBatch shared = LoadShared(tx, batches);
  claim.mails.reserve(rows.size());
  for (const auto& [ordinal, row] : by_ordinal) claim.mails.push_back(ReadClaimedMail(row, shared));
  claim.shard = ShardOf(claim.mails.front().mail.id);
  claim.lane = claim.mails.front().mail.lane;
  return claim;
}

// What take_due() found in the shards of its lane.
struct Taken {
  std::optional<int> shard;
  LowWatermarks::Snapshot snapshot;
  LowWatermarks::Key last;
  std::int64_t transaction = 0;
  std::vector<std::int64_t> idle;
};

Taken ReadTaken(const pqxx::row& row) {
  Taken taken;
  taken.shard = postgres::Optional<int>(row["taken_shard"]);
  taken.snapshot = {postgres::Time(row["check_time"]), row["oldest_running"].as<std::int64_t>()};
  if (taken.shard) {
    taken.transaction = row["transaction"].as<std::int64_t>();
    taken.last = {postgres::Time(row["last_due_time"]), row["last_id"].as<std::int64_t>()};
  }
  taken.idle = postgres::Int8Array(row["idle_shards"]);
  return taken;
}

}  // namespace

void PgQueueStore::Configure(postgres::PoolOptions& options) {
  options.statements.insert(options.statements.end(),
                            {{kAccept, kAcceptSql}, {kTakeDue, kTakeDueSql}, {kFlush, kFlushSql}});
}

PgQueueStore::PgQueueStore(postgres::Pool& pool) : pool_(pool) {}
PgQueueStore::PgQueueStore(postgres::Pool& pool, PgQueueStore& claiming)
    : pool_(pool), watermarks_(claiming.watermarks_) {}

absl::StatusOr<Claim> PgQueueStore::TakeDue(ClaimId id, std::string_view worker, Lane lane,
                                            int limit, absl::Duration lease) {
  const LowWatermarks::Scan scan = watermarks_.Begin(lane);
  const std::string watermark_due = ToArrayLiteral(scan.starts, &LowWatermarks::Key::due);
  const std::string watermark_id = ToArrayLiteral(scan.starts, &LowWatermarks::Key::id);
  Taken taken;
  absl::StatusOr<Claim> claim =
      RunStatement(pool_, {.name = "dispatch.take_due"},
                   [&](pqxx::transaction_base& tx) -> absl::StatusOr<Claim> {
                     const pqxx::result rows = tx.exec_prepared(
                         kTakeDue, id, std::string(worker), static_cast<int>(lane),
                         scan.first_shard, limit, ToInterval(lease), watermark_due, watermark_id);
                     taken = ReadTaken(rows.at(0));
                     if (taken.shard) return ReadClaim(tx, id, rows);
                     Claim empty;
                     empty.id = id;
                     empty.lane = lane;
                     return empty;
                   });
  if (!claim.ok()) return claim;
  // Only after the commit.
  if (taken.shard) {
    watermarks_.RecordTaken(lane, scan, *taken.shard, taken.last, taken.snapshot,
                            taken.transaction);
  }
  watermarks_.RecordIdle(lane, scan, taken.idle, taken.snapshot);
  return claim;
}

absl::StatusOr<Claim> PgQueueStore::Resume(ClaimId id, absl::Duration lease) {
  return RunInTransaction(pool_, {.name = "dispatch.resume", .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<Claim> {
                            tx.exec_params("SELECT extend_claims(ARRAY[$1::int8], $2::interval)",
                                           id, ToInterval(lease));
                            return ReadClaim(
                                tx, id,
                                tx.exec_params("SELECT m.* FROM claim c CROSS JOIN LATERAL "
                                               "claimed_mails(c.shard, c.claim_id, true) m "
                                               "WHERE c.claim_id = $1",
                                               id));
                          });
}

absl::StatusOr<std::string> PgQueueStore::DatabaseId() {
  return RunInTransaction(
      pool_, {.name = "dispatch.database_id", .repeatable = true},
      [](pqxx::work& tx) -> absl::StatusOr<std::string> {
        return tx
            .exec1(
                "SELECT format('%s/%s', s.system_identifier, d.oid) "
                "FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()")[0]
            .as<std::string>();
      });
}

absl::StatusOr<ClaimId> PgQueueStore::NextClaimId() {
  if (const std::optional<ClaimId> id = claim_ids_.TryTake()) return *id;
  return RunInTransaction(
      pool_, {.name = "dispatch.next_claim_id", .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<ClaimId> { return claim_ids_.Take(tx, 1); });
}

absl::StatusOr<std::vector<ClaimId>> PgQueueStore::Extend(absl::Span<const ClaimId> ids,
                                                          absl::Duration lease) {
  return RunInTransaction(pool_, {.name = "dispatch.extend", .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<std::vector<ClaimId>> {
                            const pqxx::result rows =
                                tx.exec_params("SELECT extend_claims($1::int8[], $2::interval)",
                                               ToArrayLiteral(ids), ToInterval(lease));
                            std::vector<ClaimId> held;
                            for (const pqxx::row& row : rows) {
                              held.push_back(row[0].as<std::int64_t>());
                            }
                            return held;
                          });
}

absl::StatusOr<int> PgQueueStore::Release(ClaimId id) {
  return RunInTransaction(
      pool_, {.name = "dispatch.release"}, [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return tx.exec_params1("SELECT release_claims(ARRAY[$1::int8], false)", id)[0].as<int>();
      });
}

absl::StatusOr<int> PgQueueStore::RecoverExpired(absl::Time deadline) {
  struct Recovered {
    int claims = 0;
    int mails = 0;
  };
  int mails = 0;
  for (;;) {
    LMSMAIL_ASSIGN_OR_RETURN(
        const Recovered recovered,
        RunInTransaction(pool_, {.name = "dispatch.recover_expired", .deadline = deadline},
                         [&](pqxx::work& tx) -> absl::StatusOr<Recovered> {
                           const pqxx::row row =
                               tx.exec_params1("SELECT claims, mails FROM recover_expired($1)",
                                               kMaxRecoveredClaims);
                           return Recovered{row[0].as<int>(), row[1].as<int>()};
                         }));
    mails += recovered.mails;
    if (recovered.claims < kMaxRecoveredClaims) return mails;
  }
}

absl::StatusOr<std::optional<absl::Time>> PgQueueStore::NextDue(absl::Span<const Lane> lanes) {
  std::map<Lane, LowWatermarks::Scan> scans;
  WatermarkArrays watermarks;
  postgres::ArrayLiteral asked;
  for (const Lane lane : lanes) {
    asked.AddInt(static_cast<int>(lane));
    scans[lane] = watermarks_.Begin(lane);
    watermarks.Add(lane, scans[lane].starts);
  }
  return RunStatement(
      pool_, {.name = "dispatch.next_due", .reads_only = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::optional<absl::Time>> {
        const pqxx::row row =
            tx.exec_params1(kNextDueSql, watermarks.lanes.str(), watermarks.shards.str(),
                            watermarks.dues.str(), watermarks.ids.str(), asked.str());
        const std::optional<absl::Time> next = postgres::OptionalTime(row[0]);
        const LowWatermarks::Snapshot snapshot{postgres::Time(row[1]), row[2].as<std::int64_t>()};
        if (!next || *next > snapshot.clock) {
          for (const std::int64_t number : postgres::Int8Array(row[3])) {
            const auto lane = static_cast<Lane>(number);
            watermarks_.RecordIdle(lane, scans[lane], postgres::Int8Array(row[4]), snapshot);
          }
        }
        return next;
      });
}

}  // namespace lmsmail::dispatch
