#include <fmt/format.h>

#include <map>
#include <utility>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/preference/domain/resource_names.h"
#include "services/preference/storage/pg_defaults.h"
#include "services/preference/storage/pg_preference_store.h"

namespace lmsmail::preference {
namespace {

using postgres::ArrayLiteral;
using postgres::RunInTransaction;
using postgres::ToArrayLiteral;
using postgres::ToTimestamptz;

constexpr char kColumns[] =
    "id, email_address, display_name, given_name, language_code, time_zone, create_time, "
    "update_time";

Recipient ToRecipient(const pqxx::row& row) {
  return {.id = postgres::Text(row[0]),
          .email_address = postgres::Text(row[1]),
          .display_name = postgres::Text(row[2]),
          .given_name = postgres::Text(row[3]),
          .language_code = postgres::Text(row[4]),
          .time_zone = postgres::Text(row[5]),
          .create_time = postgres::Time(row[6]),
          .update_time = postgres::Time(row[7])};
}

// Writes all registrations with two statements. Returns the ids (an array literal) and the number
// of the new recipients.
std::pair<std::string, int> Write(pqxx::work& tx, absl::Span<const Registration> registrations,
                                  const DefaultConsent& defaults, const std::string& now) {
  const auto column = [&](std::string Recipient::* member) {
    return ToArrayLiteral(registrations, [member](const Registration& registration) {
      return registration.recipient.*member;
    });
  };
  const std::string ids = column(&Recipient::id);
  const std::string addresses = column(&Recipient::email_address);
  const std::string display_names = column(&Recipient::display_name);
  const std::string given_names = column(&Recipient::given_name);
  const std::string languages = column(&Recipient::language_code);
  const std::string zones = column(&Recipient::time_zone);
  const std::string canonical =
      ToArrayLiteral(registrations, [](const Registration& r) { return r.address.canonical; });
  // unnest() would flatten an array of arrays, so each inner array is passed as text.
  const std::string hashes = ToArrayLiteral(
      registrations, [](const Registration& r) { return ToArrayLiteral(r.address.hashes); });
  const auto run = [&](const std::string& sql) {
    return tx.exec_params(sql, ids, addresses, canonical, hashes, display_names, given_names,
                          languages, zones, now);
  };
  // Sorted by id, so that concurrent calls with the same recipients do not deadlock.
  const pqxx::result created = run(fmt::format(R"(
      INSERT INTO recipient (id, email_address, canonical_address, address_hashes, display_name,
                             given_name, language_code, time_zone, create_time, update_time,
                             tracking_allowed)
      SELECT id, email_address, canonical_address, address_hashes::text[], display_name,
             given_name, language_code, time_zone, $9::timestamptz, $9::timestamptz, {}
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                  $7::text[], $8::text[])
           AS given (id, email_address, canonical_address, address_hashes, display_name,
                     given_name, language_code, time_zone)
      ORDER BY id COLLATE "C"
      ON CONFLICT (id) DO NOTHING
      RETURNING id)",
                                               defaults.tracking_allowed));
  if (created.size() < registrations.size()) {
    // Hashes change with the address, or alone after a rotation of keys. Callers do not see the
    // latter, so it does not set update_time.
    run(R"(
      WITH given AS MATERIALIZED (
        SELECT given.*
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::text[])
             AS given (id, email_address, canonical_address, address_hashes, display_name,
                       given_name, language_code, time_zone)
        JOIN recipient USING (id)
        ORDER BY id COLLATE "C"
        FOR UPDATE OF recipient)
      UPDATE recipient r
      SET email_address = given.email_address, canonical_address = given.canonical_address,
          address_hashes = given.address_hashes::text[], display_name = given.display_name,
          given_name = given.given_name, language_code = given.language_code,
          time_zone = given.time_zone,
          update_time = CASE
            WHEN (r.email_address, r.display_name, r.given_name, r.language_code, r.time_zone)
                 IS DISTINCT FROM (given.email_address, given.display_name, given.given_name,
                                   given.language_code, given.time_zone)
            THEN $9::timestamptz ELSE r.update_time END
      FROM given
      WHERE r.id = given.id
        AND (r.email_address, r.address_hashes, r.display_name, r.given_name, r.language_code,
             r.time_zone)
            IS DISTINCT FROM (given.email_address, given.address_hashes::text[],
                              given.display_name, given.given_name, given.language_code,
                              given.time_zone))");
  }
  ArrayLiteral created_ids;
  for (const pqxx::row& row : created) created_ids.AddText(postgres::View(row[0]));
  return {std::move(created_ids).str(), static_cast<int>(created.size())};
}

}  // namespace

absl::StatusOr<Registered> PgPreferenceStore::UpsertRecipients(
    absl::Span<const Registration> registrations, const DefaultConsent& defaults, absl::Time now,
    absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.upsert_recipients", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Registered> {
        Registered registered;
        const auto [created_ids, created_count] =
            Write(tx, registrations, defaults, ToTimestamptz(now));
        registered.created_count = created_count;
        if (created_count > 0) ApplyDefaultsTo(tx, created_ids, defaults, now);
        const pqxx::result stored = tx.exec_params(
            fmt::format("SELECT {} FROM recipient WHERE id = ANY ($1::text[])", kColumns),
            ToArrayLiteral(registrations, [](const Registration& r) { return r.recipient.id; }));
        std::map<std::string_view, std::size_t> row_of;
        for (std::size_t i = 0; i < stored.size(); ++i) {
          row_of[postgres::View(stored[static_cast<int>(i)][0])] = i;
        }
        for (const Registration& registration : registrations) {
          registered.recipients.push_back(
              ToRecipient(stored[static_cast<int>(row_of.at(registration.recipient.id))]));
        }
        return registered;
      });
}

absl::StatusOr<Recipient> PgPreferenceStore::GetRecipient(std::string_view id,
                                                          absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.get_recipient", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Recipient> {
        const pqxx::result rows = tx.exec_params(
            fmt::format("SELECT {} FROM recipient WHERE id = $1", kColumns), std::string(id));
        if (rows.empty()) return NotFound(RecipientName(id));
        return ToRecipient(rows[0]);
      });
}

absl::StatusOr<std::vector<Recipient>> PgPreferenceStore::ListRecipients(
    const RecipientQuery& query, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.list_recipients", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Recipient>> {
        const pqxx::result rows =
            query.canonical_address
                ? tx.exec_params(fmt::format("SELECT {} FROM recipient WHERE canonical_address = "
                                             "$1 AND id > $2 ORDER BY id LIMIT $3",
                                             kColumns),
                                 *query.canonical_address, query.after_id, query.limit)
                : tx.exec_params(
                      fmt::format("SELECT {} FROM recipient WHERE id > $1 ORDER BY id LIMIT $2",
                                  kColumns),
                      query.after_id, query.limit);
        std::vector<Recipient> recipients;
        for (const pqxx::row& row : rows) recipients.push_back(ToRecipient(row));
        return recipients;
      });
}

}  // namespace lmsmail::preference
