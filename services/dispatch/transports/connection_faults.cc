#include "services/dispatch/transports/connection_faults.h"

#include <string_view>
#include <utility>

#include "libs/smtp/outcome.h"
#include "libs/strings/view.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/transports/remedies.h"

namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kLogInterval = absl::Minutes(1);

// The circuit breaker opens and says why.
bool IsLoggedByBreaker(smtp::Fault fault, const absl::Status& status) {
  const auto refused = smtp::ReplyOf(status);
  return fault == smtp::Fault::kLogin || (refused && refused->reply.permanent());
}

}  // namespace

ConnectionFaults::ConnectionFaults(std::string transport, std::string host, int port,
                                   const Clock& clock, Observer observer)
    : transport_(std::move(transport)),
      host_(std::move(host)),
      port_(port),
      clock_(clock),
      observer_(std::move(observer)) {}

void ConnectionFaults::OnConnection(const absl::Status& status) {
  if (status.ok()) return OnReady();
  const smtp::Fault fault = smtp::FaultOf(status);
  if (fault == smtp::Fault::kNone) return;
  if (observer_) observer_(transport_, fault);
  if (!IsLoggedByBreaker(fault, status)) OnFault(fault, status);
}

void ConnectionFaults::OnFault(smtp::Fault fault, const absl::Status& status) {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    if (outage_) ++outage_->faults;
    if ((outage_ && outage_->fault == fault) || now < last_logged_ + kLogInterval) return;
    last_logged_ = now;
    if (!outage_) outage_ = Outage{.begin = now, .fault = fault, .faults = 1};
    outage_->fault = fault;
  }
  telemetry::LogWarning("no connection to the mail server", {{"transport", transport_},
                                                             {"host", host_},
                                                             {"port", port_},
                                                             {"cause", smtp::NameOf(fault)},
                                                             {"error", ToStd(status.message())},
                                                             {"remedy", RemedyFor(fault)}});
}

void ConnectionFaults::OnReady() {
  std::optional<Outage> over;
  {
    absl::MutexLock lock(&mutex_);
    over = std::exchange(outage_, std::nullopt);
  }
  if (!over) return;
  telemetry::LogInfo("connected to the mail server again",
                     {{"transport", transport_},
                      {"host", host_},
                      {"port", port_},
                      {"cause", smtp::NameOf(over->fault)},
                      {"faults", over->faults},
                      {"outage", absl::FormatDuration(clock_.Now() - over->begin)}});
}

}  // namespace lmsmail::dispatch
