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

// Everything that the octets of a mail depend on. The views must outlive the call of Build.
struct Message {
  address::Mailbox from;
  address::Mailbox to;
  std::optional<address::Mailbox> reply_to;
  std::string_view subject;  // UTF-8, at most 998 octets
  absl::Time date;           // written to the second, in UTC
  // "local@domain" without angle brackets, the same on every attempt to deliver this mail.
  std::string_view message_id;
  // Names the multipart boundary; any octets that don't change between attempts, e.g. message_id.
  std::string_view boundary_seed;

  std::string_view text;  // required, UTF-8 with any line ends
  std::string_view html;  // empty: the mail is text alone

  // RFC 8058 one-click unsubscription: an https URI (IsOneClickUri) that knows recipient and list
  // by itself. Must be covered by a DKIM signature to count.
  std::string_view unsubscribe_url;
  std::string_view unsubscribe_mailto;  // "mailto:..." (RFC 2369); alone or beside the URL
  std::string_view list_id;             // "weekly-progress.school.example" (RFC 2919)
  std::string_view feedback_id;         // "campaign:customer:type:sender", as Gmail reads it

  bool auto_submitted = true;  // "Auto-Submitted: auto-generated" (RFC 3834)
  // Asks Exchange for no receipts, absence notes and other automatic answers.
  bool suppress_auto_responses = false;

  // Written last. Fields that this library writes, that only a relay may write, or that would
  // describe the body, are refused.
  std::span<const Header> headers;
};

struct Limits {
  // Of the built message. Gmail clips HTML beyond some 102 KB; relays commonly refuse 10 MB and up.
  std::size_t message_octets = 1 << 20;
};

// Appends the message to `out`: CRLF line ends, at most 998 octets a line, 7-bit unless an address
// `needs_smtputf8`. The same message gives the same octets in every version of this library: a
// retry rebuilds what was sent before, and its signature. On error `out` is left as it was, and the
// status names every fault at once (Violations). Thread-safe.
absl::Status Build(const Message& message, std::string& out, const Limits& limits = {});

}  // namespace lmsmail::mime
