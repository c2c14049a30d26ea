#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string_view>

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/call_runner.h"
#include "lmsmail/templates/v1/template_service.grpc.pb.h"
#include "services/template/domain/catalog.h"
#include "services/template/domain/built_in_installer.h"
#include "services/template/domain/preview.h"

namespace lmsmail::templates {

// The protocol over Catalog, Preview and BuiltInInstaller, which outlive it.
class TemplateServiceImpl final : public v1::TemplateService::CallbackService {
 public:
  TemplateServiceImpl(rpc::CallRunner& runner, Catalog& catalog, Preview& preview,
                      BuiltInInstaller& installer)
      : runner_(runner), catalog_(catalog), preview_(preview), installer_(installer) {}

#define LMSMAIL_TEMPLATE_METHOD(Name, Request, Response)                                           \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context, const v1::Request* request, \
                                 v1::Response* response) override {                                \
    return runner_.Run(context, "lmsmail.templates.v1.TemplateService/" #Name,                     \
                       [this, request, response](const rpc::CallInfo& call) {                      \
                         return Handle(call, *request, *response);                                 \
                       });                                                                         \
  }
  LMSMAIL_TEMPLATE_METHOD(CreateTemplate, CreateTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(GetTemplate, GetTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(ListTemplates, ListTemplatesRequest, ListTemplatesResponse)
  LMSMAIL_TEMPLATE_METHOD(UpdateTemplate, UpdateTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(ListTemplateVersions, ListTemplateVersionsRequest,
                          ListTemplateVersionsResponse)
  LMSMAIL_TEMPLATE_METHOD(GetTemplateVersion, GetTemplateVersionRequest, TemplateVersion)
  LMSMAIL_TEMPLATE_METHOD(PublishTemplate, PublishTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(RollbackTemplate, RollbackTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(DeleteTemplate, DeleteTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(UndeleteTemplate, UndeleteTemplateRequest, Template)
  LMSMAIL_TEMPLATE_METHOD(RenderTemplate, RenderTemplateRequest, RenderTemplateResponse)
  LMSMAIL_TEMPLATE_METHOD(InstallBuiltInTemplates, InstallBuiltInTemplatesRequest,
                          InstallBuiltInTemplatesResponse)
#undef LMSMAIL_TEMPLATE_METHOD

 private:
  using Call = const rpc::CallInfo&;
  absl::Status Handle(Call call, const v1::CreateTemplateRequest& request, v1::Template& response);
  absl::Status Handle(Call call, const v1::GetTemplateRequest& request, v1::Template& response);
  absl::Status Handle(Call call, const v1::ListTemplatesRequest& request,
                      v1::ListTemplatesResponse& response);
  absl::Status Handle(Call call, const v1::UpdateTemplateRequest& request, v1::Template& response);
  absl::Status Handle(Call call, const v1::ListTemplateVersionsRequest& request,
                      v1::ListTemplateVersionsResponse& response);
  absl::Status Handle(Call call, const v1::GetTemplateVersionRequest& request,
                      v1::TemplateVersion& response);
  absl::Status Handle(Call call, const v1::PublishTemplateRequest& request, v1::Template& response);
  absl::Status Handle(Call call, const v1::RollbackTemplateRequest& request,
                      v1::Template& response);
  absl::Status Handle(Call call, const v1::DeleteTemplateRequest& request, v1::Template& response);
  absl::Status Handle(Call call, const v1::UndeleteTemplateRequest& request,
                      v1::Template& response);
  absl::Status Handle(Call call, const v1::RenderTemplateRequest& request,
                      v1::RenderTemplateResponse& response);
  absl::Status Handle(Call call, const v1::InstallBuiltInTemplatesRequest& request,
                      v1::InstallBuiltInTemplatesResponse& response);

  rpc::CallRunner& runner_;
  Catalog& catalog_;
  Preview& preview_;
  BuiltInInstaller& installer_;
};

}  // namespace lmsmail::templates
