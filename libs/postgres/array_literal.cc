#include "libs/postgres/array_literal.h"

#include <fmt/format.h>

#include "libs/postgres/timestamp.h"

namespace lmsmail::postgres {

void ArrayLiteral::Separate() {
  if (text_.size() > 1) text_.push_back(',');
}

void ArrayLiteral::AddText(std::string_view text) {
  Separate();
  // Always in quotes, so that "", "NULL", braces, commas and spaces are no special cases.
  text_.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') text_.push_back('\\');
    text_.push_back(c);
  }
  text_.push_back('"');
}

void ArrayLiteral::AddInt(std::int64_t value) {
  Separate();
  fmt::format_to(std::back_inserter(text_), "{}", value);
}

void ArrayLiteral::AddDouble(double value) {
  Separate();
  // The shortest text that reads back as the same double. PostgreSQL also reads "inf" and "nan".
  fmt::format_to(std::back_inserter(text_), "{}", value);
}

void ArrayLiteral::AddBool(bool value) {
  Separate();
  text_.push_back(value ? 't' : 'f');
}

void ArrayLiteral::AddTime(absl::Time time) { AddText(ToTimestamptz(time)); }

void ArrayLiteral::AddNull() {
  Separate();
  text_ += "NULL";
}

}  // namespace lmsmail::postgres
