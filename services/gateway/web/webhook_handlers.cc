#include "services/gateway/web/webhook_handlers.h"

#include <map>
#include <utility>

#include "libs/status/transient.h"
#include "libs/telemetry/logging.h"
#include "services/gateway/webhooks/mailgun_events.h"
#include "services/gateway/webhooks/sendgrid_events.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;

constexpr char kSendgrid[] = "sendgrid";
constexpr char kMailgun[] = "mailgun";
constexpr char kRetryAfter[] = "60";  // seconds

// Mailgun gives up at once at this status, and repeats a request for hours at any other that is not
// 200.
constexpr int kMailgunGivesUp = 406;

bool IsRecorded(const ProviderEvent& event) {
  switch (event.type) {
    case EventType::kRejected:
    case EventType::kBounced:
    case EventType::kDeferred:
    case EventType::kDelivered:
    case EventType::kOpened:
    case EventType::kClicked:
    case EventType::kComplained:
    case EventType::kUnsubscribed:
      return !event.message_id.empty();
    // We know when a mail was queued, and only the school may ask for consent.
    case EventType::kQueued:
    case EventType::kSubscribed:
    case EventType::kUnknown:
      return false;
  }
  return false;
}

}  // namespace

WebhookHandlers::WebhookHandlers(const SendgridKeys* sendgrid, MailgunSignatures* mailgun,
                                 EventLog& events, telemetry::Metrics& metrics)
    : sendgrid_(sendgrid),
      mailgun_(mailgun),
      events_(events),
      requests_(metrics.AddCounter(
          "lmsmail_webhook_requests_total",
          "Webhook requests by provider and result: recorded, forged, stale, reused, malformed, "
          "unavailable, failed.")),
      reported_(metrics.AddCounter(
          "lmsmail_webhook_events_total",
          "Events in webhook requests by provider, type and result: recorded, ignored (not about "
          "mail of ours, or of no consequence), malformed.")),
      recorded_(metrics.AddCounter(
          "lmsmail_webhook_recorded_events_total",
          "Events given to dispatch by provider and result: recorded, duplicate, unknown, "
          "opted_out.")) {}

Response WebhookHandlers::Refuse(std::string_view provider, int status, std::string_view result,
                                 std::string text) {
  requests_.With({{"provider", std::string(provider)}, {"result", std::string(result)}})
      .Increment();
  if (status != 503) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "a webhook request was refused",
              {{"provider", provider}, {"result", result}});
  }
  Response response = Response::Text(status, std::move(text));
  if (status == 503) response.headers.Set("Retry-After", kRetryAfter);
  return response;
}

Response WebhookHandlers::Sendgrid(const Request& request) {
  const bool signed_by_sendgrid = sendgrid_->Verify(
      request.headers.Get("X-Twilio-Email-Event-Webhook-Signature"),
      request.headers.Get("X-Twilio-Email-Event-Webhook-Timestamp"), request.body);
  if (!signed_by_sendgrid) {
    return Refuse(kSendgrid, 403, "forged", "The signature is missing or not valid.\n");
  }
  std::optional<ProviderEvents> events = ParseSendgridEvents(request.body);
  if (!events) return Refuse(kSendgrid, 400, "malformed", "The body is no JSON array.\n");
  return Record(kSendgrid, *std::move(events));
}

Response WebhookHandlers::Mailgun(const Request& request) {
  std::optional<MailgunWebhook> webhook = ParseMailgunWebhook(request.body);
  if (!webhook) {
    return Refuse(kMailgun, kMailgunGivesUp, "malformed",
                  "The body is no JSON object with a signature.\n");
  }
  switch (mailgun_->Check(*webhook)) {
    case MailgunSignatures::Verdict::kForged:
      return Refuse(kMailgun, kMailgunGivesUp, "forged", "The signature is not valid.\n");
    case MailgunSignatures::Verdict::kStale:
      return Refuse(kMailgun, kMailgunGivesUp, "stale", "The timestamp is too old or too new.\n");
    case MailgunSignatures::Verdict::kReused:
      return Refuse(kMailgun, kMailgunGivesUp, "reused", "The token was used for another event.\n");
    case MailgunSignatures::Verdict::kValid:
      break;
  }
  return Record(kMailgun, std::move(webhook->events));
}

Response WebhookHandlers::Record(std::string_view provider, ProviderEvents events) {
  // By type and result. Counted when they are durable, because a request that is refused comes
  // again.
  std::map<std::pair<std::string_view, std::string_view>, int> reported;
  if (events.malformed > 0) reported[{"", "malformed"}] = events.malformed;
  for (const ProviderEvent& event : events.events) {
    ++reported[{NameOf(event.type), IsRecorded(event) ? "recorded" : "ignored"}];
  }
  std::erase_if(events.events, [](const ProviderEvent& event) { return !IsRecorded(event); });
  EventLog::Counts counts;
  if (!events.events.empty()) {
    const absl::StatusOr<EventLog::Counts> recorded = events_.Record(events.events);
    if (!recorded.ok()) {
      static telemetry::LogEvery every(absl::Seconds(10));
      every.Log(telemetry::Level::kError, "the events of a webhook are not recorded",
                {{"provider", provider}, {"error", recorded.status()}});
      return IsTransient(recorded.status())
                 ? Refuse(provider, 503, "unavailable", "Not recorded yet. Try again.\n")
                 : Refuse(provider, 500, "failed", "Not recorded.\n");
    }
    counts = *recorded;
  }
  const std::string name(provider);
  requests_.With({{"provider", name}, {"result", "recorded"}}).Increment();
  for (const auto& [key, count] : reported) {
    reported_
        .With({{"provider", name},
               {"type", std::string(key.first)},
               {"result", std::string(key.second)}})
        .Increment(count);
  }
  for (const auto& [result, count] :
       {std::pair{"recorded", counts.recorded}, std::pair{"duplicate", counts.duplicate},
        std::pair{"unknown", counts.unknown}, std::pair{"opted_out", counts.opted_out}}) {
    if (count > 0) recorded_.With({{"provider", name}, {"result", result}}).Increment(count);
  }
  return Response::Text(200, "Recorded.\n");
}

}  // namespace lmsmail::gateway
