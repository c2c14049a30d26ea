#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/dispatch/message/message.h"

// The resource names of the API and the ids that they contain.
namespace lmsmail::dispatch {

// 13 lower-case characters of Crockford's base32. Sorts in the order of the ids.
std::string EncodeId(std::int64_t id);
// Returns nullopt for any text that EncodeId does not return.
std::optional<std::int64_t> DecodeId(std::string_view text);

std::string MessageName(MessageId id);  // "messages/0a1b..."
std::optional<MessageId> ParseMessageName(std::string_view name);
std::string BatchName(BatchId id);  // "batches/0a1b..."; empty for 0
std::optional<BatchId> ParseBatchName(std::string_view name);

std::string TemplateVersionName(const TemplateRef& ref);  // "templates/enrollment/versions/3"

struct ParsedTemplateName {
  std::string key;
  std::optional<int> version;  // nullopt: the published one
};
std::optional<ParsedTemplateName> ParseTemplateName(std::string_view name);

}  // namespace lmsmail::dispatch
