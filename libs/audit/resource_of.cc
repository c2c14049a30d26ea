#include "libs/audit/resource_of.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

namespace lmsmail::audit {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kMaxSize = 200;

// Empty if there is no such field of that type.
std::string StringField(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return {};
  }
  return message.GetReflection()->GetString(message, field);
}

std::string NameOfResourceIn(const Message& request) {
  for (int i = 0; i < request.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *request.GetDescriptor()->field(i);
    if (field.is_repeated() || field.message_type() == nullptr ||
        !request.GetReflection()->HasField(request, &field)) {
      continue;
    }
    std::string name = StringField(request.GetReflection()->GetMessage(request, &field), "name");
    if (!name.empty()) return name;
  }
  return {};
}

std::string EnumsOf(const Message& request) {
  std::string text;
  for (int i = 0; i < request.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *request.GetDescriptor()->field(i);
    if (field.is_repeated() || field.enum_type() == nullptr ||
        !request.GetReflection()->HasField(request, &field)) {
      continue;
    }
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field.name(),
                        request.GetReflection()->GetEnum(request, &field)->name());
  }
  return text;
}

// Not within a character of UTF-8.
std::string Shortened(std::string text) {
  if (text.size() <= kMaxSize) return text;
  std::size_t end = kMaxSize;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

}  // namespace

std::string ResourceOf(const Message& request) {
  std::string resource = StringField(request, "name");
  if (resource.empty()) resource = NameOfResourceIn(request);
  if (resource.empty()) resource = StringField(request, "parent");
  if (resource.empty()) resource = EnumsOf(request);
  return Shortened(std::move(resource));
}

}  // namespace lmsmail::audit
