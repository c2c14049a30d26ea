#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// Reads JSON that a provider, or somebody who claims to be one, has sent.
namespace lmsmail::gateway {

// nullopt if the text is no JSON document. Invalid UTF-8 becomes U+FFFD, and a control character
// that is not escaped a blank, because providers pass on what mail servers say. Values that are
// nested too deeply are left out.
std::optional<nlohmann::json> ParseJson(std::string_view text);

// The elements of a JSON array, or nullopt if `text` is none. An element that is not well-formed is
// nullopt in the result and does not impair the others.
std::optional<std::vector<std::optional<nlohmann::json>>> ParseJsonArray(std::string_view text);

// The member of an object, or null. `object` may be anything.
const nlohmann::json& Member(const nlohmann::json& object, std::string_view name);
// A text member, empty if there is none. Line breaks and other control characters become blanks,
// and no code point is split at `max` octets.
std::string TextMember(const nlohmann::json& object, std::string_view name, std::size_t max);
// The same for any text.
std::string CleanText(std::string_view text, std::size_t max);
// Whether `text` is an id: 1 to `max` printable ASCII characters without blanks.
bool IsId(std::string_view text, std::size_t max);
// A number of seconds since 1970 between the years 1970 and 9999.
std::optional<absl::Time> TimeMember(const nlohmann::json& object, std::string_view name);
// An id for an event without one, the same for the same event.
std::string DerivedId(const nlohmann::json& event);

}  // namespace lmsmail::gateway
