#pragma once

#include <optional>
#include <string_view>

#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {

// Reads the body of SendGrid's event webhook, a JSON array. nullopt if it is none. A mail is ours
// if its custom argument `lms_message_id` says so, which SendGrid merges into each event.
std::optional<ProviderEvents> ParseSendgridEvents(std::string_view body);

}  // namespace lmsmail::gateway
