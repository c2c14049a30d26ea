#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/dispatch/message.h"

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

std::string TemplateName(std::string_view key);           // "templates/enrollment"
std::string TemplateVersionName(const TemplateRef& ref);  // "templates/enrollment/versions/3"

struct ParsedTemplateName {
  std::string key;
  std::optional<int> version;  // absent: the published one
};
std::optional<ParsedTemplateName> ParseTemplateName(std::string_view name);

// "recipients/{id}", the id 1 to 63 of A-Z, a-z, 0-9, '_', '-', '.' and '~'.
bool IsRecipientName(std::string_view name);

}  // namespace lmsmail::dispatch
