#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"

#include "libs/smtp/mail.h"
#include "libs/smtp/reply_parser.h"

// From what happened on the wire to the Result that a caller gets.
namespace lmsmail::smtp {

// A session that cannot go on because of `reply`, which answered `command`; the reply travels
// inside. 4yz is UNAVAILABLE, 530/534/535 UNAUTHENTICATED, other 5yz FAILED_PRECONDITION, the rest
// INTERNAL.
absl::Status ReplyError(std::string_view command, const Reply& reply);
std::optional<Reply> ReplyOf(const absl::Status& status);

Result Accepted(const Reply& reply);
// `reply` is a 4yz or 5yz answer to `command`.
Result Rejected(std::string_view command, const Reply& reply);
// Refused before anything was sent, with the code a server would have used.
Result RefusedLocally(int code, std::string_view enhanced_code, absl::Status status);
// The session broke with `error` while the mail was at `phase`.
Result Interrupted(Phase phase, const absl::Status& error);

}  // namespace lmsmail::smtp
