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

absl::Status Lock(pqxx::work& tx, const Erasure& erasure) {
  const pqxx::result rows = tx.exec_params(
      "SELECT canonical_address FROM recipient WHERE id = $1 FOR UPDATE", erasure.recipient_id);
  const std::string name = RecipientName(erasure.recipient_id);
  if (rows.empty()) return NotFound(name);
  if (postgres::View(rows[0][0]) != erasure.address.canonical) {
    return absl::AbortedError(name + " was changed concurrently: repeat the call");
  }
  return absl::OkStatus();
}

bool IsShared(pqxx::work& tx, const Erasure& erasure) {
  return !tx.exec_params(
                "SELECT 1 FROM recipient WHERE canonical_address = $1 AND id <> $2 LIMIT 1",
                erasure.address.canonical, erasure.recipient_id)
              .empty();
}

// Whether the recipient withdrew consent to every optional category. Defaults alone are no refusal.
bool RefusedEverything(pqxx::work& tx, const Erasure& erasure) {
  return tx
      .exec_params1(
          "SELECT count(*) FILTER (WHERE NOT subscribed) = $2 "
          "AND coalesce(bool_or(update_time IS NOT NULL), false) "
          "FROM preference WHERE recipient_id = $1",
          erasure.recipient_id, static_cast<int>(OptionalCategories().size()))[0]
      .as<bool>();
}

// Keeps only the hash of the address on the suppression list.
void KeepHashOnly(pqxx::work& tx, const Erasure& erasure) {
  const pqxx::result removed = tx.exec_params(
      "DELETE FROM suppression WHERE canonical_address = $1 OR id = ANY ($2::text[]) "
      "RETURNING create_time",
      erasure.address.canonical, postgres::ToArrayLiteral(erasure.address.hashes));
  if (removed.empty() && !RefusedEverything(tx, erasure)) return;
  absl::Time since = erasure.erase_time;
  for (const pqxx::row& row : removed) since = std::min(since, postgres::Time(row[0]));
  tx.exec_params0(
      "INSERT INTO suppression (id, email_address, canonical_address, reason, detail, create_time) "
      "VALUES ($1, '', NULL, $2, '', $3) "
      "ON CONFLICT (id) DO UPDATE SET email_address = '', canonical_address = NULL, "
      "reason = EXCLUDED.reason, detail = ''",
      erasure.address.hashes.front(), static_cast<int>(SuppressionReason::kErased),
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

}  // namespace

absl::Status PgPreferenceStore::EraseRecipient(const Erasure& erasure, absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_, {.name = "preference.erase_recipient", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::Status {
        LMSMAIL_RETURN_IF_ERROR(Lock(tx, erasure));
        if (!IsShared(tx, erasure)) KeepHashOnly(tx, erasure);
        tx.exec_params0("DELETE FROM recipient WHERE id = $1", erasure.recipient_id);
        AnonymiseHistory(tx, erasure);
        return absl::OkStatus();
      });
}

}  // namespace lmsmail::preference
