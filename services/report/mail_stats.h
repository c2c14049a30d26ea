#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

namespace lmsmail::report {

// Counts of mail, in dispatch's own words, which the answer passes on. Thread-safe.
class MailStatsSource {
 public:
  virtual ~MailStatsSource() = default;
  virtual absl::StatusOr<std::vector<dispatch::v1::MailStats>> Get(
      const dispatch::v1::GetMailStatsRequest& request, const rpc::CallInfo& call) = 0;
};

// All of them together, without day and template.
dispatch::v1::MailStats TotalOf(absl::Span<const dispatch::v1::MailStats> stats);

}  // namespace lmsmail::report
