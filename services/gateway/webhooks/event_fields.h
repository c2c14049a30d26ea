#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "services/gateway/webhooks/provider_event.h"

// What the events of all providers have in common.
namespace lmsmail::gateway {

inline constexpr std::size_t kMaxAddress = 320;
inline constexpr std::size_t kMaxUrl = 4000;

// The value of `name` in a table of pairs.
template <typename Table, typename Value>
Value FindName(const Table& table, std::string_view name, Value otherwise) {
  const auto found = std::ranges::find(table, name, [](const auto& pair) { return pair.first; });
  return found == table.end() ? otherwise : found->second;
}

// ASCII only.
std::string Lower(std::string text);

// Sets the message_id from the member `lms_message_id`. Returns false if it can be none.
bool ReadMessageId(const nlohmann::json& variables, ProviderEvent& event);

// "550 5.1.1 no such user" from "550 no such user" and "5.1.1". A server mostly repeats the code.
std::string WithEnhancedCode(std::string_view reply, std::string_view enhanced_code);

// "https://school.example" of a link. The rest of it may be a token or personal.
std::string SiteOf(std::string_view url);

}  // namespace lmsmail::gateway
