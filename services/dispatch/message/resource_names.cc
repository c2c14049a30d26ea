#include "services/dispatch/message/resource_names.h"

#include <fmt/format.h>

#include <utility>

#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::string_view kMessages = "messages/";
constexpr std::string_view kBatches = "batches/";
constexpr std::string_view kVersions = "/versions/";

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

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
