#pragma once

#include "libs/audit/audit_log.h"
#include "libs/postgres/pool.h"

namespace lmsmail::audit {

// The tables of migrations/audit_*.sql, which the schema of every service has.
class PgAuditLog final : public AuditLog, public AuditReader {
 public:
  // `pool` must outlive the log.
  explicit PgAuditLog(postgres::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::int64_t> Begin(const Call& call, absl::Time deadline) override;
  void End(std::int64_t id, absl::StatusCode code) override;
  absl::StatusOr<std::vector<Entry>> List(const Filter& filter, std::optional<std::int64_t> before,
                                          int limit, absl::Time deadline) override;
  // Deletes the entries among the oldest `limit` that began before `time`, which must be more than
  // 29 days ago. Returns how many.
  absl::StatusOr<int> DeleteBefore(absl::Time time, int limit, absl::Time deadline);

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::audit
