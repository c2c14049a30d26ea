#include "services/template/api/template_handlers.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/rpc/call_identity.h"
#include "libs/rpc/field_mask.h"
#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/template/api/convert.h"
#include "services/template/api/resource_names.h"

namespace lmsmail::templates {
namespace {

constexpr rpc::PageSizes kPageSizes{.default_size = 50, .max_size = 200};

constexpr std::string_view kUpdatable[] = {"display_name", "description", "contents", "variables",
                                           "unescaped_variables"};
constexpr std::string_view kOutputOnly[] = {
    "name",     "version",     "latest_version", "published_version",
    "built_in", "create_time", "update_time",    "delete_time",
    "etag"};

Edit EditFromProto(const v1::UpdateTemplateRequest& request, Violations& violations) {
  const v1::Template& message = request.template_();
  const auto fields =
      rpc::FieldsToUpdate(request.update_mask(), message,
                          {.updatable = kUpdatable, .output_only = kOutputOnly}, violations);
  Violations nested;
  Edit edit;
  if (fields.contains("display_name")) edit.display_name = message.display_name();
  if (fields.contains("description")) edit.description = message.description();
  if (fields.contains("contents")) edit.languages = FromProto(message.contents());
  if (fields.contains("variables")) edit.variables = FromProto(message.variables(), nested);
  if (fields.contains("unescaped_variables")) {
    edit.unescaped_variables.emplace(message.unescaped_variables().begin(),
                                     message.unescaped_variables().end());
  }
  violations.AddNested("template", nested);
  return edit;
}

v1::InstallBuiltInTemplatesResponse::Outcome ToProto(InstallOutcome outcome) {
  using Response = v1::InstallBuiltInTemplatesResponse;
  switch (outcome) {
    case InstallOutcome::kInstalled:
      return Response::OUTCOME_INSTALLED;
    case InstallOutcome::kUnchanged:
      return Response::OUTCOME_UNCHANGED;
    case InstallOutcome::kUpgraded:
      return Response::OUTCOME_UPGRADED;
    case InstallOutcome::kKeptEdited:
      return Response::OUTCOME_KEPT_EDITED;
    case InstallOutcome::kKeptDeleted:
      return Response::OUTCOME_KEPT_DELETED;
  }
  return Response::OUTCOME_UNSPECIFIED;
}

}  // namespace

absl::Status TemplateHandlers::CreateTemplate(const rpc::CallInfo& call,
                                              const v1::CreateTemplateRequest& request,
                                              v1::Template& response) {
  Violations violations;
  if (!IsTemplateId(request.template_id())) {
    violations.Add("template_id",
                   "must have 1 to 63 characters of a-z, 0-9, '_' and '-' and start with a letter");
  }
  if (!rpc::IsValidRequestId(request.request_id())) {
    violations.Add("request_id", "must have 1 to 128 printable ASCII characters and no spaces");
  }
  const v1::Template& message = request.template_();
  Violations nested;
  const NewTemplate created{.id = request.template_id(),
                            .category = FromProto(message.category(), nested),
                            .display_name = message.display_name(),
                            .description = message.description(),
                            .content = ContentFromProto(message, nested)};
  violations.AddNested("template", nested);
  return ToProto(
      catalog_.Create(created,
                      {.request_id = identity::MakeOwnedKey(call.caller.name, request.request_id()),
                       .digest = DigestOf(request),
                       .publish = request.publish(),
                       .validate_only = request.validate_only()},
                      std::move(violations), call.deadline),
      response);
}

absl::Status TemplateHandlers::GetTemplate(const rpc::CallInfo& call,
                                           const v1::GetTemplateRequest& request,
                                           v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return ToProto(catalog_.Get(id, call.deadline), response);
}

absl::Status TemplateHandlers::ListTemplates(const rpc::CallInfo& call,
                                             const v1::ListTemplatesRequest& request,
                                             v1::ListTemplatesResponse& response) {
  Violations violations;
  const std::string category = fmt::format("{}", static_cast<int>(request.category()));
  const rpc::Page page(request,
                       {"templates", category, request.show_deleted() ? "show_deleted" : ""},
                       kPageSizes, violations);
  ListQuery query{.after_id = page.after(),
                  .limit = page.limit(),
                  .category = std::nullopt,
                  .show_deleted = request.show_deleted()};
  if (request.category() != lmsmail::type::v1::CATEGORY_UNSPECIFIED) {
    query.category = FromProto(request.category(), violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Template> found, catalog_.List(query, call.deadline));
  response.set_next_page_token(
      page.TrimToPage(found, [](const Template& last) { return last.id; }));
  for (const Template& state : found) ToProto(state, *response.add_templates());
  return absl::OkStatus();
}

absl::Status TemplateHandlers::UpdateTemplate(const rpc::CallInfo& call,
                                              const v1::UpdateTemplateRequest& request,
                                              v1::Template& response) {
  Violations violations;
  const std::string id = TemplateId(request.template_().name(), "template.name", violations);
  const Edit edit = EditFromProto(request, violations);
  if (id.empty()) return violations.ToStatus();
  return ToProto(catalog_.Update(id, edit,
                                 {.etag = request.template_().etag(),
                                  .publish = request.publish(),
                                  .validate_only = request.validate_only()},
                                 violations, call.deadline),
                 response);
}

absl::Status TemplateHandlers::DeleteTemplate(const rpc::CallInfo& call,
                                              const v1::DeleteTemplateRequest& request,
                                              v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return ToProto(catalog_.Delete(id, request.etag(), call.deadline), response);
}

absl::Status TemplateHandlers::UndeleteTemplate(const rpc::CallInfo& call,
                                                const v1::UndeleteTemplateRequest& request,
                                                v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return ToProto(catalog_.Undelete(id, call.deadline), response);
}

absl::Status TemplateHandlers::InstallBuiltInTemplates(
    const rpc::CallInfo& call, const v1::InstallBuiltInTemplatesRequest&,
    v1::InstallBuiltInTemplatesResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto results, installer_.Install(call.deadline));
  for (const InstallResult& installed : results) {
    auto& result = *response.add_results();
    result.set_name(TemplateName(installed.id));
    result.set_outcome(ToProto(installed.outcome));
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::templates
