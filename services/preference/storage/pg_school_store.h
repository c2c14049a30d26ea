#pragma once

#include "libs/postgres/pool.h"
#include "services/preference/storage/school_store.h"

namespace lmsmail::preference {

// Stores the school in PostgreSQL.
class PgSchoolStore final : public SchoolStore {
 public:
  explicit PgSchoolStore(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<school::School> Initialize(const school::School& school,
                                            absl::Time deadline) override;
  absl::StatusOr<school::School> Get(absl::Time deadline) override;
  absl::Status Update(const school::School& school, absl::Time deadline) override;

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::preference
