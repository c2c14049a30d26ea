#include "services/dispatch/resource_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdDigits = 13;  // 64 bits by fives
constexpr std::size_t kMaxIdLength = 63;

constexpr std::string_view kMessages = "messages/";
constexpr std::string_view kBatches = "batches/";
constexpr std::string_view kTemplates = "templates/";
constexpr std::string_view kVersions = "/versions/";
constexpr std::string_view kRecipients = "recipients/";

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsTemplateKey(std::string_view key) {
  return !key.empty() && key.size() <= kMaxIdLength && IsLower(key.front()) &&
         std::all_of(key.begin(), key.end(),
                     [](char c) { return IsLower(c) || IsDigit(c) || c == '_' || c == '-'; });
}

}  // namespace

std::string EncodeId(std::int64_t id) {
  std::string text(kIdDigits, '0');
  auto rest = static_cast<std::uint64_t>(id);
  for (std::size_t i = kIdDigits; i-- > 0; rest >>= 5) text[i] = kAlphabet[rest & 31];
  return text;
}

std::optional<std::int64_t> DecodeId(std::string_view text) {
  if (text.size() != kIdDigits || text.front() > '7') return std::nullopt;
  std::uint64_t id = 0;
  for (const char c : text) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    id = id << 5 | digit;
  }
  if (id == 0 || id > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return static_cast<std::int64_t>(id);
}

std::string MessageName(MessageId id) { return fmt::format("{}{}", kMessages, EncodeId(id)); }

std::optional<MessageId> ParseMessageName(std::string_view name) {
  if (!TakePrefix(name, kMessages)) return std::nullopt;
  return DecodeId(name);
}

std::string BatchName(BatchId id) {
  return id == 0 ? "" : fmt::format("{}{}", kBatches, EncodeId(id));
}

std::optional<BatchId> ParseBatchName(std::string_view name) {
  if (!TakePrefix(name, kBatches)) return std::nullopt;
  return DecodeId(name);
}

std::string TemplateName(std::string_view key) { return fmt::format("{}{}", kTemplates, key); }

std::string TemplateVersionName(const TemplateRef& ref) {
  return fmt::format("{}{}{}{}", kTemplates, ref.key, kVersions, ref.version);
}

std::optional<ParsedTemplateName> ParseTemplateName(std::string_view name) {
  if (!TakePrefix(name, kTemplates)) return std::nullopt;
  ParsedTemplateName parsed;
  if (const std::size_t slash = name.find('/'); slash != std::string_view::npos) {
    std::string_view number = name.substr(slash);
    name = name.substr(0, slash);
    if (!TakePrefix(number, kVersions) || number.empty() || number.front() == '0') {
      return std::nullopt;
    }
    int version = 0;
    const char* const end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, version);
    if (error != std::errc() || stop != end || version < 1) return std::nullopt;
    parsed.version = version;
  }
  if (!IsTemplateKey(name)) return std::nullopt;
  parsed.key = std::string(name);
  return parsed;
}

bool IsRecipientName(std::string_view name) {
  if (!TakePrefix(name, kRecipients)) return false;
  return !name.empty() && name.size() <= kMaxIdLength &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return IsLower(c) || IsDigit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
                  c == '.' || c == '~';
         });
}

}  // namespace lmsmail::dispatch
