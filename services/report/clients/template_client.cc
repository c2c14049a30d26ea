#include "services/report/clients/template_client.h"

#include <utility>

#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "services/report/domain/weekly_mail.h"

namespace lmsmail::report {

namespace pb = lmsmail::templates::v1;

absl::StatusOr<Preview> TemplateClient::Render(const google::protobuf::Struct& context,
                                               const rpc::CallInfo& call) {
  pb::RenderTemplateRequest request;
  request.set_name(kWeeklyTemplate);
  *request.mutable_context() = context;
  LMSMAIL_ASSIGN_OR_RETURN(pb::RenderTemplateResponse response,
                           rpc::Call(*stub_, &pb::TemplateService::StubInterface::RenderTemplate,
                                     request, rpc::Within(call, timeout_)));
  return Preview{std::move(*response.mutable_subject()),
                 std::move(*response.mutable_html()),
                 std::move(*response.mutable_text()),
                 {response.warnings().begin(), response.warnings().end()}};
}

}  // namespace lmsmail::report
