#include "services/template/api/version_handlers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"

#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"
#include "libs/validation/struct.h"
#include "services/template/api/convert.h"
#include "services/template/api/resource_names.h"
#include "services/template/domain/built_in_template.h"

namespace lmsmail::templates {
namespace {

constexpr rpc::PageSizes kPageSizes{.default_size = 20, .max_size = 100};

// Parses templates/{template} or the name of a version.
std::optional<ParsedVersionName> ParseRenderableName(std::string_view name) {
  if (auto id = ParseTemplateName(name)) {
    return ParsedVersionName{*std::move(id), {VersionSelector::Kind::kShown}};
  }
  return ParseVersionName(name);
}

}  // namespace

absl::Status VersionHandlers::ListTemplateVersions(const rpc::CallInfo& call,
                                                   const v1::ListTemplateVersionsRequest& request,
                                                   v1::ListTemplateVersionsResponse& response) {
  Violations violations;
  const std::string id = TemplateId(request.parent(), "parent", violations);
  const rpc::Page page(request, {"versions", id}, kPageSizes, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  int below = std::numeric_limits<int>::max();
  if (!page.cursor().empty() && !absl::SimpleAtoi(page.after(), &below)) {
    return InvalidField("page_token", "was not made by this service: begin again without one");
  }
  LMSMAIL_ASSIGN_OR_RETURN(Catalog::VersionPage found,
                           catalog_.ListVersions(id, below, page.limit(), call.deadline));
  response.set_next_page_token(page.TrimToPage(
      found.versions, [](const Version& last) { return fmt::format("{}", last.number); }));
  for (const Version& version : found.versions) {
    ToProto(found.state, version, *response.add_versions());
  }
  return absl::OkStatus();
}

absl::Status VersionHandlers::GetTemplateVersion(const rpc::CallInfo& call,
                                                 const v1::GetTemplateVersionRequest& request,
                                                 v1::TemplateVersion& response) {
  const auto name = ParseVersionName(request.name());
  if (!name) {
    return InvalidField("name",
                        "must be templates/{template}/versions/{version}; the version is a number "
                        "from 1, published or latest");
  }
  LMSMAIL_ASSIGN_OR_RETURN(const Found found,
                           catalog_.GetVersion(name->id, name->version, call.deadline));
  ToProto(found.state, *found.version, response);
  return absl::OkStatus();
}

absl::Status VersionHandlers::PublishTemplate(const rpc::CallInfo& call,
                                              const v1::PublishTemplateRequest& request,
                                              v1::Template& response) {
  Violations violations;
  const std::string id = TemplateId(request.name(), "name", violations);
  if (request.version() < 0) violations.Add("version", "must not be negative; 0 means the latest");
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  std::optional<int> version;
  if (request.version() != 0) version = request.version();
  return ToProto(catalog_.Publish(id, version, request.etag(), call.deadline), response);
}

absl::Status VersionHandlers::RollbackTemplate(const rpc::CallInfo& call,
                                               const v1::RollbackTemplateRequest& request,
                                               v1::Template& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, TemplateId(request.name()));
  return ToProto(catalog_.Rollback(id, request.etag(), call.deadline), response);
}

absl::Status VersionHandlers::RenderTemplate(const rpc::CallInfo& call,
                                             const v1::RenderTemplateRequest& request,
                                             v1::RenderTemplateResponse& response) {
  Violations violations;
  const auto name = ParseRenderableName(request.name());
  if (request.has_unsaved() == !request.name().empty()) {
    violations.Add("name", "give exactly one of name and unsaved");
  } else if (!request.has_unsaved() && !name) {
    violations.Add("name",
                   "must be templates/{template} or templates/{template}/versions/{version}");
  }
  validation::CheckStruct(request.context(), "context", {}, violations);
  if (!request.time_zone().empty() && !time_zone::IsValid(request.time_zone())) {
    violations.Add("time_zone", "must be a zone of the IANA database such as Europe/Berlin");
  }
  const PreviewOptions options{.language_code = request.language_code(),
                               .time_zone = request.time_zone(),
                               .context = request.has_context() ? &request.context() : nullptr};
  absl::StatusOr<PreviewedMail> mail;
  if (request.has_unsaved()) {
    Violations nested;
    const TemplateContent content = ContentFromProto(request.unsaved(), nested);
    violations.AddNested("unsaved", nested);
    mail = preview_.RenderUnsaved(content, options, std::move(violations));
  } else {
    LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
    mail = preview_.RenderStored(name->id, name->version, options, call.deadline);
  }
  LMSMAIL_RETURN_IF_ERROR(mail.status());
  response.set_subject(std::move(mail->subject));
  response.set_html(std::move(mail->html));
  response.set_text(std::move(mail->text));
  response.set_language_code(std::move(mail->language_code));
  for (std::string& warning : mail->warnings) response.add_warnings(std::move(warning));
  return absl::OkStatus();
}

absl::Status VersionHandlers::ListTemplateVariables(const rpc::CallInfo& /*call*/,
                                                    const v1::ListTemplateVariablesRequest& request,
                                                    v1::ListTemplateVariablesResponse& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<SuppliedVariables> sources, ReadSuppliedVariables());
  std::vector<std::string> events;
  bool found = request.event().empty();
  for (const SuppliedVariables& source : sources) {
    if (!source.event.empty()) events.push_back(source.event);
    const bool wanted = request.event().empty() || source.event == request.event();
    found = found || wanted;
    if (!wanted && !source.event.empty()) continue;
    auto& out = *response.add_sources();
    out.set_event(source.event);
    for (const Variable& variable : source.variables) ToProto(variable, *out.add_variables());
  }
  if (found) return absl::OkStatus();
  return InvalidField("event", fmt::format("must be one of {}", fmt::join(events, ", ")));
}

}  // namespace lmsmail::templates
