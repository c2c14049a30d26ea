#pragma once

#include <cstdint>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

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
  // How long the server or provider asked us to wait; zero if it did not.
  absl::Duration retry_after = absl::ZeroDuration();

  static Refusal OfRecipient(bool address_dead) {
    return {.kind = Kind::kRecipient,
            .reason = Reason::kRecipientRejected,
            .address_dead = address_dead};
  }
  static Refusal OfMail(Reason reason) { return {.kind = Kind::kMail, .reason = reason}; }
  static Refusal OfSender(bool all_mail = false) {
    return {.kind = Kind::kSender, .reason = Reason::kSenderRejected, .all_mail = all_mail};
  }
  static Refusal OfQuota(absl::Duration retry_after = absl::ZeroDuration()) {
    Refusal refusal = OfSender(true);
    refusal.quota = true;
    refusal.retry_after = retry_after;
    return refusal;
  }

  bool operator==(const Refusal&) const = default;
};

}  // namespace lmsmail::dispatch
