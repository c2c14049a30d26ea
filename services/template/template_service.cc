#include "services/template/template_service.h"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"

#include "libs/rpc/call_identity.h"
#include "libs/rpc/field_mask.h"
#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/validation/struct.h"
#include "services/template/convert.h"
#include "services/template/resource_names.h"

namespace lmsmail::templates {
namespace {

constexpr rpc::PageSizes kTemplatePages{.default_size = 50, .max_size = 200};
constexpr rpc::PageSizes kVersionPages{.default_size = 20, .max_size = 100};

constexpr std::string_view kUpdatable[] = {"display_name", "description", "contents", "variables",
                                           "unescaped_variables"};
constexpr std::string_view kOutputOnly[] = {"name",
                                            "version",
                                            "latest_version",
                                            "published_version",
                                            "shipped_default",
                                            "create_time",
                                            "update_time",
                                            "delete_time",
                                            "etag"};

// The id in `name`; empty, with a violation, when it has none.
std::string TemplateId(const std::string& name, std::string_view field, Violations& violations) {
  if (auto id = ParseTemplateName(name)) return *std::move(id);
  violations.Add(std::string(field), "must be templates/{template}: templates/welcome");
  return "";
}

absl::StatusOr<std::string> TemplateId(const std::string& name, std::string_view field = "name") {
  Violations violations;
  std::string id = TemplateId(name, field, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return id;
}

absl::Status Answer(const absl::StatusOr<Found>& found, v1::Template& response) {
  LMSMAIL_RETURN_IF_ERROR(found.status());
  ToProto(*found, response);
  return absl::OkStatus();
}

Edit EditOf(const v1::UpdateTemplateRequest& request, Violations& violations) {
  const v1::Template& message = request.template_();
  const auto fields =
      rpc::FieldsToUpdate(request.update_mask(), message,
                          {.updatable = kUpdatable, .output_only = kOutputOnly}, violations);
  Violations nested;
  Edit edit;
  if (fields.contains("display_name")) edit.display_name = message.display_name();
  if (fields.contains("description")) edit.description = message.description();
  if (fields.contains("contents")) edit.contents = FromProto(message.contents());
  if (fields.contains("variables")) edit.variables = FromProto(message.variables(), nested);
  if (fields.contains("unescaped_variables")) {
    edit.unescaped_variables.emplace(message.unescaped_variables().begin(),
                                     message.unescaped_variables().end());
  }
  violations.AddNested("template", nested);
  return edit;
}

// "templates/{template}" or a version of it.
std::optional<ParsedVersionName> Renderable(const std::string& name) {
  if (auto id = ParseTemplateName(name)) {
    return ParsedVersionName{*std::move(id), {VersionSelector::Kind::kShown}};
  }
  return ParseVersionName(name);
}

v1::InstallDefaultTemplatesResponse::Outcome ToProto(InstallOutcome outcome) {
  using Response = v1::InstallDefaultTemplatesResponse;
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

absl::Status TemplateServiceImpl::Handle(Call call, const v1::CreateTemplateRequest& request,
                                         v1::Template& response) {
  Violations violations;
  if (!IsTemplateId(request.template_id())) {
    violations.Add("template_id",
                   "must be 1 to 63 of a-z, 0-9, '_' and '-', starting with a letter");
  }
  if (!rpc::IsValidRequestId(request.request_id())) {
    violations.Add("request_id", "must be 1 to 128 printable ASCII characters without spaces");
  }
  const v1::Template& message = request.template_();
  Violations nested;
  NewTemplate created{.id = request.template_id(),
                      .category = FromProto(message.category(), nested),
                      .display_name = message.display_name(),
                      .description = message.description(),
                      .wording = WordingFromProto(message, nested)};
  violations.AddNested("template", nested);
  return Answer(catalog_.Create(std::move(created),
                                {.request_id = request.request_id(),
                                 .digest = DigestOf(request),
                                 .publish = request.publish(),
                                 .validate_only = request.validate_only()},
                                std::move(violations), call.deadline),
                response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::GetTemplateRequest& request,
                                         v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return Answer(catalog_.Get(id, call.deadline), response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::ListTemplatesRequest& request,
                                         v1::ListTemplatesResponse& response) {
  Violations violations;
  const std::string category = fmt::format("{}", static_cast<int>(request.category()));
  const rpc::Page page(request,
                       {"templates", category, request.show_deleted() ? "deleted too" : ""},
                       kTemplatePages, violations);
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

absl::Status TemplateServiceImpl::Handle(Call call, const v1::UpdateTemplateRequest& request,
                                         v1::Template& response) {
  Violations violations;
  const std::string id = TemplateId(request.template_().name(), "template.name", violations);
  const Edit edit = EditOf(request, violations);
  if (id.empty()) return violations.ToStatus();
  return Answer(catalog_.Update(id, edit,
                                {.etag = request.template_().etag(),
                                 .publish = request.publish(),
                                 .validate_only = request.validate_only()},
                                violations, call.deadline),
                response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::ListTemplateVersionsRequest& request,
                                         v1::ListTemplateVersionsResponse& response) {
  Violations violations;
  const std::string id = TemplateId(request.parent(), "parent", violations);
  const rpc::Page page(request, {"versions", id}, kVersionPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  int below = std::numeric_limits<int>::max();
  if (!page.cursor().empty() && !absl::SimpleAtoi(page.after(), &below)) {
    return InvalidField("page_token", "was not made by this service: begin again without one");
  }

  LMSMAIL_ASSIGN_OR_RETURN(auto found,
                           catalog_.ListVersions(id, below, page.limit(), call.deadline));
  response.set_next_page_token(page.TrimToPage(
      found.versions, [](const Version& last) { return fmt::format("{}", last.number); }));
  for (const Version& version : found.versions) {
    ToProto(found.state, version, *response.add_versions());
  }
  return absl::OkStatus();
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::GetTemplateVersionRequest& request,
                                         v1::TemplateVersion& response) {
  const auto name = ParseVersionName(request.name());
  if (!name) {
    return InvalidField("name",
                        "must be templates/{template}/versions/{version}, the version a "
                        "number from 1, published or latest");
  }
  LMSMAIL_ASSIGN_OR_RETURN(const Found found,
                           catalog_.GetVersion(name->id, name->version, call.deadline));
  ToProto(found.state, *found.version, response);
  return absl::OkStatus();
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::PublishTemplateRequest& request,
                                         v1::Template& response) {
  Violations violations;
  const std::string id = TemplateId(request.name(), "name", violations);
  if (request.version() < 0) violations.Add("version", "must be from 1, or 0 for the latest");
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  std::optional<int> version;
  if (request.version() != 0) version = request.version();
  return Answer(catalog_.Publish(id, version, request.etag(), call.deadline), response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::RollbackTemplateRequest& request,
                                         v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return Answer(catalog_.Rollback(id, request.etag(), call.deadline), response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::DeleteTemplateRequest& request,
                                         v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return Answer(catalog_.Delete(id, request.etag(), call.deadline), response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::UndeleteTemplateRequest& request,
                                         v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return Answer(catalog_.Undelete(id, call.deadline), response);
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::RenderTemplateRequest& request,
                                         v1::RenderTemplateResponse& response) {
  Violations violations;
  const auto name = Renderable(request.name());
  if (request.has_unsaved() == !request.name().empty()) {
    violations.Add("name", "give either name or unsaved");
  } else if (!request.has_unsaved() && !name) {
    violations.Add("name",
                   "must be templates/{template} or templates/{template}/versions/{version}");
  }
  validation::CheckStruct(request.context(), "context", {}, violations);
  const PreviewOptions options{.language_code = request.language_code(),
                               .context = request.has_context() ? &request.context() : nullptr};
  absl::StatusOr<PreviewedMail> mail;
  if (request.has_unsaved()) {
    Violations nested;
    const Wording wording = WordingFromProto(request.unsaved(), nested);
    violations.AddNested("unsaved", nested);
    mail = preview_.OfUnsaved(wording, options, std::move(violations));
  } else {
    LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
    mail = preview_.OfStored(name->id, name->version, options, call.deadline);
  }
  LMSMAIL_RETURN_IF_ERROR(mail.status());
  response.set_subject(std::move(mail->subject));
  response.set_html(std::move(mail->html));
  response.set_text(std::move(mail->text));
  response.set_language_code(std::move(mail->language_code));
  for (std::string& warning : mail->warnings) response.add_warnings(std::move(warning));
  return absl::OkStatus();
}

absl::Status TemplateServiceImpl::Handle(Call call, const v1::InstallDefaultTemplatesRequest&,
                                         v1::InstallDefaultTemplatesResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto results, installer_.Install(call.deadline));
  for (const InstallResult& installed : results) {
    auto& result = *response.add_results();
    result.set_name(TemplateName(installed.id));
    result.set_outcome(ToProto(installed.outcome));
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::templates
