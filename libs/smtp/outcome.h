#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"

#include "libs/smtp/command.h"
#include "libs/smtp/mail.h"
#include "libs/smtp/reply_parser.h"

// Turns what happened on the wire into statuses and into the Result of a mail.
namespace lmsmail::smtp {

// The session cannot continue because of `reply`, the reply to `command`. ReplyOf() gives both
// back. 4yz is UNAVAILABLE, 530/534/535 UNAUTHENTICATED, other 5yz FAILED_PRECONDITION, the rest
// INTERNAL.
absl::Status ReplyError(Command command, const Reply& reply);
// The same, but INTERNAL whatever the code: the server broke the protocol.
absl::Status UnexpectedReply(Command command, const Reply& reply);
// A login that failed on this side. UNAUTHENTICATED, with the reply 535 that a server would have
// sent to AUTH.
absl::Status LoginError(std::string_view problem);

struct CommandReply {
  Command command = Command::kNone;
  Reply reply;
};
// The reply of a ReplyError, UnexpectedReply or LoginError.
std::optional<CommandReply> ReplyOf(const absl::Status& status);

Result Accepted(const Reply& reply);
// `reply` is a 4yz or 5yz reply to `command`.
Result Rejected(Command command, const Reply& reply);
// The client itself rejects the mail, before sending anything, with the code that a server would
// have used.
Result RejectedLocally(int code, std::string_view enhanced_code, absl::Status status);
// The session failed with `error` while the mail was in `phase`.
Result Interrupted(Phase phase, const absl::Status& error);

}  // namespace lmsmail::smtp
