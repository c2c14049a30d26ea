#include "services/scheduler/clients/preference_client.h"

#include <algorithm>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"

namespace lmsmail::scheduler {
namespace {

namespace pb = ::lmsmail::preference::v1;
using Stub = pb::PreferenceService::StubInterface;

}  // namespace

absl::StatusOr<std::set<std::string>> PreferenceClient::FindKnown(
    const std::vector<std::string>& students) {
  pb::CheckRecipientsRequest request;
  for (const std::string& student : students) {
    pb::CheckRecipientsRequest::Check& check = *request.add_checks();
    check.set_recipient(student);
    // Whether the student wants the mail is decided when it is sent, so any category will do.
    check.set_category(type::v1::CATEGORY_ENROLLMENT);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      const pb::CheckRecipientsResponse response,
      rpc::Call(*stub_, &Stub::CheckRecipients, request, rpc::WithTimeout(timeout_)));
  std::set<std::string> known;
  const int answers = std::min(response.verdicts_size(), request.checks_size());
  for (int i = 0; i < answers; ++i) {
    if (response.verdicts(i).reason() != pb::Verdict::REASON_UNKNOWN_RECIPIENT) {
      known.insert(request.checks(i).recipient());
    }
  }
  return known;
}

}  // namespace lmsmail::scheduler
