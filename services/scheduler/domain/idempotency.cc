#include "services/scheduler/domain/idempotency.h"

#include <fmt/format.h>

#include "libs/identity/owned_key.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::scheduler {

absl::StatusOr<std::string> FindCreatedResource(RequestStore& requests,
                                                const RequestRecord& request, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto earlier,
                           requests.Find(request.method, request.request_id, deadline));
  if (!earlier) return std::string();
  if (earlier->digest == request.digest) return earlier->resource;
  return WithReason(absl::AlreadyExistsError(fmt::format(
                        "request_id \"{}\" was used by an earlier call with another body, which "
                        "created {}; use a new request_id",
                        identity::SplitOwnedKey(request.request_id).key, earlier->resource)),
                    {"REQUEST_ID_REUSED", {{"resource", earlier->resource}}});
}

}  // namespace lmsmail::scheduler
