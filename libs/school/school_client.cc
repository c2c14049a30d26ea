#include "libs/school/school_client.h"

#include "libs/protobuf/time.h"
#include "libs/rpc/client_call.h"
#include "libs/school/convert.h"
#include "libs/status/status_macros.h"

namespace lmsmail::school {

absl::StatusOr<School> SchoolClient::Get() {
  namespace pb = preference::v1;
  LMSMAIL_ASSIGN_OR_RETURN(const pb::School proto,
                           rpc::Call(*stub_, &pb::PreferenceService::StubInterface::GetSchool,
                                     pb::GetSchoolRequest(), rpc::WithTimeout(timeout_)));
  School school = FromProto(proto);
  LMSMAIL_ASSIGN_OR_RETURN(school.update_time, protobuf::FromProto(proto.update_time()));
  // Readers compare revisions by their order, and only the times of changes have one here.
  school.revision = absl::ToUnixMicros(school.update_time);
  return school;
}

}  // namespace lmsmail::school
