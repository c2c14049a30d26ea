#include "tests/bench/load/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "tests/bench/load/mails.h"

namespace lmsmail::bench {
namespace {

using Preferences = preference::v1::PreferenceService;
using Templates = templates::v1::TemplateService;

void AddPerson(preference::v1::UpsertRecipientsRequest& request, std::string name,
               std::string address) {
  auto& person = *request.add_recipients();
  person.set_name(std::move(name));
  person.set_email_address(std::move(address));
  person.set_display_name("Zoë Lindqvist");
  person.set_time_zone("Europe/Stockholm");
}

absl::Status Upsert(Preferences::Stub& stub,
                    const preference::v1::UpsertRecipientsRequest& request) {
  return rpc::Call(stub, &Preferences::StubInterface::UpsertRecipients, request,
                   rpc::WithTimeout(absl::Minutes(1)))
      .status();
}

}  // namespace

absl::Status PrepareServices(const std::shared_ptr<grpc::Channel>& templates,
                             const std::shared_ptr<grpc::Channel>& preferences,
                             std::int64_t recipients) {
  const auto template_stub = Templates::NewStub(templates);
  LMSMAIL_RETURN_IF_ERROR(
      rpc::Call(*template_stub, &Templates::StubInterface::InstallBuiltInTemplates,
                templates::v1::InstallBuiltInTemplatesRequest(), rpc::WithTimeout(absl::Minutes(1)))
          .status());
  const auto preference_stub = Preferences::NewStub(preferences);
  for (std::int64_t first = 0; first < recipients; first += kChunk) {
    preference::v1::UpsertRecipientsRequest request;
    for (std::int64_t i = first; i < std::min(first + kChunk, recipients); ++i) {
      AddPerson(request, StudentName(i), fmt::format("student-{}@students.test", i));
    }
    LMSMAIL_RETURN_IF_ERROR(Upsert(*preference_stub, request));
  }
  preference::v1::UpsertRecipientsRequest probes;
  for (std::int64_t i = 0; i < kProbes; ++i) {
    AddPerson(probes, ProbeName(i), fmt::format("probe-{}@probe.test", i));
  }
  return Upsert(*preference_stub, probes);
}

}  // namespace lmsmail::bench
