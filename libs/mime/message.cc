#include "libs/mime/message.h"

#include <fmt/format.h>

#include <cstdint>

#include "libs/mime/header.h"
#include "libs/mime/transfer_encoding.h"
#include "libs/mime/validation.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::mime {
namespace {

// FNV-1a. Implemented here because the boundary must never change. It needs no cryptographic
// strength, because no part can contain "=_" (transfer_encoding.h).
std::uint64_t Fnv1a(std::string_view octets) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : octets) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3u;
  return hash;
}

void AppendUnsubscribe(const Message& message, std::string& out) {
  const std::string_view url = message.unsubscribe_url;
  const std::string_view mailto = message.unsubscribe_mailto;
  if (url.empty() && mailto.empty()) return;
  {
    HeaderField field("List-Unsubscribe", out);
    if (!url.empty()) field.Append(fmt::format("<{}>", url));
    if (!url.empty() && !mailto.empty()) field.Append(",\r\n ");
    if (!mailto.empty()) field.Append(fmt::format("<{}>", mailto));
  }
  if (!url.empty()) out.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

void AppendHeaders(const Message& message, std::string& out) {
  HeaderField("Date", out).AppendDate(message.date);
  HeaderField("From", out).AppendMailbox(message.from);
  if (message.reply_to) HeaderField("Reply-To", out).AppendMailbox(*message.reply_to);
  HeaderField("To", out).AppendMailbox(message.to);
  HeaderField("Subject", out).AppendUnstructured(message.subject);
  out.append("Message-ID: <").append(message.message_id).append(">\r\n");
  if (!message.list_id.empty()) out.append("List-Id: <").append(message.list_id).append(">\r\n");
  AppendUnsubscribe(message, out);
  if (!message.feedback_id.empty()) {
    out.append("Feedback-ID: ").append(message.feedback_id).append("\r\n");
  }
  if (message.auto_submitted) out.append("Auto-Submitted: auto-generated\r\n");
  if (message.suppress_auto_responses) {
    // Not "All", which would also suppress reports of failed delivery ([MS-OXCMAIL]).
    out.append("X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n");
  }
  for (const Header& header : message.headers) {
    HeaderField field(header.name, out);
    if (IsStructured(header.name)) {
      field.AppendPlain(header.value);
    } else {
      field.AppendUnstructured(header.value);
    }
  }
  out.append("MIME-Version: 1.0\r\n");
}

// A text part: its header fields, an empty line, its encoded body without a final line end.
void AppendPart(std::string_view subtype, std::string_view body, std::string& out) {
  const TransferEncoding encoding = ShorterEncoding(body);
  out.append("Content-Type: text/").append(subtype).append("; charset=utf-8\r\n");
  out.append("Content-Transfer-Encoding: ").append(TransferEncodingName(encoding));
  out.append("\r\n\r\n");
  if (encoding == TransferEncoding::kBase64) {
    AppendBase64(body, out);
  } else {
    AppendQuotedPrintable(body, out);
  }
}

// RFC 2046 section 5.1.4: the preferred part comes last. The line end before a boundary belongs to
// the boundary, not to the part.
void AppendAlternatives(const Message& message, std::string& out) {
  const std::string boundary = fmt::format("=_{:016x}", Fnv1a(message.boundary_seed));
  out.append("Content-Type: multipart/alternative; boundary=\"").append(boundary);
  out.append("\"\r\n\r\n--").append(boundary).append("\r\n");
  AppendPart("plain", message.text, out);
  out.append("\r\n--").append(boundary).append("\r\n");
  AppendPart("html", message.html, out);
  out.append("\r\n--").append(boundary).append("--\r\n");
}

absl::Status TooLarge(std::size_t octets, const Limits& limits) {
  return InvalidField("message",
                      fmt::format("has {} octets; at most {} are allowed, so shorten the "
                                  "text or move images to links",
                                  octets, limits.message_octets));
}

absl::Status Check(const Message& message, const Limits& limits) {
  // No encoding makes a body shorter.
  const std::size_t bodies = message.text.size() + message.html.size();
  if (bodies > limits.message_octets) return TooLarge(bodies, limits);
  return Validate(message).ToStatus();
}

}  // namespace

absl::Status BuildHeader(const Message& message, std::string& out, const Limits& limits) {
  LMSMAIL_RETURN_IF_ERROR(Check(message, limits));
  AppendHeaders(message, out);
  out.append("\r\n");
  return absl::OkStatus();
}

absl::Status Build(const Message& message, std::string& out, const Limits& limits) {
  LMSMAIL_RETURN_IF_ERROR(Check(message, limits));
  const std::size_t bodies = message.text.size() + message.html.size();
  const std::size_t start = out.size();
  // Room for the header and for what encoding adds to ordinary text. Growing step by step would
  // copy the message four times.
  out.reserve(start + 2048 + bodies + bodies / 8);
  AppendHeaders(message, out);
  if (message.html.empty()) {
    AppendPart("plain", message.text, out);
    if (!out.ends_with("\r\n")) out.append("\r\n");
  } else {
    AppendAlternatives(message, out);
  }
  if (const std::size_t octets = out.size() - start; octets > limits.message_octets) {
    out.resize(start);
    return TooLarge(octets, limits);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::mime
