#include "services/dispatch/rendering/personal_values.h"

#include <algorithm>
#include <string_view>

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMinLength = 2;
constexpr std::size_t kMaxLength = 256;
// Each costs a search of the whole content.
constexpr std::size_t kMaxValues = 32;

void Add(std::string_view value, std::vector<std::string>& values) {
  const bool fits = value.size() >= kMinLength && value.size() <= kMaxLength;
  if (values.size() < kMaxValues) values.emplace_back(fits ? value : "");
}

void AddTexts(const render::Value& value, std::vector<std::string>& values) {
  if (value.has_string_value()) return Add(value.string_value(), values);
  for (const render::Field& field : value.struct_value().fields()) AddTexts(field.value(), values);
  for (const render::Value& item : value.list_value().values()) AddTexts(item, values);
}

}  // namespace

std::vector<std::string> PersonalValues(const Recipient& recipient, const render::Object& own) {
  std::vector<std::string> values;
  Add(recipient.unsubscribe_url, values);
  Add(recipient.preferences_url, values);
  Add(recipient.address ? recipient.address->ToString() : "", values);
  Add(recipient.display_name, values);
  Add(recipient.given_name, values);
  for (const render::Field& field : own.fields()) AddTexts(field.value(), values);
  return values;
}

void AddWritten(const std::vector<std::string>& written, std::vector<std::string>& values) {
  for (const std::string& text : written) {
    if (std::ranges::find(values, text) == values.end()) Add(text, values);
  }
}

}  // namespace lmsmail::dispatch
