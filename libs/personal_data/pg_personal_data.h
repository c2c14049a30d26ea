#pragma once

#include <string>

#include "libs/erasure/erasure.h"
#include "libs/postgres/pool.h"

namespace lmsmail::erasure {

// Runs the function of a service's schema that erases a person, and makes the service's audit log
// forget her. `pool` must outlive it.
class PgPersonalData final : public PersonalData {
 public:
  // `erase_sql` returns whether nothing is left. Its parameters are the recipient's id, her address
  // or '', and the name of the erasure.
  explicit PgPersonalData(postgres::Pool& pool,
                          std::string erase_sql = "SELECT erase_person($1, $2, $3)")
      : pool_(pool), erase_sql_(std::move(erase_sql)) {}

  absl::StatusOr<bool> Erase(const Person& person, absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
  const std::string erase_sql_;
};

}  // namespace lmsmail::erasure
