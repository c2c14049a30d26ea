#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// E-mail addresses as this suite accepts them: what RFC 5321 and RFC 6531 let a mailbox be, less
// the forms that no student has and that attackers like: quoted local parts ("a b"@example.com),
// source routes (@relay:user@host), comments, display names, domain literals ([10.0.0.1]) and
// domains of one label. Whatever is accepted is safe to write between "<" and ">" in SMTP and in a
// header.
namespace lmsmail::address {

// Comes from ParseEmailAddress; a value put together by hand keeps none of its promises.
struct EmailAddress {
  std::string local;   // as written: a server may tell upper from lower case
  std::string domain;  // lower case, internationalised labels as A-labels (xn--...)
  // The local part is not ASCII: every hop must offer SMTPUTF8 (RFC 6531), or the mail must not go.
  bool needs_smtputf8 = false;

  std::string ToString() const;  // local@domain

  bool operator==(const EmailAddress&) const = default;
};

// At most 64 octets before the "@", 255 after it and 254 together, counted after the domain has
// become A-labels. INVALID_ARGUMENT otherwise; its message tells what is wrong and what would be
// right, follows a field's name well, and never repeats the address, so that it can be logged.
absl::StatusOr<EmailAddress> ParseEmailAddress(std::string_view text);

// Who an address belongs to, as the key of suppression, consent and duplicate checks: the local
// part with A-Z lowered, "@", the domain. In theory Ann@ and ann@ are two people (RFC 5321
// section 2.4); in practice they are one, who must not be written to under one spelling after she
// opted out under the other. Dots and "+tags" stay: only some providers ignore them. Letters beyond
// ASCII keep their case, since lowering them depends on a language we don't know.
std::string CanonicalForm(const EmailAddress& address);

// A name as people read it ("Doe, Jane"), not quoted or encoded for a header.
struct Mailbox {
  std::string display_name;  // may be empty
  EmailAddress address;

  bool operator==(const Mailbox&) const = default;
};

// A display name is at most 256 octets of UTF-8 without control characters, line separators and
// characters that turn the direction of text; those can make one sender look like another.
absl::Status ValidateDisplayName(std::string_view name);

}  // namespace lmsmail::address
