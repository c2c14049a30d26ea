#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/smtp/command.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/transports/transport.h"

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

// What asked for fewer mails.
enum class Throttled : std::uint8_t {
  kNothing,
  kTransport,        // the mail server or provider that all mail of the transport goes to
  kRecipientDomain,  // the recipient's domain, whatever relays stand between
};

struct Refusal {
  enum class Kind : std::uint8_t {
    kRecipient,  // the address or mailbox of the recipient
    kMail,       // this mail: its content, form or size
    kSender,     // us, whoever the recipient is: identity, login, reputation, quota, configuration
    kTemporary,  // the same mail may be accepted later
  };
  Kind kind = Kind::kTemporary;
  Reason reason = Reason::kDeferredByServer;
  // kRecipient: the address does not exist any more, so it may be suppressed.
  bool address_dead = false;
  // kSender: all mail is refused until an operator acts, such as after a refused login. One such
  // refusal is proof.
  bool all_mail = false;
  // kSender: the quota of a period is used up. The time mends it.
  bool quota = false;
  // kTemporary: a greylisting server accepts the mail after some minutes.
  bool greylisted = false;
  // kTemporary. Greylisting and full mailboxes ask for nothing: they concern one mail or one
  // mailbox.
  Throttled throttled = Throttled::kNothing;

  bool operator==(const Refusal&) const = default;
};

Refusal Classify(const Refused& refused);

// nullopt for a result that is no refusal by a server.
std::optional<Refusal> Classify(const DeliveryResult& result);

// Whether a bounce that a provider or a delivery report (RFC 3464 section 2.3.6) tells of proves
// the address dead. `text` is the diagnostic of the receiving server or the provider's description.
// A bounce without an enhanced code is believed unless the text names another cause, because the
// provider has classified it.
bool ProvesAddressDead(std::string_view text);

}  // namespace lmsmail::dispatch
