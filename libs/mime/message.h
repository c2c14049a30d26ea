#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "libs/address/email_address.h"

// Writes one automated mail to one recipient as an RFC 5322 message.
namespace lmsmail::mime {

struct Header {
  std::string_view name;
  std::string_view value;  // UTF-8; encoded where the field allows it
};

// Everything that determines the octets of a mail. The views must outlive the call of Build.
struct Message {
  address::Mailbox from;
  address::Mailbox to;
  std::optional<address::Mailbox> reply_to;
  std::string_view subject;  // UTF-8, at most 998 octets
  absl::Time date;           // written to the second, in UTC
  // "local@domain" without angle brackets, the same on every attempt to deliver this mail.
  std::string_view message_id;
  // Determines the multipart boundary. Any octets that do not change between attempts, e.g.
  // message_id.
  std::string_view boundary_seed;

  std::string_view text;  // required, UTF-8 with any line ends
  std::string_view html;  // empty: the mail is text only

  // RFC 8058 one-click unsubscription: an https URI (IsOneClickUri) that identifies recipient and
  // list. Receivers honour it only when a DKIM signature covers it.
  std::string_view unsubscribe_url;
  std::string_view unsubscribe_mailto;  // "mailto:..." (RFC 2369); alone or with the URL
  std::string_view list_id;             // "weekly-progress.school.example" (RFC 2919)
  std::string_view feedback_id;         // "campaign:customer:type:sender", for Gmail

  bool auto_submitted = true;  // "Auto-Submitted: auto-generated" (RFC 3834)
  // Asks Exchange not to send receipts, out-of-office messages and other automatic replies.
  bool suppress_auto_responses = false;

  // Written last. Fields that this library writes, that only a relay may write, or that describe
  // the body are errors.
  std::span<const Header> headers;
};

struct Limits {
  // Of the built message. Gmail clips HTML beyond about 102 KB; relays commonly reject 10 MB and
  // more.
  std::size_t message_octets = 1 << 20;
};

// Appends the message to `out`: CRLF line ends, at most 998 octets a line, 7-bit unless an address
// `needs_smtputf8`. The same message gives the same octets in every version of this library,
// because a retry must build what was sent before, with the same signature. On error `out` is
// unchanged, and the status names every error at once (Violations). Thread-safe.
absl::Status Build(const Message& message, std::string& out, const Limits& limits = {});

// Appends only the header fields and the empty line after them, without the fields of the body, for
// a provider that builds the message itself. As Build.
absl::Status BuildHeader(const Message& message, std::string& out, const Limits& limits = {});

}  // namespace lmsmail::mime
