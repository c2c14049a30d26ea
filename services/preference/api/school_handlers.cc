#include "services/preference/api/school_handlers.h"

#include <string>
#include <string_view>

#include "libs/rpc/field_mask.h"
#include "libs/school/convert.h"
#include "libs/status/status_macros.h"

namespace lmsmail::preference {
namespace {

constexpr std::string_view kUpdatable[] = {
    "display_name", "url",   "postal_address", "language_code",   "time_zone",
    "logo_url",     "color", "reply_to",       "support_address", "reports_after_leaving"};
constexpr std::string_view kOutputOnly[] = {"name", "update_time", "etag"};

void CheckName(const std::string& name, const char* field, Violations& violations) {
  if (!name.empty() && name != "school") violations.Add(field, "must be school, or empty");
}

}  // namespace

absl::Status SchoolHandlers::GetSchool(const rpc::CallInfo& call,
                                       const v1::GetSchoolRequest& request, v1::School& response) {
  Violations violations;
  CheckName(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const school::School school, school_.Get(call.deadline));
  response = school::ToProto(school);
  return absl::OkStatus();
}

absl::Status SchoolHandlers::UpdateSchool(const rpc::CallInfo& call,
                                          const v1::UpdateSchoolRequest& request,
                                          v1::School& response) {
  Violations violations;
  CheckName(request.school().name(), "school.name", violations);
  const auto fields =
      rpc::FieldsToUpdate(request.update_mask(), request.school(),
                          {.updatable = kUpdatable, .output_only = kOutputOnly}, violations);
  if (fields.empty() && violations.empty()) {
    violations.Add("update_mask",
                   "is required when no field of school is set: nothing would be changed");
  }
  LMSMAIL_ASSIGN_OR_RETURN(const school::School school,
                           school_.Update(school::FromProto(request.school()), fields,
                                          request.school().etag(), violations, call.deadline));
  response = school::ToProto(school);
  return absl::OkStatus();
}

}  // namespace lmsmail::preference
