#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/preference/domain/resource_names.h"
#include "services/preference/storage/pg_address_consent.h"
#include "services/preference/storage/pg_defaults.h"
#include "services/preference/storage/pg_preference_store.h"

namespace lmsmail::preference {
namespace {

using postgres::RunInTransaction;
using postgres::ToArrayLiteral;
using postgres::ToTimestamptz;

int Number(Category category) { return static_cast<int>(category); }

absl::StatusOr<RecipientConsent> ReadConsent(pqxx::work& tx, std::string_view recipient_id) {
  const pqxx::result rows =
      tx.exec_params(fmt::format(
                         R"(SELECT p.category, p.subscribed AND NOT a.refused, p.update_time,
                EXISTS (SELECT FROM suppression s WHERE s.canonical_address = r.canonical_address)
                OR EXISTS (SELECT FROM suppression s WHERE s.id = ANY (r.address_hashes)),
                r.tracking_allowed, r.tracking_time
         FROM recipient r LEFT JOIN preference p ON p.recipient_id = r.id
              CROSS JOIN LATERAL {} a
         WHERE r.id = $1 ORDER BY p.category)",
                         AddressConsent("r.canonical_address", "r.address_hashes", "p.category")),
                     std::string(recipient_id));
  if (rows.empty()) return NotFound(RecipientName(recipient_id));
  RecipientConsent consent;
  consent.suppressed = rows[0][3].as<bool>();
  consent.tracking = {rows[0][4].as<bool>(), postgres::OptionalTime(rows[0][5])};
  for (const pqxx::row& row : rows) {
    if (row[0].is_null()) continue;  // no record of any category
    consent.categories.push_back({static_cast<Category>(row[0].as<int>()), row[1].as<bool>(),
                                  postgres::OptionalTime(row[2])});
  }
  return consent;
}

// Records the change where it differs from the record or answers a refusal of the address, with an
// event for each category.
void WriteChange(pqxx::work& tx, const ConsentChange& change) {
  const ConsentAction action =
      change.subscribed ? ConsentAction::kSubscribed : ConsentAction::kUnsubscribed;
  tx.exec_params0(fmt::format(
                      R"(WITH refused AS (
           SELECT c.category
           FROM recipient r CROSS JOIN unnest($2::smallint[]) AS c (category)
                CROSS JOIN LATERAL {} a
           WHERE r.id = $1 AND $3 AND a.refused),
         changed AS (
           INSERT INTO preference AS p (recipient_id, category, subscribed, update_time)
           SELECT $1, category, $3, $4 FROM unnest($2::smallint[]) AS category
           ON CONFLICT (recipient_id, category) DO UPDATE
             SET subscribed = EXCLUDED.subscribed, update_time = EXCLUDED.update_time
             WHERE p.subscribed <> EXCLUDED.subscribed OR p.update_time IS NULL
                   OR EXCLUDED.category IN (SELECT category FROM refused)
           RETURNING category)
         INSERT INTO consent_event
           (recipient_id, category, action, method, actor, consent_text, event_time)
         SELECT $1, category, $5, $6, $7, $8, $4 FROM changed ORDER BY category)",
                      AddressConsent("r.canonical_address", "r.address_hashes", "c.category")),
                  change.recipient_id, ToArrayLiteral(change.categories, Number), change.subscribed,
                  ToTimestamptz(change.change_time), static_cast<int>(action),
                  static_cast<int>(change.source.method), change.source.actor,
                  change.source.consent_text);
  if (!change.subscribed) return;
  tx.exec_params0(
      "DELETE FROM address_refusal f USING recipient r "
      "WHERE r.id = $1 AND f.address_hash = ANY (r.address_hashes) "
      "AND f.category = ANY ($2::smallint[])",
      change.recipient_id, ToArrayLiteral(change.categories, Number));
}

// As WriteChange().
void WriteTracking(pqxx::work& tx, const TrackingChange& change) {
  const ConsentAction action =
      change.allowed ? ConsentAction::kTrackingAllowed : ConsentAction::kTrackingRefused;
  tx.exec_params0(
      R"(WITH changed AS (
           UPDATE recipient SET tracking_allowed = $2, tracking_time = $3
           WHERE id = $1 AND (tracking_allowed <> $2 OR tracking_time IS NULL)
           RETURNING id)
         INSERT INTO consent_event (recipient_id, action, method, actor, consent_text, event_time)
         SELECT id, $4, $5, $6, $7, $3 FROM changed)",
      change.recipient_id, change.allowed, ToTimestamptz(change.change_time),
      static_cast<int>(action), static_cast<int>(change.source.method), change.source.actor,
      change.source.consent_text);
}

struct DefaultsBatch {
  std::string last_id;  // of the batch; empty when no recipient was left
  std::int64_t count = 0;
};

// Processes one batch of recipients, however many of them lack a record, so that no transaction
// runs long.
DefaultsBatch ApplyDefaultsAfter(pqxx::work& tx, const std::string& after_id,
                                 const DefaultConsent& defaults, absl::Time now) {
  const pqxx::result next = tx.exec_params(
      R"(SELECT id, (SELECT count(*) FROM preference p
                     WHERE p.recipient_id = r.id AND p.category = ANY ($2::smallint[])) < $3
         FROM (SELECT id FROM recipient WHERE id > $1 ORDER BY id LIMIT 2000) AS r ORDER BY id)",
      after_id, ToArrayLiteral(OptionalCategories(), Number),
      static_cast<int>(OptionalCategories().size()));
  DefaultsBatch batch;
  if (next.empty()) return batch;
  batch.last_id = postgres::Text(next.back()[0]);
  postgres::ArrayLiteral lacking;
  bool any = false;
  for (const pqxx::row& row : next) {
    if (!row[1].as<bool>()) continue;
    lacking.AddText(postgres::View(row[0]));
    any = true;
  }
  if (any) batch.count = ApplyDefaultsTo(tx, lacking.str(), defaults, now);
  return batch;
}

ConsentEvent ToConsentEvent(const pqxx::row& row) {
  ConsentEvent event;
  event.id = row[0].as<std::int64_t>();
  if (!row[1].is_null()) event.category = static_cast<Category>(row[1].as<int>());
  event.action = static_cast<ConsentAction>(row[2].as<int>());
  event.source = {static_cast<ConsentMethod>(row[3].as<int>()), postgres::Text(row[4]),
                  postgres::Text(row[5])};
  event.event_time = postgres::Time(row[6]);
  return event;
}

}  // namespace

std::int64_t ApplyDefaultsTo(pqxx::work& tx, const std::string& recipient_ids,
                             const DefaultConsent& defaults, absl::Time now) {
  return tx
      .exec_params1(
          R"(WITH given AS (
               INSERT INTO preference (recipient_id, category, subscribed)
               SELECT r.id, d.category, d.subscribed
               FROM recipient r
                    CROSS JOIN unnest($2::smallint[], $3::boolean[]) AS d (category, subscribed)
               WHERE r.id = ANY ($1::text[])
               ORDER BY r.id, d.category
               ON CONFLICT (recipient_id, category) DO NOTHING
               RETURNING recipient_id, category, subscribed),
             recorded AS (
               INSERT INTO consent_event
                 (recipient_id, category, action, method, actor, consent_text, event_time)
               SELECT recipient_id, category, $4, $5, '', $6, $7 FROM given WHERE subscribed
               ORDER BY recipient_id, category)
             SELECT count(DISTINCT recipient_id) FROM given)",
          recipient_ids, ToArrayLiteral(OptionalCategories(), Number),
          ToArrayLiteral(OptionalCategories(),
                         [&](Category category) { return defaults.subscribed.contains(category); }),
          static_cast<int>(ConsentAction::kSubscribed), static_cast<int>(ConsentMethod::kDefault),
          defaults.consent_text, ToTimestamptz(now))[0]
      .as<std::int64_t>();
}

absl::StatusOr<RecipientConsent> PgPreferenceStore::GetConsent(std::string_view recipient_id,
                                                               absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.get_consent", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) { return ReadConsent(tx, recipient_id); });
}

absl::StatusOr<RecipientConsent> PgPreferenceStore::RecordConsent(const ConsentChange& change,
                                                                  absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.record_consent", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<RecipientConsent> {
        // The lock serializes the changes of one recipient, in the table and in the history.
        tx.exec_params("SELECT FROM recipient WHERE id = $1 FOR NO KEY UPDATE",
                       change.recipient_id);
        LMSMAIL_RETURN_IF_ERROR(ReadConsent(tx, change.recipient_id).status());
        WriteChange(tx, change);
        return ReadConsent(tx, change.recipient_id);
      });
}

absl::StatusOr<RecipientConsent> PgPreferenceStore::RecordTracking(const TrackingChange& change,
                                                                   absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.record_tracking", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<RecipientConsent> {
        WriteTracking(tx, change);
        return ReadConsent(tx, change.recipient_id);
      });
}

absl::StatusOr<std::vector<bool>> PgPreferenceStore::TrackingAllowed(
    absl::Span<const std::string> ids, absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "preference.tracking_allowed", .deadline = deadline, .reads_only = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::vector<bool>> {
        std::vector<bool> allowed(ids.size());
        for (const pqxx::row& row : tx.exec_params(
                 R"(SELECT q.position
                    FROM unnest($1::text[]) WITH ORDINALITY AS q (id, position)
                         JOIN recipient r ON r.id = q.id WHERE r.tracking_allowed)",
                 ToArrayLiteral(ids))) {
          allowed[row[0].as<std::size_t>() - 1] = true;
        }
        return allowed;
      });
}

absl::StatusOr<std::int64_t> PgPreferenceStore::ApplyDefaults(const DefaultConsent& defaults,
                                                              absl::Time now, absl::Time deadline) {
  std::int64_t count = 0;
  std::string after_id;
  while (true) {
    LMSMAIL_ASSIGN_OR_RETURN(
        DefaultsBatch batch,
        RunInTransaction(
            pool_, {.name = "preference.apply_defaults", .deadline = deadline, .repeatable = true},
            [&](pqxx::work& tx) -> absl::StatusOr<DefaultsBatch> {
              return ApplyDefaultsAfter(tx, after_id, defaults, now);
            }));
    count += batch.count;
    if (batch.last_id.empty()) return count;
    after_id = std::move(batch.last_id);
  }
}

absl::StatusOr<std::vector<ConsentEvent>> PgPreferenceStore::ListConsentEvents(
    const ConsentEventQuery& query, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.list_consent_events", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<ConsentEvent>> {
        // Each branch reads its index backwards from the newest event and stops at the limit.
        const pqxx::result rows = tx.exec_params(
            fmt::format(R"(
               (SELECT {0} FROM consent_event
                WHERE recipient_id = $1 AND id < $3 ORDER BY id DESC LIMIT $4)
               UNION ALL
               (SELECT {0} FROM unnest($2::text[]) AS hash CROSS JOIN LATERAL
                  (SELECT {0} FROM consent_event
                   WHERE subject_hash = hash AND id < $3 ORDER BY id DESC LIMIT $4) AS kept)
               ORDER BY id DESC LIMIT $4)",
                        "id, category, action, method, actor, consent_text, event_time"),
            query.recipient_id, ToArrayLiteral(query.subject_hashes),
            query.before_id.value_or(std::numeric_limits<std::int64_t>::max()), query.limit);
        std::vector<ConsentEvent> events;
        for (const pqxx::row& row : rows) events.push_back(ToConsentEvent(row));
        return events;
      });
}

}  // namespace lmsmail::preference
