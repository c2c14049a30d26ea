#include "services/dispatch/message/resource_names.h"

#include <fmt/format.h>

#include <utility>

#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kIdDigits = 13;  // 5 bits each for 64 bits

constexpr std::string_view kMessages = "messages/";
constexpr std::string_view kBatches = "batches/";
constexpr std::string_view kVersions = "/versions/";

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
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

std::string TemplateVersionName(const TemplateRef& ref) {
  return resource_name::TemplateVersionName(ref.key, ref.version);
}

std::optional<ParsedTemplateName> ParseTemplateName(std::string_view name) {
  ParsedTemplateName parsed;
  if (const std::size_t at = name.find(kVersions); at != std::string_view::npos) {
    parsed.version = resource_name::ParseNumber(name.substr(at + kVersions.size()));
    if (!parsed.version) return std::nullopt;
    name = name.substr(0, at);
  }
  std::optional<std::string> key = resource_name::ParseTemplateName(name);
  if (!key) return std::nullopt;
  parsed.key = *std::move(key);
  return parsed;
}

}  // namespace lmsmail::dispatch
