#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "deploy/smoke/options.h"

#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"

namespace lmsmail::smoke {

// What the check runs against. The functions are replaced in tests.
struct Environment {
  templates::v1::TemplateService::StubInterface& templates;
  dispatch::v1::DispatchService::StubInterface& dispatch;
  std::function<absl::Time()> now;
  std::function<void(absl::Duration)> sleep;
};

// Sends a payment confirmation, which needs no consent of its recipient and is sent at night too,
// to options.recipient. `reference` is in the mail and makes its key. Waits until the mail was
// sent, reads it back from the log and looks for the reference in it. Returns a summary for people.
// An error says what became of the mail instead.
absl::StatusOr<std::string> SendAndReadBack(const Options& options, const std::string& reference,
                                            Environment& environment);

}  // namespace lmsmail::smoke
