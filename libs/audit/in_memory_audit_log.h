#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/audit/audit_log.h"
#include "libs/clock/clock.h"

namespace lmsmail::audit {

// For tests.
class InMemoryAuditLog final : public AuditLog, public AuditReader {
 public:
  // `clock` must outlive the log.
  explicit InMemoryAuditLog(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::int64_t> Begin(const Call& call, absl::Time deadline) override;
  void End(std::int64_t id, absl::StatusCode code) override;
  absl::StatusOr<std::vector<Entry>> List(const Filter& filter, std::optional<std::int64_t> before,
                                          int limit, absl::Time deadline) override;

 private:
  const Clock& clock_;
  absl::Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // by id
};

}  // namespace lmsmail::audit
