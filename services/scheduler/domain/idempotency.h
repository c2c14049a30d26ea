#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "services/scheduler/storage/request_store.h"

namespace lmsmail::scheduler {

// The name of the resource that an earlier call with the same request id created; empty when there
// was no such call. ALREADY_EXISTS when that call had another body.
absl::StatusOr<std::string> FindCreatedResource(RequestStore& requests,
                                                const RequestRecord& request, absl::Time deadline);

}  // namespace lmsmail::scheduler
