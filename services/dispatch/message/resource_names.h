#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/resource_name/numeric_id.h"
#include "services/dispatch/message/message.h"

// The resource names of the API and the ids that they contain.
namespace lmsmail::dispatch {

using resource_name::DecodeId;
using resource_name::EncodeId;

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
