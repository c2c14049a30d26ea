#pragma once

#include <optional>
#include <string>
#include <string_view>

// Resource names (https://google.aip.dev/122) that several services use. A service defines the
// names of its own resources itself.
namespace lmsmail::resource_name {

inline constexpr char kRecipientNameRule[] =
    "must be recipients/{recipient} with an id of 1 to 63 of A-Z, a-z, 0-9, '_', '-', '.' and '~'";
inline constexpr char kCourseNameRule[] =
    "must be courses/{course} with an id of 1 to 63 of A-Z, a-z, 0-9, '_', '-', '.' and '~'";

std::string RecipientName(std::string_view id);  // "recipients/student-17"
std::string CourseName(std::string_view id);     // "courses/cpp-101"
std::string TemplateName(std::string_view id);   // "templates/welcome"
std::string TemplateVersionName(std::string_view id,
                                int version);  // "templates/welcome/versions/3"

// The id; nullopt for any text that the functions above do not return.
std::optional<std::string> ParseRecipientName(std::string_view name);
std::optional<std::string> ParseCourseName(std::string_view name);
std::optional<std::string> ParseTemplateName(std::string_view name);

// The rest of `name` after `collection`, such as "schedules/", if it satisfies `is_id`.
std::optional<std::string> ParseName(std::string_view name, std::string_view collection,
                                     bool (*is_id)(std::string_view));

}  // namespace lmsmail::resource_name
