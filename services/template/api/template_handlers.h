#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/templates/v1/template_service.pb.h"
#include "services/template/domain/built_in_installer.h"
#include "services/template/domain/catalog.h"

namespace lmsmail::templates {

// Handlers of the methods that create, read, change and delete templates. Thread-safe.
class TemplateHandlers {
 public:
  TemplateHandlers(Catalog& catalog, BuiltInInstaller& installer)
      : catalog_(catalog), installer_(installer) {}

  absl::Status CreateTemplate(const rpc::CallInfo& call, const v1::CreateTemplateRequest& request,
                              v1::Template& response);
  absl::Status GetTemplate(const rpc::CallInfo& call, const v1::GetTemplateRequest& request,
                           v1::Template& response);
  absl::Status ListTemplates(const rpc::CallInfo& call, const v1::ListTemplatesRequest& request,
                             v1::ListTemplatesResponse& response);
  absl::Status UpdateTemplate(const rpc::CallInfo& call, const v1::UpdateTemplateRequest& request,
                              v1::Template& response);
  absl::Status DeleteTemplate(const rpc::CallInfo& call, const v1::DeleteTemplateRequest& request,
                              v1::Template& response);
  absl::Status UndeleteTemplate(const rpc::CallInfo& call,
                                const v1::UndeleteTemplateRequest& request, v1::Template& response);
  absl::Status InstallBuiltInTemplates(const rpc::CallInfo& call,
                                       const v1::InstallBuiltInTemplatesRequest& request,
                                       v1::InstallBuiltInTemplatesResponse& response);

 private:
  Catalog& catalog_;
  BuiltInInstaller& installer_;
};

}  // namespace lmsmail::templates
