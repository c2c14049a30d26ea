#pragma once

#include <optional>
#include <string_view>

// The ids, chosen by callers, that end resource names.
namespace lmsmail::resource_name {

// Ids that the LMS chooses, of recipients and courses: the unreserved characters of a URL (RFC 3986
// section 2.3).
bool IsLmsId(std::string_view id);
inline constexpr char kLmsIdRule[] = "1 to 63 of A-Z, a-z, 0-9, '_', '-', '.' and '~'";

// Ids that staff choose: 1 to 63 of a-z, 0-9 and `punctuation`, starting with a letter.
bool IsStaffId(std::string_view id, std::string_view punctuation);
inline bool IsTemplateId(std::string_view id) { return IsStaffId(id, "_-"); }

// A number from 1, without leading zeros. nullopt for anything else.
std::optional<int> ParseNumber(std::string_view text);

}  // namespace lmsmail::resource_name
