#include "libs/personal_data/pg_personal_data.h"

#include "libs/postgres/transaction.h"

namespace lmsmail::personal_data {

absl::StatusOr<bool> PgPersonalData::Erase(const Person& person, absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_, {.name = "personal_data.erase_person", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<bool> {
        tx.exec_params("SELECT erase_audit_events($1, $2)", person.recipient_id, person.erasure);
        return tx
            .exec_params1(erase_sql_, person.recipient_id, person.email_address, person.erasure)[0]
            .as<bool>();
      });
}

absl::StatusOr<std::string> PgPersonalData::Export(std::string_view recipient_id,
                                                   absl::Time deadline) {
  return postgres::RunStatement(
      pool_, {.name = "personal_data.export_person", .deadline = deadline, .reads_only = true},
      [&](pqxx::transaction_base& tx) -> absl::StatusOr<std::string> {
        return tx.exec_params1("SELECT export_person($1)::text", std::string(recipient_id))[0]
            .as<std::string>();
      });
}

}  // namespace lmsmail::personal_data
