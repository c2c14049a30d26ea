#include "services/scheduler/resource_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace lmsmail::scheduler {
namespace {

constexpr std::string_view kSchedules = "schedules/";
constexpr std::string_view kAutomations = "automations/";
constexpr std::string_view kRecipients = "recipients/";
constexpr std::string_view kTemplates = "templates/";
constexpr std::size_t kMaxId = 63;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool HasIdLength(std::string_view id) { return !id.empty() && id.size() <= kMaxId; }

std::optional<std::string> Parse(std::string_view name, std::string_view collection,
                                 bool (*is_id)(std::string_view)) {
  if (!name.starts_with(collection)) return std::nullopt;
  name.remove_prefix(collection.size());
  if (!is_id(name)) return std::nullopt;
  return std::string(name);
}

bool IsTemplateId(std::string_view id) {
  return HasIdLength(id) && IsLower(id.front()) && std::ranges::all_of(id, [](char c) {
           return IsLower(c) || IsDigit(c) || c == '_' || c == '-';
         });
}

}  // namespace

bool IsId(std::string_view id) {
  return HasIdLength(id) && IsLower(id.front()) &&
         std::ranges::all_of(id, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsLmsId(std::string_view id) {
  return HasIdLength(id) && std::ranges::all_of(id, [](char c) {
           return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '_' || c == '-' || c == '.' ||
                  c == '~';
         });
}

std::string ScheduleName(std::string_view id) { return fmt::format("{}{}", kSchedules, id); }
std::string RunName(std::string_view schedule, std::string_view run) {
  return fmt::format("{}{}/runs/{}", kSchedules, schedule, run);
}
std::string AutomationName(std::string_view id) { return fmt::format("{}{}", kAutomations, id); }
std::string CourseName(std::string_view id) { return fmt::format("courses/{}", id); }

std::optional<std::string> ParseScheduleName(std::string_view name) {
  return Parse(name, kSchedules, IsId);
}
std::optional<std::string> ParseAutomationName(std::string_view name) {
  return Parse(name, kAutomations, IsId);
}
std::optional<std::string> ParseRecipientName(std::string_view name) {
  return Parse(name, kRecipients, IsLmsId);
}
bool IsTemplateName(std::string_view name) {
  return Parse(name, kTemplates, IsTemplateId).has_value();
}

std::string RunId(absl::Time nominal_time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", nominal_time, absl::UTCTimeZone());
}

}  // namespace lmsmail::scheduler
