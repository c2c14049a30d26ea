#include "libs/smtp/outcome.h"

#include <fmt/core.h>

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"

#include "libs/smtp/printable.h"
#include "libs/strings/view.h"

namespace lmsmail::smtp {
namespace {

constexpr size_t kMaxReplyText = 512;
constexpr char kReplyPayload[] = "lmsmail.smtp.reply";  // "5 421 text": Command, code, text

Result Make(Result::Kind kind, Phase phase) {
  Result result;
  result.kind = kind;
  result.phase = phase;
  return result;
}

void SetReply(Command command, const Reply& reply, Result& result) {
  result.command = command;
  result.code = reply.code;
  result.enhanced_code = EnhancedCodeOf(reply);
  result.reply = Printable(reply.text, kMaxReplyText);
}

absl::StatusCode StatusCodeOf(const Reply& reply) {
  if (reply.temporary()) return absl::StatusCode::kUnavailable;
  if (reply.code == 530 || reply.code == 534 || reply.code == 535) {  // RFC 4954 section 6
    return absl::StatusCode::kUnauthenticated;
  }
  return reply.permanent() ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kInternal;
}

// Leaves the reply's text out, which may hold the recipient's address.
std::string Describe(Command command, const Reply& reply) {
  return fmt::format("the server replied {} to {}", reply.code, NameOf(command));
}

absl::Status WithReply(absl::Status status, Command command, const Reply& reply) {
  status.SetPayload(kReplyPayload, absl::Cord(fmt::format("{} {} {}", static_cast<int>(command),
                                                          reply.code, reply.text)));
  return status;
}

}  // namespace

absl::Status ReplyError(Command command, const Reply& reply) {
  return WithReply(absl::Status(StatusCodeOf(reply), Describe(command, reply)), command, reply);
}

absl::Status UnexpectedReply(Command command, const Reply& reply) {
  return WithReply(absl::InternalError(Describe(command, reply)), command, reply);
}

absl::Status LoginError(std::string_view problem) {
  return WithReply(absl::UnauthenticatedError(ToAbsl(problem)), Command::kAuth,
                   {535, fmt::format("5.7.8 {}", problem)});
}

std::optional<CommandReply> ReplyOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReplyPayload);
  if (!payload.has_value()) return std::nullopt;
  const std::string text(*payload);
  const size_t space = text.find(' ');
  const size_t code_end = text.find(' ', space + 1);
  int command = 0;
  CommandReply parsed;
  if (code_end == std::string::npos || !absl::SimpleAtoi(text.substr(0, space), &command) ||
      !absl::SimpleAtoi(text.substr(space + 1, code_end - space - 1), &parsed.reply.code)) {
    return std::nullopt;
  }
  parsed.command = static_cast<Command>(command);
  parsed.reply.text = text.substr(code_end + 1);
  return parsed;
}

Result Accepted(const Reply& reply) {
  Result result = Make(Result::Kind::kAccepted, Phase::kReplied);
  SetReply(Command::kMessage, reply, result);
  return result;
}

Result Rejected(Command command, const Reply& reply) {
  Result result =
      Make(reply.temporary() ? Result::Kind::kRejectedTemporary : Result::Kind::kRejectedPermanent,
           Phase::kReplied);
  SetReply(command, reply, result);
  result.status = absl::Status(StatusCodeOf(reply), Describe(command, reply));
  return result;
}

Result RejectedLocally(int code, std::string_view enhanced_code, absl::Status status) {
  Result result = Make(Result::Kind::kRejectedPermanent, Phase::kNotStarted);
  result.code = code;
  result.enhanced_code = enhanced_code;
  result.status = std::move(status);
  return result;
}

Result Interrupted(Phase phase, const absl::Status& error) {
  Result::Kind kind = Result::Kind::kConnectionError;
  if (phase == Phase::kDotSent) {
    kind = Result::Kind::kAmbiguous;
  } else if (error.code() == absl::StatusCode::kCancelled) {
    kind = Result::Kind::kCancelled;
  }
  Result result = Make(kind, phase);
  result.status = error;
  if (const auto sent = ReplyOf(error)) SetReply(sent->command, sent->reply, result);
  return result;
}

}  // namespace lmsmail::smtp
