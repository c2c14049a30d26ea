#include "services/report/clients/recipient_zones_client.h"

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "services/report/domain/resource_names.h"

namespace lmsmail::report {

namespace pb = preference::v1;

absl::StatusOr<std::vector<std::string>> RecipientZonesClient::Get(
    absl::Span<const std::string> students) {
  pb::GetTimeZonesRequest request;
  for (const std::string& student : students) request.add_recipients(RecipientName(student));
  LMSMAIL_ASSIGN_OR_RETURN(const pb::GetTimeZonesResponse response,
                           rpc::Call(*stub_, &pb::PreferenceService::StubInterface::GetTimeZones,
                                     request, rpc::WithTimeout(timeout_)));
  if (static_cast<std::size_t>(response.time_zones_size()) != students.size()) {
    return absl::UnavailableError("the number of time zones differs from that of students");
  }
  return std::vector<std::string>(response.time_zones().begin(), response.time_zones().end());
}

}  // namespace lmsmail::report
