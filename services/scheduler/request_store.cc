#include "services/scheduler/request_store.h"

#include <fmt/format.h>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::scheduler {

absl::StatusOr<std::string> MadeBefore(RequestStore& requests, const RequestRecord& request,
                                       absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto before,
                           requests.Find(request.method, request.request_id, deadline));
  if (!before) return std::string();
  if (before->digest == request.digest) return before->resource;
  return WithReason(
      absl::AlreadyExistsError(fmt::format(
          "request_id \"{}\" was used before with another body, which made {}: use a new id",
          request.request_id, before->resource)),
      {"REQUEST_ID_REUSED", {{"resource", before->resource}}});
}

}  // namespace lmsmail::scheduler
