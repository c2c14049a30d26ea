#pragma once

#include <optional>

#include "absl/time/time.h"

#include "libs/audit/pg_audit_log.h"
#include "libs/clock/clock.h"
#include "libs/lifecycle/periodic.h"

namespace lmsmail::service {

// Deletes what is older than the retention of the audit log, hourly and in short steps. Safe to run
// in every replica.
class AuditRetention {
 public:
  // `log` and `clock` must outlive this.
  AuditRetention(audit::PgAuditLog& log, const Clock& clock, absl::Duration retention)
      : log_(log), clock_(clock), retention_(retention) {}

  // Once the schema is there. Idempotent.
  void Start();
  // Returns how long to wait before the next step.
  absl::Duration RunOnce();

 private:
  audit::PgAuditLog& log_;
  const Clock& clock_;
  const absl::Duration retention_;
  std::optional<lifecycle::Periodic> periodic_;
};

}  // namespace lmsmail::service
