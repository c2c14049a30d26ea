#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/client_call.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "lmsmail/scheduler/v1/scheduler_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"

namespace lmsmail::demo {

// Where the five services listen, as gRPC targets.
struct Addresses {
  std::string templates = "127.0.0.1:7101";
  std::string preferences = "127.0.0.1:7102";
  std::string dispatch = "127.0.0.1:7103";
  std::string scheduler = "127.0.0.1:7104";
  std::string reports = "127.0.0.1:7105";
};

// A client of the whole suite, as any other service of an LMS would have one.
struct Suite {
  std::unique_ptr<templates::v1::TemplateService::Stub> templates;
  std::unique_ptr<preference::v1::PreferenceService::Stub> preferences;
  std::unique_ptr<dispatch::v1::DispatchService::Stub> dispatch;
  std::unique_ptr<scheduler::v1::SchedulerService::Stub> scheduler;
  std::unique_ptr<report::v1::ReportService::Stub> reports;
};

// Returns when every service answers its health check with SERVING; DEADLINE_EXCEEDED names one
// that does not within `timeout`.
absl::StatusOr<Suite> Connect(const Addresses& addresses, absl::Duration timeout);

// Asks `done` every tenth of a second until it says true; its error ends the wait, and so does
// `timeout`, with a DEADLINE_EXCEEDED that names `what`.
absl::Status WaitFor(std::string_view what, absl::Duration timeout,
                     const std::function<absl::StatusOr<bool>()>& done);

inline rpc::CallOptions Soon() { return rpc::WithTimeout(absl::Seconds(20)); }

}  // namespace lmsmail::demo
