#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "libs/strings/utf8.h"
#include "services/gateway/webhooks/event_json.h"
#include "services/gateway/webhooks/mailgun_events.h"
#include "services/gateway/webhooks/sendgrid_events.h"

namespace {

using namespace lmsmail::gateway;  // NOLINT: a program of its own

void Require(bool condition) {
  if (!condition) std::abort();
}

// What dispatch and its database rely on.
void Check(const ProviderEvents& events) {
  for (const ProviderEvent& event : events.events) {
    Require(IsId(event.event_id, kMaxEventId));
    Require(event.message_id.empty() || IsId(event.message_id, 500));
    Require(event.detail.size() <= kMaxEventDetail && lmsmail::IsValidUtf8(event.detail));
    for (const char c : event.detail) Require(c < 0 || c >= ' ');
  }
}

}  // namespace

// The input is the body of a webhook.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto events = ParseSendgridEvents(body)) Check(*events);
  if (const auto webhook = ParseMailgunWebhook(body)) Check(webhook->events);
  return 0;
}
