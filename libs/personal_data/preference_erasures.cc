#include "libs/personal_data/preference_erasures.h"

#include "absl/time/clock.h"

#include "libs/resource_name/name.h"
#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::personal_data {
namespace {

namespace pb = lmsmail::preference::v1;
using Stub = pb::PreferenceService::StubInterface;

}  // namespace

absl::StatusOr<std::vector<Person>> PreferenceErasures::Pending(absl::Time deadline) {
  pb::ListPendingErasuresRequest request;
  request.set_service(service_);
  LMSMAIL_ASSIGN_OR_RETURN(const pb::ListPendingErasuresResponse response,
                           rpc::Call(*stub_, &Stub::ListPendingErasures, request,
                                     rpc::WithTimeout(deadline - absl::Now())));
  std::vector<Person> people;
  for (const pb::PendingErasure& each : response.erasures()) {
    const auto id = resource_name::ParseRecipientName(each.recipient());
    if (!id) return absl::InternalError("the preference service returned no name of a recipient");
    people.push_back({each.name(), *id, each.email_address()});
  }
  return people;
}

absl::Status PreferenceErasures::Acknowledge(std::string_view erasure, absl::Time deadline) {
  pb::AcknowledgeErasureRequest request;
  request.set_name(std::string(erasure));
  request.set_service(service_);
  return rpc::Call(*stub_, &Stub::AcknowledgeErasure, request,
                   rpc::WithTimeout(deadline - absl::Now()))
      .status();
}

}  // namespace lmsmail::personal_data
