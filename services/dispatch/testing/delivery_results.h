#pragma once

#include <string>
#include <utility>

#include "services/dispatch/transports/reply_classification.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// What a transport answers when the mail server replies to `command` with `code`.
inline DeliveryResult Replied(int code, std::string enhanced_code = "", std::string text = "text",
                              smtp::Command command = smtp::Command::kNone) {
  DeliveryResult result;
  result.kind = code < 400 ? DeliveryResult::Kind::kAccepted : DeliveryResult::Kind::kRefused;
  result.command = command;
  result.reply_code = code;
  result.enhanced_code = std::move(enhanced_code);
  result.reply_text = std::move(text);
  if (code >= 400) {
    result.refusal = Classify({.command = result.command,
                               .code = code,
                               .enhanced_code = result.enhanced_code,
                               .text = result.reply_text});
  }
  return result;
}

// The same for a reply before there was a session, such as to a login.
inline DeliveryResult RefusedSession(int code, std::string enhanced_code, std::string text,
                                     smtp::Command command) {
  DeliveryResult result = Replied(code, std::move(enhanced_code), std::move(text), command);
  result.kind = DeliveryResult::Kind::kConnectionError;
  return result;
}

}  // namespace lmsmail::dispatch
