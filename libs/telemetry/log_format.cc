#include "libs/telemetry/log_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <variant>

#include "absl/strings/ascii.h"

#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::telemetry {
namespace {

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      break;
  }
  return "error";
}

// Appends a JSON string (RFC 8259, section 7). Invalid UTF-8 becomes U+FFFD, so that a stray byte
// from a peer does not make the line unreadable for a collector.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto point = FirstCodePoint(text);
    const char c = text.front();
    if (!point) {
      out += "\xEF\xBF\xBD";
    } else if (point->size > 1) {
      out += text.substr(0, point->size);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
    text.remove_prefix(point ? point->size : 1);
  }
  out += '"';
}

void AppendJsonValue(std::string& out, const FieldValue& value) {
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_convertible_v<T, std::string_view>) {
          AppendQuoted(out, v);
        } else {
          if constexpr (std::is_same_v<T, double>) {
            if (!std::isfinite(v)) return AppendQuoted(out, fmt::format("{}", v));
          }
          fmt::format_to(std::back_inserter(out), "{}", v);
        }
      },
      value.value());
}

bool IsPlainWord(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

// Quotes the message only if it would break the line or control a terminal.
void AppendMessage(std::string& out, std::string_view message) {
  std::string quoted;
  AppendQuoted(quoted, message);
  const bool plain = quoted.find('\\') == std::string::npos;
  out += plain ? std::string_view(quoted).substr(1, quoted.size() - 2) : std::string_view(quoted);
}

}  // namespace

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::string FormatValue(const FieldValue& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value.value());
}

std::string FormatJson(absl::Time time, Level level, std::string_view service,
                       std::string_view message, std::span<const Field> fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","service":)", FormatTimestamp(time),
                                 LevelName(level));
  AppendQuoted(line, service);
  line += R"(,"message":)";
  AppendQuoted(line, message);
  for (const Field& field : fields) {
    line += ',';
    AppendQuoted(line, field.name);
    line += ':';
    AppendJsonValue(line, field.value);
  }
  line += '}';
  return line;
}

std::string FormatText(absl::Time time, Level level, std::string_view message,
                       std::span<const Field> fields) {
  std::string line =
      fmt::format("{} {} ", FormatTimestamp(time), absl::AsciiStrToUpper(ToAbsl(LevelName(level))));
  AppendMessage(line, message);
  for (const Field& field : fields) {
    fmt::format_to(std::back_inserter(line), " {}=", field.name);
    const std::string value = FormatValue(field.value);
    if (IsPlainWord(value)) {
      line += value;
    } else {
      AppendQuoted(line, value);
    }
  }
  return line;
}

}  // namespace lmsmail::telemetry
