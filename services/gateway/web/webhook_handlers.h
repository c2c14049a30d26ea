#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/http_server/message.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/webhooks/mailgun_signatures.h"
#include "services/gateway/webhooks/provider_event.h"
#include "services/gateway/webhooks/sendgrid_keys.h"

namespace lmsmail::gateway {

// Answers the webhooks of providers. 200 means that every event is durable. A request without a
// valid signature is refused with nothing stored, in the way that makes the provider give up. After
// 503 it tries again. Blocks. Thread-safe. The arguments of the constructor must outlive it.
class WebhookHandlers {
 public:
  // `sendgrid` and `mailgun` are null where no key is configured; their handlers must not be called
  // then.
  WebhookHandlers(const SendgridKeys* sendgrid, MailgunSignatures* mailgun, EventLog& events,
                  telemetry::Metrics& metrics);

  http_server::Response Sendgrid(const http_server::Request& request);
  http_server::Response Mailgun(const http_server::Request& request);

  bool has_sendgrid() const { return sendgrid_ != nullptr; }
  bool has_mailgun() const { return mailgun_ != nullptr; }

 private:
  http_server::Response Refuse(std::string_view provider, int status, std::string_view result,
                               std::string text);
  // Records the events that are about mail of ours.
  http_server::Response Record(std::string_view provider, ProviderEvents events);

  const SendgridKeys* const sendgrid_;
  MailgunSignatures* const mailgun_;
  EventLog& events_;
  const telemetry::CounterFamily requests_;
  const telemetry::CounterFamily reported_;
  const telemetry::CounterFamily recorded_;
};

}  // namespace lmsmail::gateway
