#include "libs/telemetry/log_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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

// Longer texts of events are cut, because peers choose some of them.
constexpr std::size_t kMaxTextBytes = 2048;

// What could make a line look like another one, or like two: controls, line and paragraph
// separators, bidirectional controls and characters without a width.
bool IsDeceptive(char32_t c) {
  return (c >= 0x80 && c <= 0x9F) || c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F ||
         c == 0x1160 || c == 0x17B4 || c == 0x17B5 || (c >= 0x180B && c <= 0x180F) ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0x3164 || (c >= 0xFE00 && c <= 0xFE0F) ||
         c == 0xFEFF || c == 0xFFA0 || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

// As JSON escapes it (RFC 8259, section 7): in UTF-16.
void AppendEscaped(std::string& out, char32_t c) {
  const auto unit = [&out](char32_t value) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(value));
  };
  if (c < 0x10000) return unit(c);
  unit(0xD800 + ((c - 0x10000) >> 10));
  unit(0xDC00 + ((c - 0x10000) & 0x3FF));
}

// Appends a JSON string (RFC 8259, section 7). Invalid UTF-8 becomes U+FFFD, so that a stray byte
// from a peer does not make the line unreadable for a collector.
void AppendQuoted(std::string& out, std::string_view all) {
  std::string_view text = TruncateUtf8(all, kMaxTextBytes);
  const std::size_t cut = all.size() - text.size();
  out += '"';
  while (!text.empty()) {
    const auto point = FirstCodePoint(text);
    const char c = text.front();
    if (!point) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsDeceptive(point->value) || point->value < 0x20 || point->value == 0x7F) {
      AppendEscaped(out, point->value);
    } else {
      out += text.substr(0, point->size);
    }
    text.remove_prefix(point ? point->size : 1);
  }
  if (cut > 0) fmt::format_to(std::back_inserter(out), "... ({} bytes more)", cut);
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
  return !text.empty() && text.size() <= kMaxTextBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
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
