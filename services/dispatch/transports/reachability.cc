#include "services/dispatch/transports/reachability.h"

#include <utility>

namespace lmsmail::dispatch {
namespace {

using Kind = DeliveryResult::Kind;

// Without a command, the transport itself may have refused a mail, such as one that is too large.
bool ReachedServer(const DeliveryResult& result) {
  if (result.kind != Kind::kRefused) return result.kind == Kind::kAccepted;
  return result.command != smtp::Command::kNone ||
         (result.refusal && result.refusal->kind == Refusal::Kind::kTemporary);
}

bool RefusesUs(const DeliveryResult& result) {
  return result.refusal && result.refusal->kind == Refusal::Kind::kSender;
}

}  // namespace

bool Reachability::OnSend(absl::Time now) {
  if (!outage_ || outage_->probing || now < outage_->until) return false;
  outage_->probing = true;
  return true;
}

Reachability::Change Reachability::OnResult(const DeliveryResult& result, bool probe,
                                            absl::Time now) {
  if (ReachedServer(result)) return OnReached();
  // A server that refuses us is reached; the circuit breaker opens.
  if (result.kind == Kind::kConnectionError && !RefusesUs(result)) {
    return OnFailure(result.fault, probe, now);
  }
  if (probe && outage_) outage_->probing = false;
  return Change::kNone;
}

Reachability::Change Reachability::OnFailure(smtp::Fault fault, bool probe, absl::Time now) {
  if (failures_++ == 0) first_failure_ = now;
  if (outage_) {
    outage_->fault = fault;
    if (probe) {
      outage_->probing = false;
      outage_->until = now + retry::Backoff(options_.probe_interval, ++probes_ + 1);
    }
    return Change::kNone;
  }
  if (failures_ < options_.failures) return Change::kNone;
  probes_ = 0;
  outage_ = Outage{.since = first_failure_,
                   .until = now + retry::Backoff(options_.probe_interval, 1),
                   .fault = fault};
  return Change::kLost;
}

Reachability::Change Reachability::OnReached() {
  failures_ = 0;
  return std::exchange(outage_, std::nullopt) ? Change::kRegained : Change::kNone;
}

}  // namespace lmsmail::dispatch
