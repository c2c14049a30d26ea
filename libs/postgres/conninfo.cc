#include "libs/postgres/conninfo.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <memory>

namespace lmsmail::postgres {
namespace {

// PostgreSQL manual 34.1.1.1: quotes around a value, a backslash before each quote and backslash.
std::string QuoteValue(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + '\'';
}

// The server splits "options" at spaces without a backslash before them.
std::string EscapeOption(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == ' ' || c == '\\') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

bool ContainsNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

absl::StatusOr<std::string> MakeConninfo(std::string_view dsn, const NamedValues& parameters,
                                         const NamedValues& settings) {
  char* parse_error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      ContainsNul(dsn) ? nullptr : PQconninfoParse(std::string(dsn).c_str(), &parse_error),
      &PQconninfoFree);
  PQfreemem(parse_error);  // Not shown, because it may quote a part of the password.
  if (parsed == nullptr) {
    return absl::InvalidArgumentError(
        "the database DSN is malformed: write \"host=... dbname=... user=...\" or "
        "\"postgresql://user@host/dbname\"");
  }

  std::map<std::string, std::string> merged(parameters.begin(), parameters.end());
  std::string options;
  for (const auto& [name, value] : settings) {
    if (ContainsNul(name) || ContainsNul(value)) {
      return absl::InvalidArgumentError("a database session setting contains a NUL byte");
    }
    options += fmt::format("-c {}={} ", name, EscapeOption(value));
  }
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) merged[option->keyword] = option->val;
  }
  merged["options"].insert(0, options);  // The last setting of a name wins.

  std::string conninfo;
  for (const auto& [keyword, value] : merged) {
    conninfo += fmt::format("{}={} ", keyword, QuoteValue(value));
  }
  return conninfo;
}

bool IsPlainIdentifier(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= 63 && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace lmsmail::postgres
