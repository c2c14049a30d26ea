#include "libs/telemetry/log_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <variant>

namespace lmsmail::telemetry {
namespace {

std::string_view JsonLevel(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::string_view TextLevel(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarning:
      return "WARNING";
    case Level::kError:
      return "ERROR";
  }
  return "ERROR";
}

// Length of the well-formed UTF-8 sequence that `text` starts with; 0 if there is none. RFC 3629,
// section 4.
size_t Utf8SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
  const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

// Appends a JSON string (RFC 8259, section 7). Invalid UTF-8 becomes U+FFFD, so that a stray byte
// from a peer does not make the line unreadable for a collector.
void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (length > 1) {
      out += text.substr(0, length);
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
    text.remove_prefix(std::max<size_t>(length, 1));
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
                                 JsonLevel(level));
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
  std::string line = fmt::format("{} {} ", FormatTimestamp(time), TextLevel(level));
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
