#include "services/gateway/inbox/stored_mail.h"

#include <memory>
#include <optional>

#include "services/gateway/mime/gmime_message.h"

namespace lmsmail::gateway {
namespace {

// Takes a text that GLib allocated.
std::string Take(char* text) {
  const std::unique_ptr<char, decltype(&g_free)> owned(text, &g_free);
  return text == nullptr ? std::string() : std::string(text);
}

std::string ValidUtf8(std::string_view text) {
  return Take(g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
}

std::string Decoded(const std::string& value) {
  return ValidUtf8(Take(g_mime_utils_header_decode_text(nullptr, value.c_str())));
}

// Removes "Name: value\r\n" from the front and returns the value.
std::optional<std::string> TakeLine(std::string_view& file, std::string_view name) {
  const std::size_t end = file.find("\r\n");
  if (!file.starts_with(name) || end == std::string_view::npos) return std::nullopt;
  const std::string_view value = file.substr(name.size(), end - name.size());
  file.remove_prefix(end + 2);
  return ValidUtf8(value);
}

// The fields before the empty line, unfolded (RFC 5322 section 2.2.3).
std::vector<std::pair<std::string, std::string>> FieldsOf(std::string_view source) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!source.empty()) {
    const std::size_t end = source.find('\n');
    std::string_view line = source.substr(0, end);
    source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) break;
    const bool folded = line.starts_with(' ') || line.starts_with('\t');
    if (folded && !fields.empty()) {
      fields.back().second += line;
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      fields.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
  }
  for (auto& [name, value] : fields) {
    name = ValidUtf8(name);
    value = Decoded(value.starts_with(' ') ? value.substr(1) : value);
  }
  return fields;
}

std::string ValueOf(const StoredMail& mail, const char* name) {
  for (const auto& [each, value] : mail.fields) {
    if (g_ascii_strcasecmp(each.c_str(), name) == 0) return value;
  }
  return "";
}

// Keeps the first part of either type that is no attachment.
void KeepText(GMimeObject* /*parent*/, GMimeObject* part, gpointer kept) {
  if (!GMIME_IS_TEXT_PART(part) || g_mime_part_is_attachment(GMIME_PART(part))) return;
  auto& mail = *static_cast<StoredMail*>(kept);
  GMimeContentType* const type = g_mime_object_get_content_type(part);
  std::string* const text = g_mime_content_type_is_type(type, "text", "html")    ? &mail.html
                            : g_mime_content_type_is_type(type, "text", "plain") ? &mail.text
                                                                                 : nullptr;
  if (text == nullptr || !text->empty()) return;
  *text = ValidUtf8(Take(g_mime_text_part_get_text(GMIME_TEXT_PART(part))));
}

}  // namespace

absl::StatusOr<StoredMail> ParseStoredMail(std::string_view file) {
  StoredMail mail;
  const auto from = TakeLine(file, "X-Inbox-From: ");
  const auto to = TakeLine(file, "X-Inbox-To: ");
  if (!from || !to) {
    return absl::InvalidArgumentError("the file does not begin with X-Inbox-From and X-Inbox-To");
  }
  // First, because it also initializes what decodes the fields.
  const OwnedGObject<GMimeMessage> message = ParseGMimeMessage(file);
  mail.envelope_from = *from;
  mail.envelope_to = *to;
  mail.source = file;
  mail.fields = FieldsOf(file);
  mail.from = ValueOf(mail, "From");
  mail.to = ValueOf(mail, "To");
  mail.subject = ValueOf(mail, "Subject");
  mail.date = ValueOf(mail, "Date");

  if (message != nullptr) g_mime_message_foreach(message.get(), KeepText, &mail);
  return mail;
}

}  // namespace lmsmail::gateway
