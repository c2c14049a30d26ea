#include "libs/http_server/media_type.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"

#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

void SkipBlanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view TakeToken(std::string_view& text) {
  const auto* const end = std::ranges::find_if_not(text, IsTokenCharacter);
  const auto size = static_cast<size_t>(end - text.begin());
  const std::string_view token = text.substr(0, size);
  text.remove_prefix(size);
  return token;
}

std::optional<std::string> TakeQuoted(std::string_view& text) {
  std::string value;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\') ++i;
    if (i == text.size()) break;
    value += text[i];
  }
  return {};
}

bool TakeParameter(std::string_view& text, MediaType& type) {
  const std::string name = absl::AsciiStrToLower(ToAbsl(TakeToken(text)));
  if (name.empty() || type.Parameter(name) != nullptr || !text.starts_with('=')) return false;
  text.remove_prefix(1);
  if (text.starts_with('"')) {
    auto value = TakeQuoted(text);
    if (!value) return false;
    type.parameters.emplace_back(name, *std::move(value));
    return true;
  }
  const std::string_view value = TakeToken(text);
  type.parameters.emplace_back(name, value);
  return !value.empty();
}

}  // namespace

const std::string* MediaType::Parameter(std::string_view name) const {
  const auto found =
      std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? nullptr : &found->second;
}

std::optional<MediaType> ParseMediaType(std::string_view value) {
  MediaType type;
  SkipBlanks(value);
  type.type = TakeToken(value);
  if (value.starts_with('/')) {
    value.remove_prefix(1);
    const std::string_view subtype = TakeToken(value);
    if (subtype.empty()) return {};
    type.type.append("/").append(subtype);
  }
  absl::AsciiStrToLower(&type.type);
  if (type.type.empty() || type.type.starts_with('/')) return {};
  while (true) {
    SkipBlanks(value);
    if (value.empty()) return type;
    if (!value.starts_with(';')) return {};
    value.remove_prefix(1);
    SkipBlanks(value);
    if (value.empty()) return type;  // clients write a semicolon without a parameter
    if (!TakeParameter(value, type)) return {};
  }
}

}  // namespace lmsmail::http_server
