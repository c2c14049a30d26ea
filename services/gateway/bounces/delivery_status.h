#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/gateway/bounces/mime_message.h"

namespace lmsmail::gateway {

// What a report says about one recipient of a mail.
struct RecipientStatus {
  enum class Action { kUnknown, kFailed, kDelayed, kDelivered };
  Action action = Action::kUnknown;
  // "550 5.1.1 no such user": the reply of the server that the report is about, with the enhanced
  // code of the report unless the reply has one. Clean text without addresses.
  std::string detail = {};
  // The addresses that the report gives the recipient: what the mail was sent to and what became of
  // that on the way. As written.
  std::vector<std::string> addresses = {};

  bool operator==(const RecipientStatus&) const = default;
};

// Groups of header fields with empty lines between them. What is no field is left out.
std::vector<Fields> ParseFieldGroups(std::string_view text);

// The content of message/delivery-status (RFC 3464) or message/global-delivery-status (RFC 6533).
// A recipient whose mail was relayed to a system without such reports, or expanded to the members
// of a list, counts as delivered: nothing else will follow.
std::vector<RecipientStatus> ParseDeliveryStatus(std::string_view content);

// The detail of a status: `code` is an enhanced code or empty, `diagnostic` what the server said.
std::string StatusDetail(std::string_view code, std::string_view diagnostic);

// The address of a field such as "rfc822; ann@school.example" or "utf-8; \x{E4}nn@school.example",
// decoded; empty for another type of address.
std::string ReportedAddress(std::string_view value);

}  // namespace lmsmail::gateway
