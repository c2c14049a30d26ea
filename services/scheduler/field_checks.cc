#include "services/scheduler/field_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/resource_name/id.h"
#include "libs/validation/text.h"
#include "services/scheduler/resource_names.h"

namespace lmsmail::scheduler {
namespace {

constexpr std::size_t kMaxUrl = 2000;
constexpr std::size_t kMaxRequestId = 128;
constexpr std::size_t kMaxDisplayName = 200;

}  // namespace

void CheckUrl(std::string_view url, std::string field, Violations& violations) {
  if (url.empty()) return;
  const bool http = url.starts_with("https://") || url.starts_with("http://");
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c != 0x7f; });
  if (!http || !printable || url.size() > kMaxUrl) {
    violations.Add(std::move(field),
                   fmt::format("must be an http or https address without spaces, percent-encoded, "
                               "of at most {} characters",
                               kMaxUrl));
  }
}

void CheckRequestId(std::string_view request_id, Violations& violations) {
  validation::CheckText(request_id, "request_id", {.max_length = kMaxRequestId, .required = true},
                        violations);
}

void CheckStudent(std::string_view name, std::string field, Violations& violations) {
  if (ParseRecipientName(name)) return;
  violations.Add(std::move(field), resource_name::kRecipientNameRule);
}

void CheckCourseId(std::string_view id, std::string field, Violations& violations) {
  if (resource_name::IsLmsId(id)) return;
  violations.Add(std::move(field), fmt::format("must be {}", resource_name::kLmsIdRule));
}

void CheckDisplayName(std::string_view text, std::string_view field, Violations& violations) {
  validation::CheckText(text, field, {.max_length = kMaxDisplayName}, violations);
}

}  // namespace lmsmail::scheduler
