#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/dispatch/message/message.h"

// Resource names of the protocol and the identifiers behind them.
namespace lmsmail::dispatch {

// 13 characters of Crockford's base32 in lower case; sorts as the number does.
std::string EncodeId(std::int64_t id);
// Strict: the one spelling EncodeId gives. nullopt for anything else.
std::optional<std::int64_t> DecodeId(std::string_view text);

std::string MessageName(MessageId id);  // "messages/0a1b..."
std::optional<MessageId> ParseMessageName(std::string_view name);
std::string BatchName(BatchId id);  // "batches/0a1b...", "" for 0
std::optional<BatchId> ParseBatchName(std::string_view name);

std::string TemplateVersionName(const TemplateRef& ref);  // "templates/enrollment/versions/3"

// What a mail may be asked to be of: a template, or one version of it.
struct ParsedTemplateName {
  std::string key;
  std::optional<int> version;  // absent: the published one
};
std::optional<ParsedTemplateName> ParseTemplateName(std::string_view name);

}  // namespace lmsmail::dispatch
