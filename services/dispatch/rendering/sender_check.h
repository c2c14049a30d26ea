#pragma once

#include <string_view>

#include "absl/status/status.h"

#include "services/dispatch/rendering/message_id_header.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// Builds and checks a small mail of `sender`, as the composer and the transport would. `domain` is
// that of Message-ID and List-Id. INVALID_ARGUMENT names what cannot be written: "from",
// "from_name", "reply_to", "envelope_from", "message_id_domain" or "dkim.domain".
absl::Status CheckSender(const SenderIdentity& sender, const MessageIdHeader& message_ids,
                         std::string_view domain);

}  // namespace lmsmail::dispatch
