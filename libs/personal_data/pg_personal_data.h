#pragma once

#include <string>

#include "libs/personal_data/erasure.h"
#include "libs/postgres/pool.h"

namespace lmsmail::personal_data {

// Runs the functions of a service's schema that erase a person, also from the service's audit log,
// and export what it keeps about her (export_person). `pool` must outlive it.
class PgPersonalData final : public PersonalData {
 public:
  // `erase_sql` returns whether nothing is left. Its parameters are the recipient's id, her address
  // or '', and the name of the erasure.
  explicit PgPersonalData(postgres::Pool& pool,
                          std::string erase_sql = "SELECT erase_person($1, $2, $3)")
      : pool_(pool), erase_sql_(std::move(erase_sql)) {}

  absl::StatusOr<bool> Erase(const Person& person, absl::Time deadline) override;
  absl::StatusOr<std::string> Export(std::string_view recipient_id, absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
  const std::string erase_sql_;
};

}  // namespace lmsmail::personal_data
