#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

// The body of a Mailgun webhook. The signature does not cover the event.
struct MailgunWebhook {
  std::string timestamp;
  std::string token;
  std::string signature;
  std::string event_digest;  // the same for the same event
  ProviderEvents events;     // one, or one that is malformed
};

// Reads the JSON body of a Mailgun webhook. nullopt if it has no signature. A mail is ours if its
// user variable `lms_message_id` says so. The event has the token as its id, because Mailgun's own
// ids are unique within a day only.
std::optional<MailgunWebhook> ParseMailgunWebhook(std::string_view body);

}  // namespace lmsmail::gateway
