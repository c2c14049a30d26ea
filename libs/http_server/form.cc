#include "libs/http_server/form.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "libs/http_server/media_type.h"
#include "libs/http_server/target.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::http_server {
namespace {

absl::Status BadMultipart() {
  return absl::InvalidArgumentError("the body is not well-formed multipart/form-data");
}

absl::Status TooManyFields() { return absl::InvalidArgumentError("the form has too many fields"); }

std::optional<std::string> DecodeForm(absl::string_view text) {
  return DecodePercent(absl::StrReplaceAll(text, {{"+", " "}}));
}

// What precedes `mark`, which is removed with it from `text`.
std::optional<std::string_view> TakeUntil(std::string_view& text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + mark.size());
  return taken;
}

// Reads one line of a part's header into `field`. False if it is malformed.
bool ReadPartHeader(std::string_view line, FormField& field, bool& named) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const absl::string_view name = ToAbsl(line.substr(0, colon));
  const std::string_view value = ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(colon + 1))));
  if (absl::EqualsIgnoreCase(name, "Content-Type")) field.content_type = value;
  if (!absl::EqualsIgnoreCase(name, "Content-Disposition")) return true;

  const auto disposition = ParseMediaType(value);
  if (!disposition || disposition->type != "form-data" || named) return false;
  const std::string* const field_name = disposition->Parameter("name");
  if (field_name == nullptr) return false;
  named = true;
  field.name = *field_name;
  if (const std::string* const filename = disposition->Parameter("filename")) {
    field.has_filename = true;
    field.filename = *filename;
  }
  return true;
}

}  // namespace

absl::StatusOr<Form> ParseUrlEncoded(std::string_view text, size_t max_fields) {
  Form form;
  for (const absl::string_view pair : absl::StrSplit(ToAbsl(text), '&', absl::SkipEmpty())) {
    if (form.size() == max_fields) return TooManyFields();
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = DecodeForm(pair.substr(0, equals));
    auto value = DecodeForm(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) {
      return absl::InvalidArgumentError("the form has a \"%\" without two hexadecimal digits");
    }
    form.push_back({.name = *std::move(name), .value = *std::move(value)});
  }
  return form;
}

absl::StatusOr<Form> ParseMultipart(std::string_view body, std::string_view boundary,
                                    size_t max_fields) {
  if (boundary.empty() || boundary.size() > 70) return BadMultipart();
  const std::string delimiter = "\r\n--" + std::string(boundary);
  if (!body.starts_with(delimiter.substr(2))) return BadMultipart();
  body.remove_prefix(delimiter.size() - 2);

  Form form;
  while (!body.starts_with("--")) {
    if (form.size() == max_fields) return TooManyFields();
    if (!body.starts_with("\r\n")) return BadMultipart();
    body.remove_prefix(2);
    FormField field;
    bool named = false;
    while (true) {
      const auto line = TakeUntil(body, "\r\n");
      if (!line) return BadMultipart();
      if (line->empty()) break;
      if (!ReadPartHeader(*line, field, named)) return BadMultipart();
    }
    const auto value = TakeUntil(body, delimiter);
    if (!value || !named) return BadMultipart();
    field.value = *value;
    form.push_back(std::move(field));
  }
  body.remove_prefix(2);
  if (!body.empty() && body != "\r\n") return BadMultipart();
  return form;
}

absl::StatusOr<Form> ParseForm(const Request& request, size_t max_fields) {
  if (request.headers.Count("Content-Type") == 1) {
    const auto type = ParseMediaType(request.headers.Get("Content-Type"));
    if (!type) return absl::InvalidArgumentError("Content-Type: is malformed");
    if (type->type == "application/x-www-form-urlencoded")
      return ParseUrlEncoded(request.body, max_fields);
    const std::string* const boundary = type->Parameter("boundary");
    if (type->type == "multipart/form-data" && boundary != nullptr) {
      return ParseMultipart(request.body, *boundary, max_fields);
    }
  }
  return absl::UnimplementedError(
      "Content-Type: must be application/x-www-form-urlencoded or multipart/form-data");
}

const std::string* FindField(const Form& form, std::string_view name) {
  const auto found = std::ranges::find(form, name, &FormField::name);
  return found == form.end() ? nullptr : &found->value;
}

}  // namespace lmsmail::http_server
