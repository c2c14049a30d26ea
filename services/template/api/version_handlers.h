#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/templates/v1/template_service.pb.h"
#include "services/template/domain/catalog.h"
#include "services/template/domain/preview.h"

namespace lmsmail::templates {

// Handlers of the methods that read, publish and render versions. Thread-safe.
class VersionHandlers {
 public:
  VersionHandlers(Catalog& catalog, Preview& preview) : catalog_(catalog), preview_(preview) {}

  absl::Status ListTemplateVersions(const rpc::CallInfo& call,
                                    const v1::ListTemplateVersionsRequest& request,
                                    v1::ListTemplateVersionsResponse& response);
  absl::Status GetTemplateVersion(const rpc::CallInfo& call,
                                  const v1::GetTemplateVersionRequest& request,
                                  v1::TemplateVersion& response);
  absl::Status PublishTemplate(const rpc::CallInfo& call, const v1::PublishTemplateRequest& request,
                               v1::Template& response);
  absl::Status RollbackTemplate(const rpc::CallInfo& call,
                                const v1::RollbackTemplateRequest& request, v1::Template& response);
  absl::Status RenderTemplate(const rpc::CallInfo& call, const v1::RenderTemplateRequest& request,
                              v1::RenderTemplateResponse& response);
  absl::Status ListTemplateVariables(const rpc::CallInfo& call,
                                     const v1::ListTemplateVariablesRequest& request,
                                     v1::ListTemplateVariablesResponse& response);

 private:
  Catalog& catalog_;
  Preview& preview_;
};

}  // namespace lmsmail::templates
