#include "deploy/demo/suite.h"

#include <fmt/format.h>

#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "libs/status/status_macros.h"

namespace lmsmail::demo {
namespace {

template <typename Service>
absl::StatusOr<std::unique_ptr<typename Service::Stub>> ConnectTo(const std::string& target,
                                                                  absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto channel, rpc::NewChannel({.target = target}));
  const std::string service = Service::service_full_name();
  LMSMAIL_RETURN_IF_ERROR(WaitFor(fmt::format("{} at {} to be SERVING", service, target),
                                  deadline - absl::Now(), [&]() -> absl::StatusOr<bool> {
                                    const absl::StatusOr<bool> serving =
                                        rpc::IsServing(channel, service);
                                    return serving.ok() && *serving;
                                  }));
  return Service::NewStub(channel);
}

}  // namespace

absl::StatusOr<Suite> Connect(const Addresses& addresses, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  Suite suite;
  LMSMAIL_ASSIGN_OR_RETURN(
      suite.templates, ConnectTo<templates::v1::TemplateService>(addresses.templates, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(suite.preferences, ConnectTo<preference::v1::PreferenceService>(
                                                  addresses.preferences, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(suite.dispatch,
                           ConnectTo<dispatch::v1::DispatchService>(addresses.dispatch, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(suite.reports,
                           ConnectTo<report::v1::ReportService>(addresses.reports, deadline));
  LMSMAIL_ASSIGN_OR_RETURN(
      suite.scheduler, ConnectTo<scheduler::v1::SchedulerService>(addresses.scheduler, deadline));
  return suite;
}

absl::Status WaitFor(std::string_view what, absl::Duration timeout,
                     const std::function<absl::StatusOr<bool>()>& done) {
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    LMSMAIL_ASSIGN_OR_RETURN(const bool is_done, done());
    if (is_done) return absl::OkStatus();
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(fmt::format("timed out waiting for {}", what));
    }
    absl::SleepFor(absl::Milliseconds(100));
  }
}

}  // namespace lmsmail::demo
