#include "libs/erasure/pg_personal_data.h"

#include "libs/postgres/transaction.h"

namespace lmsmail::erasure {

absl::StatusOr<bool> PgPersonalData::Erase(const Person& person, absl::Time deadline) {
  return postgres::RunInTransaction(
      pool_, {.name = "erasure.erase_person", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<bool> {
        tx.exec_params("SELECT erase_audit_events($1, $2)", person.recipient_id, person.erasure);
        return tx
            .exec_params1(erase_sql_, person.recipient_id, person.email_address, person.erasure)[0]
            .as<bool>();
      });
}

}  // namespace lmsmail::erasure
