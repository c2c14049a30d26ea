#include "libs/resource_name/name.h"

#include <fmt/format.h>

#include "libs/resource_name/id.h"

namespace lmsmail::resource_name {
namespace {

constexpr std::string_view kRecipients = "recipients/";
constexpr std::string_view kCourses = "courses/";
constexpr std::string_view kTemplates = "templates/";

}  // namespace

std::string RecipientName(std::string_view id) { return fmt::format("{}{}", kRecipients, id); }
std::string CourseName(std::string_view id) { return fmt::format("{}{}", kCourses, id); }
std::string TemplateName(std::string_view id) { return fmt::format("{}{}", kTemplates, id); }
std::string TemplateVersionName(std::string_view id, int version) {
  return fmt::format("{}{}/versions/{}", kTemplates, id, version);
}

std::optional<std::string> ParseRecipientName(std::string_view name) {
  return ParseName(name, kRecipients, IsLmsId);
}
std::optional<std::string> ParseCourseName(std::string_view name) {
  return ParseName(name, kCourses, IsLmsId);
}
std::optional<std::string> ParseTemplateName(std::string_view name) {
  return ParseName(name, kTemplates, IsTemplateId);
}

std::optional<std::string> ParseName(std::string_view name, std::string_view collection,
                                     bool (*is_id)(std::string_view)) {
  if (!name.starts_with(collection)) return std::nullopt;
  name.remove_prefix(collection.size());
  if (!is_id(name)) return std::nullopt;
  return std::string(name);
}

}  // namespace lmsmail::resource_name
