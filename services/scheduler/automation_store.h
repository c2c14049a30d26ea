#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/automation.h"
#include "services/scheduler/request_store.h"

namespace lmsmail::scheduler {

// Where automations are kept. Each call is atomic and gives up at `deadline`. Thread-safe. Besides
// what is named here, calls fail with what libs/postgres/sql_error.h lists.
class AutomationStore {
 public:
  virtual ~AutomationStore() = default;

  // ALREADY_EXISTS when the id or the request id is taken; then nothing is stored.
  virtual absl::Status Create(const Automation& automation, const RequestRecord& request,
                              absl::Time deadline) = 0;
  // NOT_FOUND when there is none.
  virtual absl::StatusOr<Automation> Find(std::string_view id, absl::Time deadline) = 0;
  // By id, those after `after_id`.
  virtual absl::StatusOr<std::vector<Automation>> List(std::string_view after_id, int limit,
                                                       absl::Time deadline) = 0;
  virtual absl::StatusOr<std::vector<Automation>> ListEnabled(absl::Time deadline) = 0;
  // ABORTED when the stored revision is not one below: somebody else was quicker.
  virtual absl::Status Update(const Automation& automation, absl::Time deadline) = 0;
  // ABORTED when `revision` is given and another one is stored; NOT_FOUND when there is none.
  virtual absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                              absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
