#include "services/gateway/bounces/mime_message.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/strings/view.h"
#include "services/gateway/mime/gmime_message.h"

namespace lmsmail::gateway {
namespace {

std::string Lower(std::string_view text) { return absl::AsciiStrToLower(ToAbsl(text)); }

// Line breaks of a folded value become blanks.
std::string Unfolded(const char* raw) {
  std::string value = raw == nullptr ? "" : raw;
  std::ranges::replace_if(value, [](char c) { return c == '\r' || c == '\n' || c == '\t'; }, ' ');
  absl::StripAsciiWhitespace(&value);
  return value;
}

Fields FieldsOf(GMimeObject* object) {
  Fields fields;
  GMimeHeaderList* const list = g_mime_object_get_header_list(object);
  const int count = g_mime_header_list_get_count(list);
  for (int i = 0; i < count; ++i) {
    GMimeHeader* const header = g_mime_header_list_get_header_at(list, i);
    fields.emplace_back(Lower(g_mime_header_get_name(header)),
                        Unfolded(g_mime_header_get_raw_value(header)));
  }
  return fields;
}

std::string HeaderText(GMimeMessage* message) {
  std::string text;
  for (const auto& [name, value] : FieldsOf(GMIME_OBJECT(message))) {
    text.append(name).append(": ").append(value).append("\n");
  }
  return text;
}

std::string DecodedContent(GMimePart* part) {
  GMimeDataWrapper* const content = g_mime_part_get_content(part);
  if (content == nullptr) return {};
  const OwnedGObject<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_data_wrapper_write_to_stream(content, stream.get());
  const GByteArray* const octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  if (octets->data == nullptr) return {};
  return {reinterpret_cast<const char*>(octets->data), octets->len};
}

std::string TypeOf(GMimeObject* object) {
  const std::unique_ptr<char, void (*)(void*)> type(
      g_mime_content_type_get_mime_type(g_mime_object_get_content_type(object)), g_free);
  return type == nullptr ? "" : Lower(type.get());
}

void AddParts(GMimeObject* object, std::vector<MimePart>& parts) {
  if (object == nullptr) return;
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* const multipart = GMIME_MULTIPART(object);
    const int count = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < count; ++i) AddParts(g_mime_multipart_get_part(multipart, i), parts);
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* const message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    parts.push_back({TypeOf(object), message == nullptr ? "" : HeaderText(message)});
  } else if (GMIME_IS_PART(object)) {
    parts.push_back({TypeOf(object), DecodedContent(GMIME_PART(object))});
  }
}

std::string_view WithoutMboxLine(std::string_view message) {
  if (!message.starts_with("From ")) return message;
  return message.substr(std::min(message.find('\n'), message.size() - 1) + 1);
}

}  // namespace

std::string_view FieldOf(const Fields& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, [](const auto& field) { return field.first; });
  return found == fields.end() ? std::string_view() : found->second;
}

std::optional<MimeMessage> ParseMimeMessage(std::string_view message) {
  message = WithoutMboxLine(message.substr(0, kMaxMimeSize));
  const OwnedGObject<GMimeMessage> parsed = ParseGMimeMessage(message);
  if (parsed == nullptr) return std::nullopt;
  MimeMessage result;
  result.header = FieldsOf(GMIME_OBJECT(parsed.get()));
  if (result.header.empty()) return std::nullopt;
  AddParts(g_mime_message_get_mime_part(parsed.get()), result.parts);
  return result;
}

}  // namespace lmsmail::gateway
