#pragma once

#include <optional>
#include <string_view>

// The last segments of resource names that callers choose.
namespace lmsmail::resource_name {

// Of what the LMS names itself: recipients and courses. The letters are those of an URL's path
// (unreserved, RFC 3986 section 2.3).
bool IsLmsId(std::string_view id);
inline constexpr char kLmsIdRule[] = "1 to 63 of A-Z, a-z, 0-9, '_', '-', '.' and '~'";

// Of what staff name: 1 to 63 of a-z, 0-9 and `punctuation`, starting with a letter.
bool IsStaffId(std::string_view id, std::string_view punctuation);
inline bool IsTemplateId(std::string_view id) { return IsStaffId(id, "_-"); }

// A number from 1, without leading zeros. nullopt for anything else.
std::optional<int> ParseNumber(std::string_view text);

}  // namespace lmsmail::resource_name
