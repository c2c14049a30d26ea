#include "services/gateway/webhooks/event_json.h"

#include <algorithm>
#include <utility>

#include "libs/hash/sha256.h"
#include "libs/strings/utf8.h"

namespace lmsmail::gateway {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 20;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr double kEndOfTime = 253'402'300'799;             // 9999-12-31T23:59:59

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Between tokens a blank means the same as the characters it replaces.
std::string Repair(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  while (!text.empty()) {
    // Nearly all of it.
    const std::size_t plain = FindOctet(text, [](Octets x) { return (x < 0x20) | (x > 0x7e); });
    repaired += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto point = FirstCodePoint(text);
    if (!point) {
      repaired += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    // C1 control characters have two octets.
    const bool control = point->value < 0x20 || (point->value >= 0x7f && point->value < 0xa0);
    if (control) {
      repaired += ' ';
    } else {
      repaired += text.substr(0, point->size);
    }
    text.remove_prefix(point->size);
  }
  return repaired;
}

// Whether no value is nested too deeply.
bool IsShallow(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
      continue;
    }
    quoted = c == '"';
    if ((c == '[' || c == '{') && ++depth > kMaxDepth) return false;
    if (c == ']' || c == '}') --depth;
  }
  return true;
}

std::optional<json> ParseRepaired(std::string_view text) {
  // A parser that asks about each value takes longer.
  if (IsShallow(text)) {
    json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (parsed.is_discarded()) return std::nullopt;
    return parsed;
  }
  const auto keep = [](int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; };
  json parsed = json::parse(text, keep, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return std::nullopt;
  return parsed;
}

// Where the elements of an array lie, by its quotes and brackets alone. The elements may be
// anything.
std::vector<std::string_view> ElementsOf(std::string_view array) {
  std::vector<std::string_view> elements;
  std::size_t begin = 1;  // after the bracket
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = 1; at < array.size(); ++at) {
    const char c = array[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
      continue;
    }
    quoted = c == '"';
    if (c == '[' || c == '{') ++depth;
    const bool end = depth == 0 && (c == ',' || c == ']');
    if (end) {
      elements.push_back(array.substr(begin, at - begin));
      begin = at + 1;
    } else if (c == ']' || c == '}') {
      --depth;
    }
    if (end && c == ']') break;
  }
  return elements;
}

}  // namespace

std::optional<json> ParseJson(std::string_view text) { return ParseRepaired(Repair(text)); }

std::optional<std::vector<std::optional<json>>> ParseJsonArray(std::string_view text) {
  const std::string repaired = Repair(text);
  std::vector<std::optional<json>> elements;
  if (std::optional<json> whole = ParseRepaired(repaired)) {
    if (!whole->is_array()) return std::nullopt;
    for (json& element : *whole) elements.emplace_back(std::move(element));
    return elements;
  }
  std::string_view array = repaired;
  array.remove_prefix(std::min(array.find_first_not_of(' '), array.size()));
  if (!array.starts_with('[')) return std::nullopt;
  for (const std::string_view element : ElementsOf(array)) {
    elements.push_back(ParseRepaired(element));
  }
  const bool any = std::ranges::any_of(elements, [](const auto& it) { return it.has_value(); });
  if (!any) return std::nullopt;
  return elements;
}

const json& Member(const json& object, std::string_view name) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::string CleanText(std::string_view text, std::size_t max) {
  return std::string(TruncateUtf8(Repair(text.substr(0, 4 * max)), max));
}

std::string TextMember(const json& object, std::string_view name, std::size_t max) {
  const json& member = Member(object, name);
  return member.is_string() ? CleanText(member.get_ref<const std::string&>(), max) : "";
}

bool IsId(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max && std::ranges::all_of(text, [](char c) {
    return !IsControl(c) && c != ' ' && static_cast<unsigned char>(c) < 0x80;
  });
}

std::optional<absl::Time> TimeMember(const json& object, std::string_view name) {
  const json& member = Member(object, name);
  if (!member.is_number()) return std::nullopt;
  const double seconds = member.get<double>();
  if (!(seconds >= 0 && seconds <= kEndOfTime)) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

std::string DerivedId(const json& event) {
  const std::string text = event.dump(-1, ' ', false, json::error_handler_t::replace);
  return "sha256-" + hash::Sha256Hex(text);
}

}  // namespace lmsmail::gateway
