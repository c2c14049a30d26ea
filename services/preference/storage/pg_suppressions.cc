#include <fmt/format.h>

#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/preference/domain/resource_names.h"
#include "services/preference/storage/pg_preference_store.h"

namespace lmsmail::preference {
namespace {

using postgres::RunInTransaction;
using postgres::ToArrayLiteral;
using postgres::ToTimestamptz;

Suppression ToSuppression(const pqxx::row& row) {
  return {.id = postgres::Text(row[0]),
          .email_address = postgres::Text(row[1]),
          .reason = static_cast<SuppressionReason>(row[2].as<int>()),
          .detail = postgres::Text(row[3]),
          .create_time = postgres::Time(row[4])};
}

pqxx::result Find(pqxx::work& tx, const AddressKey& address) {
  return tx.exec_params(
      "SELECT id, email_address, reason, detail, create_time FROM suppression "
      "WHERE canonical_address = $1 OR id = ANY ($2::text[]) ORDER BY create_time, id LIMIT 1",
      address.canonical, ToArrayLiteral(address.hashes));
}

}  // namespace

absl::StatusOr<Suppression> PgPreferenceStore::AddSuppression(const AddressKey& address,
                                                              const Suppression& suppression,
                                                              absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.add_suppression", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Suppression> {
        if (const pqxx::result found = Find(tx, address); !found.empty()) {
          return ToSuppression(found[0]);
        }
        tx.exec_params0(
            "INSERT INTO suppression "
            "(id, email_address, canonical_address, reason, detail, create_time) "
            "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            address.hashes.front(), suppression.email_address, address.canonical,
            static_cast<int>(suppression.reason), suppression.detail,
            ToTimestamptz(suppression.create_time));
        // The new entry, or that of a concurrent call.
        const pqxx::result stored = Find(tx, address);
        if (stored.empty()) return absl::AbortedError("the entry was removed concurrently");
        return ToSuppression(stored[0]);
      });
}

absl::Status PgPreferenceStore::RemoveSuppressionById(std::string_view id, absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "preference.remove_suppression", .deadline = deadline},
                          [&](pqxx::work& tx) -> absl::Status {
                            const pqxx::result removed = tx.exec_params(
                                "DELETE FROM suppression WHERE id = $1", std::string(id));
                            if (removed.affected_rows() == 0) return NotFound(SuppressionName(id));
                            return absl::OkStatus();
                          });
}

absl::Status PgPreferenceStore::RemoveSuppressionOf(const AddressKey& address,
                                                    absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.remove_suppression", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::Status {
        const pqxx::result removed = tx.exec_params(
            "DELETE FROM suppression WHERE canonical_address = $1 OR id = ANY ($2::text[])",
            address.canonical, ToArrayLiteral(address.hashes));
        if (removed.affected_rows() == 0) {
          return NotFound(SuppressionName(address.hashes.front()));
        }
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<Suppression>> PgPreferenceStore::ListSuppressions(
    const SuppressionQuery& query, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "preference.list_suppressions", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Suppression>> {
        // The query has only the needed conditions, so that each form can use an index.
        std::string where = query.after ? "(create_time, id) < ($2::timestamptz, $3)"
                                        : "$2::text IS NULL AND $3::text IS NULL";
        where += query.reason ? " AND reason = $4" : " AND $4::text IS NULL";
        const auto or_null = [&](bool given, std::string value) {
          return given ? std::optional(std::move(value)) : std::nullopt;
        };
        const auto time = or_null(query.after.has_value(),
                                  query.after ? ToTimestamptz(query.after->create_time) : "");
        const auto id = or_null(query.after.has_value(), query.after ? query.after->id : "");
        const auto reason =
            or_null(query.reason.has_value(),
                    query.reason ? std::to_string(static_cast<int>(*query.reason)) : std::string());
        const pqxx::result rows = tx.exec_params(
            fmt::format("SELECT id, email_address, reason, detail, create_time FROM suppression "
                        "WHERE {} ORDER BY create_time DESC, id DESC LIMIT $1",
                        where),
            query.limit, postgres::OrNull(time), postgres::OrNull(id), postgres::OrNull(reason));
        std::vector<Suppression> suppressions;
        for (const pqxx::row& row : rows) suppressions.push_back(ToSuppression(row));
        return suppressions;
      });
}

}  // namespace lmsmail::preference
