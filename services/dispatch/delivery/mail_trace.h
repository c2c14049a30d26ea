#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

#include "libs/tracing/span.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// The spans of one delivery of a mail, in the trace of the call that it was accepted by: "deliver
// mail" from its claim to its outcome, and below it the steps, one after the other. Used by one
// thread at a time.
class MailTrace {
 public:
  // Null when no spans of this mail are recorded, which is the rule. `claimed` is when its claim
  // began. The first step is the claim.
  static std::unique_ptr<MailTrace> Begin(const ClaimedMail& mail, absl::Time claimed);

  // Ends the step before it.
  void BeginStep(std::string_view name, tracing::SpanKind kind = tracing::SpanKind::kInternal);
  void EndStep() { step_.reset(); }
  // The span of the step, or of the delivery between two steps.
  std::string_view traceparent() const {
    return step_ ? step_->traceparent() : delivery_.traceparent();
  }
  // Without it, the mail was released, and its spans end with this object.
  void End(const Outcome& outcome);

 private:
  MailTrace(const ClaimedMail& mail, absl::Time claimed);

  tracing::Span delivery_;
  std::optional<tracing::Span> step_;  // last, to end first
};

}  // namespace lmsmail::dispatch
