#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmsmail::gateway {

// Header fields in their order: names in lower case, values unfolded, as sent.
using Fields = std::vector<std::pair<std::string, std::string>>;
// The value of the first field of that name, which is in lower case; empty if there is none.
std::string_view FieldOf(const Fields& fields, std::string_view name);

// A part of a message that is no multipart.
struct MimePart {
  std::string type;     // in lower case: "text/plain"
  std::string content;  // decoded; of a whole message within ("message/rfc822") only its header
};

struct MimeMessage {
  Fields header;
  std::vector<MimePart> parts;  // in order, also those of multiparts within multiparts
};

// Only the beginning of a message is read: what a report says precedes the mail that it returns.
inline constexpr std::size_t kMaxMimeSize = 256 << 10;

// Reads a message that anybody may have sent: with CRLF or LF, after an mbox "From " line or
// without, cut off anywhere. nullopt if it has no header, or more parts than any report has, nested
// or not. Thread-safe.
std::optional<MimeMessage> ParseMimeMessage(std::string_view message);

}  // namespace lmsmail::gateway
