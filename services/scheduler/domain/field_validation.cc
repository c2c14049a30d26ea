#include "services/scheduler/domain/field_validation.h"

#include <fmt/format.h>

#include <utility>

#include "libs/resource_name/id.h"
#include "libs/validation/text.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

constexpr std::size_t kMaxRequestId = 128;
constexpr std::size_t kMaxDisplayName = 200;

}  // namespace

void CheckNewId(std::string_view id, std::string field, Violations& violations) {
  if (IsId(id)) return;
  violations.Add(std::move(field), "must be 1 to 63 of a-z, 0-9 and -, starting with a letter");
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
