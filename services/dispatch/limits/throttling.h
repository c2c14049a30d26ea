#pragma once

#include "services/dispatch/transport/transport.h"

namespace lmsmail::dispatch {

// Who asked for fewer mails.
enum class Throttled {
  kNobody,
  kTransport,        // the mail server or provider that all mail of the transport goes to
  kRecipientDomain,  // the recipient's, through whatever stands between
};

// Greylisting and full mailboxes are no such wish: they concern one mail or one mailbox.
Throttled ThrottledBy(const DeliveryResult& result);

}  // namespace lmsmail::dispatch
