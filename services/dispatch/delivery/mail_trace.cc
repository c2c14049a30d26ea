#include "services/dispatch/delivery/mail_trace.h"

#include <string>

#include "absl/status/status.h"

#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {

std::unique_ptr<MailTrace> MailTrace::Begin(const ClaimedMail& mail, absl::Time claimed) {
  if (!tracing::IsRecorded(mail.mail.traceparent)) return nullptr;
  return std::unique_ptr<MailTrace>(new MailTrace(mail, claimed));
}

MailTrace::MailTrace(const ClaimedMail& mail, absl::Time claimed)
    : delivery_("deliver mail", tracing::SpanKind::kConsumer, mail.mail.traceparent, claimed) {
  delivery_.SetAttribute("lmsmail.message", MessageName(mail.mail.id));
  delivery_.SetAttribute("lmsmail.lane", NameOf(mail.mail.lane));
  delivery_.SetAttribute("lmsmail.template", mail.mail.template_ref.key);
  delivery_.SetAttribute("lmsmail.delivery_count", mail.delivery_count);
  step_.emplace("claim", tracing::SpanKind::kInternal, delivery_.traceparent(), claimed);
}

void MailTrace::BeginStep(std::string_view name, tracing::SpanKind kind) {
  step_.reset();
  step_.emplace(name, kind, delivery_.traceparent());
}

void MailTrace::End(const Outcome& outcome) {
  step_.reset();
  delivery_.SetAttribute("lmsmail.outcome", NameOf(outcome.kind));
  delivery_.SetAttribute("lmsmail.reason", NameOf(outcome.reason));
  if (!outcome.transport.empty()) delivery_.SetAttribute("lmsmail.transport", outcome.transport);
  const bool failed =
      outcome.kind == Outcome::Kind::kFailed || outcome.kind == Outcome::Kind::kUncertain;
  delivery_.End(failed ? absl::AbortedError(std::string(NameOf(outcome.reason)))
                       : absl::OkStatus());
}

}  // namespace lmsmail::dispatch
