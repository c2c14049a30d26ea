#pragma once

#include <string_view>

#include "libs/smtp/command.h"
#include "services/dispatch/transports/refusal.h"

// What the refusals of SMTP servers and providers mean. Nothing else judges them.
//
// Servers agree on little, so the command that was refused decides first: nothing before MAIL, nor
// MAIL itself, is about the recipient. The enhanced code follows (RFC 3463, and the registry of RFC
// 5248), then known wording, then the reply code (RFC 5321 section 4.2.3).
// tests/data/smtp_replies.tsv lists replies of real servers with their meaning.
namespace lmsmail::dispatch {

// A refusal as a server wrote it.
struct Refused {
  smtp::Command command = smtp::Command::kNone;  // kNone: not known
  int code = 0;                                  // SMTP or HTTP
  std::string_view enhanced_code;                // may be empty
  std::string_view text;
};

Refusal Classify(const Refused& refused);

// Whether a bounce that a provider or a delivery report (RFC 3464 section 2.3.6) tells of proves
// the address dead. `text` is the diagnostic of the receiving server or the provider's description.
// A bounce without an enhanced code is believed unless the text names another cause, because the
// provider has classified it.
bool ProvesAddressDead(std::string_view text);

}  // namespace lmsmail::dispatch
