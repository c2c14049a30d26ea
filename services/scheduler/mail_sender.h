#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

// The other services as the scheduler sees them. Their messages are the vocabulary; the stubs stay
// in dispatch_client.h and report_client.h.
namespace lmsmail::scheduler {

// Hands mail to the service that sends it. Errors are the service's own. Thread-safe.
class MailSender {
 public:
  virtual ~MailSender() = default;

  virtual absl::Status Send(const dispatch::v1::SendRequest& request) = 0;
  virtual absl::StatusOr<dispatch::v1::SendBatchResponse> SendBatch(
      const dispatch::v1::SendBatchRequest& request) = 0;
  // NOT_FOUND when no mail has the key, FAILED_PRECONDITION when it is too late.
  virtual absl::Status Cancel(const std::string& key) = 0;
};

}  // namespace lmsmail::scheduler
