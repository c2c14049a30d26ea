#pragma once

#include <string_view>

#include "services/dispatch/message/message.h"
#include "services/dispatch/transports/transport.h"

// What the replies of SMTP servers and providers mean. Nothing else judges them.
namespace lmsmail::dispatch {

// True for permanent refusals which say that the address does not exist or is dead (RFC 3463:
// 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1; RFC 7372 and RFC 7505: 5.7.13, 5.7.17). Refusals for
// policy, content or authentication (other 5.7.x) are never about the recipient.
bool ProvesAddressDead(const DeliveryResult& result);
bool ProvesAddressDead(std::string_view enhanced_code);

// True for permanent refusals of us, whoever the recipient is: policy, authentication and
// reputation (RFC 3463, X.7; 5.1.7 and 5.1.8, the sender's address; RFC 4954 section 6: 530, 534,
// 535, 538). Such a refusal never suppresses an address.
bool RefusesSender(const DeliveryResult& result);

// The reason that a permanent refusal fails a mail with.
Reason PermanentReason(const DeliveryResult& result);

// The reason that a temporary refusal defers a mail with.
Reason TemporaryReason(const DeliveryResult& result);

// True for permanent codes that mean "later": too many recipients for now (RFC 3463, X.5.3).
bool IsTemporaryDespiteItsCode(const DeliveryResult& result);

// Greylisting servers (451 4.7.1) accept the mail after some minutes.
bool IsGreylisting(const DeliveryResult& result);

// What asked for fewer mails.
enum class Throttled {
  kNothing,
  kTransport,        // the mail server or provider that all mail of the transport goes to
  kRecipientDomain,  // the recipient's domain, whatever relays stand between
};

// Greylisting and full mailboxes ask for nothing: they concern one mail or one mailbox.
Throttled ThrottledBy(const DeliveryResult& result);

}  // namespace lmsmail::dispatch
