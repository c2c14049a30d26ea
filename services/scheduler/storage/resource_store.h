#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/storage/request_store.h"

namespace lmsmail::scheduler {

// Stores resources that staff create and edit. Each call is atomic and ends by `deadline`.
// Thread-safe. Besides the errors named here, calls fail with those that libs/postgres/sql_error.h
// lists.
template <typename Resource>
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  // ALREADY_EXISTS when the id or the request id is taken; then nothing is stored.
  virtual absl::Status Create(const Resource& resource, const RequestRecord& request,
                              absl::Time deadline) = 0;
  // NOT_FOUND when there is none.
  virtual absl::StatusOr<Resource> Find(std::string_view id, absl::Time deadline) = 0;
  // Those with an id after `after_id`, ordered by id.
  virtual absl::StatusOr<std::vector<Resource>> List(std::string_view after_id, int limit,
                                                     absl::Time deadline) = 0;
  // ABORTED unless the stored revision is one less, which means that somebody else changed it.
  virtual absl::Status Update(const Resource& resource, absl::Time deadline) = 0;
  // NOT_FOUND when there is none; ABORTED when `revision` is given and another one is stored.
  virtual absl::Status Delete(std::string_view id, std::optional<std::int64_t> revision,
                              absl::Time deadline) = 0;
};

}  // namespace lmsmail::scheduler
