#include <optional>
#include <string>

#include "absl/strings/escaping.h"

#include "libs/postgres/array_literal.h"
#include "libs/postgres/transaction.h"
#include "libs/strings/view.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/pg_hot_statements.h"
#include "services/dispatch/storage/pg_queue_store.h"

namespace lmsmail::dispatch {
namespace {

using postgres::ToArrayLiteral;

std::optional<std::string> NullIfEmpty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<std::string> HashLiteral(const std::string& hash) {
  if (hash.empty()) return std::nullopt;
  return "\\x" + absl::BytesToHexString(hash);
}

std::optional<absl::Time> RetryTime(const Outcome& outcome) {
  if (outcome.kind != Outcome::Kind::kDeferred) return std::nullopt;
  return outcome.retry_time;
}

// Without an outcome the shard of the claim is not known.
absl::StatusOr<FlushResult> EndClaim(postgres::Pool& pool, ClaimId id, bool last) {
  return postgres::RunStatement(pool, {.name = "dispatch.end_claim", .repeatable = true},
                                [&](pqxx::transaction_base& tx) -> absl::StatusOr<FlushResult> {
                                  const char* const sql =
                                      last ? "DELETE FROM claim WHERE claim_id = $1 RETURNING 1"
                                           : "SELECT 1 FROM claim WHERE claim_id = $1";
                                  return FlushResult{!tx.exec_params(sql, id).empty(), 0};
                                });
}

}  // namespace

absl::StatusOr<FlushResult> PgQueueStore::Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                                bool last) {
  if (outcomes.empty()) return EndClaim(pool_, id, last);
  const auto each = [&](auto projection) { return ToArrayLiteral(outcomes, projection); };
  return postgres::RunStatement(
      pool_, {.name = "dispatch.flush", .repeatable = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<FlushResult> {
        const pqxx::row row =
            tx.exec_prepared1(kFlush, ShardOf(outcomes.front().id), id, last, each(&Outcome::id),
                              each(&Outcome::delivery_count), each(&Outcome::attempt),
                              each([](const Outcome& o) { return static_cast<int>(o.kind); }),
                              each([](const Outcome& o) { return static_cast<int>(o.reason); }),
                              each(RetryTime), each(&Outcome::reply_code),
                              each([](const Outcome& o) { return NullIfEmpty(o.transport); }),
                              each([](const Outcome& o) { return NullIfEmpty(o.enhanced_code); }),
                              each([](const Outcome& o) { return NullIfEmpty(o.reply_text); }),
                              each([](const Outcome& o) { return HashLiteral(o.content_hash); }),
                              each([](const Outcome& o) { return HashLiteral(o.address_hash); }));
        return FlushResult{row[0].as<bool>(), row[1].as<int>()};
      });
}

}  // namespace lmsmail::dispatch
