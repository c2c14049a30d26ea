#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/preference/domain/resource_names.h"
#include "services/preference/storage/pg_preference_store.h"

namespace lmsmail::preference {
namespace {

using postgres::ToTimestamptz;

// Returns the address as it is written.
absl::StatusOr<std::string> Lock(pqxx::work& tx, const Erasure& erasure) {
  const pqxx::result rows = tx.exec_params(
      "SELECT canonical_address, email_address FROM recipient WHERE id = $1 FOR UPDATE",
      erasure.recipient_id);
  const std::string name = RecipientName(erasure.recipient_id);
  if (rows.empty()) return NotFound(name);
  if (postgres::View(rows[0][0]) != erasure.address->canonical) {
    return absl::AbortedError(name + " was changed concurrently: repeat the call");
  }
  return postgres::Text(rows[0][1]);
}

bool IsShared(pqxx::work& tx, const Erasure& erasure) {
  return !tx.exec_params(
                "SELECT 1 FROM recipient WHERE canonical_address = $1 AND id <> $2 LIMIT 1",
                erasure.address->canonical, erasure.recipient_id)
              .empty();
}

// Lets the address refuse optional mail from now on. With `shared`, only what the recipient
// refused.
void KeepRefusals(pqxx::work& tx, const Erasure& erasure, bool shared) {
  tx.exec_params0(
      R"(INSERT INTO address_refusal (address_hash, category, refuse_time)
         SELECT $1, c.category, CASE WHEN $3 THEN p.update_time ELSE $4::timestamptz END
         FROM unnest($2::smallint[]) AS c (category)
              LEFT JOIN preference p ON p.recipient_id = $5 AND p.category = c.category
         WHERE NOT $3 OR (NOT p.subscribed AND p.update_time IS NOT NULL)
         ON CONFLICT (address_hash, category) DO UPDATE
           SET refuse_time = greatest(address_refusal.refuse_time, EXCLUDED.refuse_time))",
      erasure.address->hashes.front(),
      postgres::ToArrayLiteral(OptionalCategories(),
                               [](Category category) { return static_cast<int>(category); }),
      shared, ToTimestamptz(erasure.erase_time), erasure.recipient_id);
}

// Keeps only the hash of the address on the suppression list.
void KeepHashOnly(pqxx::work& tx, const Erasure& erasure) {
  const pqxx::result removed = tx.exec_params(
      "DELETE FROM suppression WHERE canonical_address = $1 OR id = ANY ($2::text[]) "
      "RETURNING create_time",
      erasure.address->canonical, postgres::ToArrayLiteral(erasure.address->hashes));
  if (removed.empty()) return;
  absl::Time since = erasure.erase_time;
  for (const pqxx::row& row : removed) since = std::min(since, postgres::Time(row[0]));
  tx.exec_params0(
      "INSERT INTO suppression (id, email_address, canonical_address, reason, detail, create_time) "
      "VALUES ($1, '', NULL, $2, '', $3) "
      "ON CONFLICT (id) DO UPDATE SET email_address = '', canonical_address = NULL, "
      "reason = EXCLUDED.reason, detail = ''",
      erasure.address->hashes.front(), static_cast<int>(SuppressionReason::kErased),
      ToTimestamptz(since));
}

void AnonymiseHistory(pqxx::work& tx, const Erasure& erasure) {
  tx.exec_params("SELECT anonymise_consent_events($1, $2)", erasure.recipient_id,
                 erasure.subject_hash);
  tx.exec_params0(
      "INSERT INTO consent_event (subject_hash, action, method, actor, consent_text, event_time) "
      "VALUES ($1, $2, $3, '', '', $4)",
      erasure.subject_hash, static_cast<int>(ConsentAction::kErased),
      static_cast<int>(ConsentMethod::kApi), ToTimestamptz(erasure.erase_time));
}

// Deletes the recipient. Returns her address, unless another recipient has it too.
absl::StatusOr<std::optional<std::string>> Delete(pqxx::work& tx, const Erasure& erasure) {
  LMSMAIL_ASSIGN_OR_RETURN(std::string address, Lock(tx, erasure));
  const bool shared = IsShared(tx, erasure);
  if (!shared) KeepHashOnly(tx, erasure);
  KeepRefusals(tx, erasure, shared);
  tx.exec_params0("DELETE FROM recipient WHERE id = $1", erasure.recipient_id);
  AnonymiseHistory(tx, erasure);
  if (shared) return std::nullopt;
  return address;
}

}  // namespace

absl::StatusOr<ErasureJob> PgPreferenceStore::EraseRecipient(const Erasure& erasure,
                                                             absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_, {.name = "preference.erase_recipient", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<ErasureJob> {
        std::optional<std::string> address;
        if (erasure.address) {
          LMSMAIL_ASSIGN_OR_RETURN(address, Delete(tx, erasure));
        } else if (!tx.exec_params("SELECT FROM recipient WHERE id = $1", erasure.recipient_id)
                        .empty()) {
          return absl::AbortedError(RecipientName(erasure.recipient_id) +
                                    " was created concurrently: repeat the call");
        }
        ErasureJob job{
            0, {kErasingServices.begin(), kErasingServices.end()}, erasure.erase_time, {}};
        job.id = tx.exec_params1(
                       "INSERT INTO erasure (subject_hash, recipient_id, email_address, pending, "
                       "create_time) VALUES ($1, $2, $3, $4::text[], $5) RETURNING erasure_id",
                       erasure.subject_hash, erasure.recipient_id, postgres::OrNull(address),
                       postgres::ToArrayLiteral(job.pending_services),
                       ToTimestamptz(erasure.erase_time))[0]
                     .as<std::int64_t>();
        return job;
      });
}

}  // namespace lmsmail::preference
