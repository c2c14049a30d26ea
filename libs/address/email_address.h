#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Email addresses that this suite accepts: the mailboxes of RFC 5321 and RFC 6531, except forms
// that no student has and that attackers use: quoted local parts ("a b"@example.com), source routes
// (@relay:user@host), comments, display names, domain literals ([10.0.0.1]) and domains of one
// label. An accepted address is safe between "<" and ">" in SMTP and in a header.
namespace lmsmail::address {

// Made by ParseEmailAddress. Parse once and pass the result on.
struct EmailAddress {
  std::string local;   // as written, because a server may distinguish upper and lower case
  std::string domain;  // lower case, internationalised labels as A-labels (xn--...)
  // The local part is not ASCII, so every hop must offer SMTPUTF8 (RFC 6531).
  bool needs_smtputf8 = false;

  std::string ToString() const;  // local@domain

  bool operator==(const EmailAddress&) const = default;
};

// An address has at most 64 octets before the "@", 255 after it and 254 in all, counted after the
// domain was converted to A-labels. Otherwise INVALID_ARGUMENT: the message names the error and the
// correct form, reads well after a field's name, and can be logged because it never repeats the
// address.
absl::StatusOr<EmailAddress> ParseEmailAddress(std::string_view text);

// The key of an address for suppression, consent and duplicate checks: the local part in NFC and
// lower case, "@", the domain. RFC 5321 section 2.4 lets Ann@ and ann@ be two people, but in
// practice they are one, and who opted out under one spelling must not get mail under the other.
// Dots and "+tags" stay, because only some providers ignore them. It is a key, not an address to
// send to.
std::string CanonicalForm(const EmailAddress& address);

// The display name is as people read it ("Doe, Jane"), not quoted or encoded for a header.
struct Mailbox {
  std::string display_name;  // may be empty
  EmailAddress address;

  bool operator==(const Mailbox&) const = default;
};

// A display name has at most 256 octets of UTF-8, without control characters, line separators and
// characters that change the direction of text, which can make one sender look like another.
absl::Status ValidateDisplayName(std::string_view name);

}  // namespace lmsmail::address
